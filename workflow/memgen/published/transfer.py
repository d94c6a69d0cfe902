"""Whether a gamma fitted on one hierarchy predicts another.

A cell's fit is carried to the other hierarchies of the same model, items, method and hyperparameter: gamma
and scale (and, for a saturating link, its sharpness) as they are, and with the scale fitted anew. In theory
gamma belongs to the representation and its regularization, not to the hierarchy.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from memgen.jobs.stage import Inputs, Output, progress, stage
from memgen.language.fits.cells import Cell, by_all_but
from memgen.language.fits.cross_validation import search
from memgen.language.fits.explanations import GAMMAS, differences, pooled
from memgen.language.fits.least_squares import best_scale, fit_gamma, r_squared, ranks_at
from memgen.language.fits.tables import frame_of
from memgen.language.fits.theory import resample, seed_weights
from memgen.published.tables import TRANSFER
from memgen.tables.statistics import pearson

RESAMPLES = 200
"""Bootstrap samples of the seeds."""


@dataclass(frozen=True)
class Fitted:
    """One link fitted to one cell; a straight link has no sharpness (NaN).

    `gammas`, shape (b,), are of bootstrap samples of the seeds; a single seed has none.
    """

    gamma: float
    scale: float
    sharpness: float
    at_edge: bool
    gammas: np.ndarray

    def shape(self, cell: Cell) -> np.ndarray:
        """What the fit predicts, but for its scale, for a cell's untrained pairs, shape (p,)."""
        x = differences(ranks_at(cell.hierarchy, self.gamma), cell.hierarchy)
        return x if math.isnan(self.sharpness) else np.asarray(np.tanh(self.sharpness * x))


@stage
def transfer(*, responses: Inputs, out: Output) -> None:
    """Predict every hierarchy with the gamma fitted on every other one.

    Parameters
    ----------
    responses
        Response tables, such as the published and our own.
    out
        One row per model, items, method, hyperparameter, link and ordered pair of hierarchies.
    """
    rows: list[dict[str, object]] = []
    for path in responses:
        for group in progress(by_all_but("hierarchy", path), f"transfer, {path.name}"):
            rows += transfer_rows(group)
    TRANSFER.write(frame_of(rows, TRANSFER), out)


def transfer_rows(group: list[Cell]) -> Iterator[dict[str, object]]:
    """Rows of cells that differ in their hierarchy only; none for one, or where the theory has no margins."""
    if len(group) < 2:
        return
    for link, fitter in (("straight", fit_straight), ("saturating", fit_saturating)):
        fits = [fitter(cell) for cell in group]
        for first, fitted in zip(group, fits, strict=True):
            for second, own in zip(group, fits, strict=True):
                if first is second or math.isnan(fitted.gamma) or math.isnan(own.gamma):
                    continue
                yield {**_predict(fitted, second, own), "link": link, "fitted_on": first.key["hierarchy"]}


def fit_straight(cell: Cell) -> Fitted:
    """Margins s (r_h - r_k) (theory: Fitting behaviour)."""
    chosen = ~cell.trained
    best = fit_gamma(cell.hierarchy, cell.higher[chosen], cell.lower[chosen], cell.margins()[chosen])
    several = len(cell.seeds) > 1
    gammas = resample(cell, seed_weights(cell, RESAMPLES, "transfer"))[0] if several else np.empty(0)
    return Fitted(best.gamma, best.scale, math.nan, best.at_edge, gammas)


def fit_saturating(cell: Cell) -> Fitted:
    """Margins s tanh(c (r_h - r_k)), on the grid of `explanations`."""
    family = pooled("saturating", cell.hierarchy)
    chosen = ~cell.trained
    best, coefficients = search(family, cell.margins()[chosen][None])
    gamma, sharpness = family.grid[best[0]]
    gammas = np.empty(0)
    if len(cell.seeds) > 1:
        observed = cell.margins(seed_weights(cell, RESAMPLES, "transfer"))[:, chosen]
        gammas = family.grid[search(family, observed)[0], 0]
    at_edge = bool(gamma in (GAMMAS[0], GAMMAS[-1]))
    return Fitted(float(gamma), float(coefficients[0, 0]), float(sharpness), at_edge, gammas)


def _predict(fitted: Fitted, cell: Cell, own: Fitted) -> dict[str, object]:
    """Row of one fit carried to another cell, whose own fit is given."""
    observed = cell.margins()[~cell.trained]
    shape = fitted.shape(cell)
    distance = (cell.lower - cell.higher)[~cell.trained].astype(float)
    error = None
    if len(own.gammas) == len(fitted.gammas) > 1:
        error = float((np.log(own.gammas) - np.log(fitted.gammas)).std(ddof=1))
    return {
        **{name: value for name, value in cell.key.items() if name != "hierarchy"},
        "predicted": cell.key["hierarchy"],
        "gamma": fitted.gamma,
        "gamma_of_predicted": own.gamma,
        "at_edge": fitted.at_edge or own.at_edge,
        "log_gamma_difference": math.log(own.gamma / fitted.gamma),
        "log_gamma_difference_standard_error": error,
        "correlation": pearson(fitted.scale * shape, observed),
        "r2": r_squared(fitted.scale * shape, observed),
        "r2_rescaled": r_squared(best_scale(shape, observed) * shape, observed),
        "r2_own": r_squared(own.scale * own.shape(cell), observed),
        "r2_distance": r_squared(best_scale(distance, observed) * distance, observed),
    }
