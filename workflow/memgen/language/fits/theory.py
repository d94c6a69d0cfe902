"""The theory fitted to behaviour: one row per source, model, items, hierarchy, method, hyperparameter.

A cell's runs become a row: gamma and scale from the untrained pairs, the memorization weight from the trained
ones, intervals from the profile over gamma with errors by seed (theory: Fitting behaviour). Where gamma lies
at an end of its range the behaviour does not identify it, and gamma, alpha, the ridge and the memorization
weight are left empty. Models, ours or published, are nothing but rows of the response table here.
"""

import logging
import math
from collections.abc import Iterator

import numpy as np

from memgen.jobs.seeding import generator
from memgen.jobs.stage import Input, Output, progress, stage
from memgen.language.fits.cells import Cell, cells
from memgen.language.fits.least_squares import (
    GRID_POINTS,
    Fit,
    fit_gamma,
    fit_many,
    grid,
    memorization_weight,
    not_excluded,
    ranks_at,
)
from memgen.language.fits.tables import FIT, GAMMA_RANGE, PREDICTIONS, frame_of
from memgen.language.responses.averages import seed_mean
from memgen.language.responses.tables import KEY
from memgen.tables.statistics import pearson, student_factor

logger = logging.getLogger(__name__)

RESAMPLES = 400
"""Bootstrap samples of the seeds."""

OCTAVE = 60
"""Points of the grid over a factor of two in gamma."""


@stage
def fit(responses: Input, *, out: Output) -> None:
    """Fit gamma and the scale to every cell of a response table.

    Margins s (r_h - r_k) are fitted by least squares to the untrained pairs' mean logit differences,
    gamma on [0.001, 100]; number of items and exceptions are read off the responses. The memorization
    weight m is then fitted to the trained pairs. Intervals come from the profile, errors by seed.

    Parameters
    ----------
    responses
        Response table, parquet or csv.
    out
        Table of fits, csv or parquet; columns in memgen.language.fits.tables.FIT.
    """
    table = frame_of(map(fit_cell, progress(cells(responses), "fitting")), FIT)
    FIT.write(table, out)
    r, r2 = (np.median(table[name].drop_nulls().to_numpy()) for name in ("correlation", "r2"))
    logger.info("%d cells fitted: median r %.3f, r2 %.3f over untrained pairs", len(table), r, r2)


@stage
def predictions(responses: Input, *, fits: Input, out: Output) -> None:
    """Write observed and predicted margins, one row per pair of every cell.

    Parameters
    ----------
    responses
        Response table, parquet or csv.
    fits
        Table of fits of the same responses.
    out
        Table of margins; columns in memgen.language.fits.tables.PREDICTIONS.
    """
    fitted = {tuple(row[name] for name in KEY): row for row in FIT.read(fits).iter_rows(named=True)}
    rows = (row for cell in cells(responses) for row in predict(cell, fitted[tuple(cell.key.values())]))
    PREDICTIONS.write(frame_of(rows, PREDICTIONS), out)


def best_fit(cell: Cell) -> tuple[Fit, float, float]:
    """Gamma and scale of a cell's untrained pairs; memorization weight and correlation of the trained ones.

    The latter two are NaN where the theory has no margins.
    """
    higher, lower, trained = cell.higher, cell.lower, cell.trained
    observed = cell.margins()
    best = fit_gamma(cell.hierarchy, higher[~trained], lower[~trained], observed[~trained])
    if math.isnan(best.gamma):
        return best, math.nan, math.nan
    difference = _differences(cell, best.gamma)
    target = cell.target[trained]
    m = float(memorization_weight(difference[trained], best.scale, target, observed[trained]))
    predicted = best.scale * (m * target + (1 - m) * difference[trained])
    return best, m, pearson(predicted * target, observed[trained] * target)


def fit_cell(cell: Cell, resamples: int = RESAMPLES) -> dict[str, object]:
    """Row of the table of fits for one cell, without the columns that are empty.

    Standard errors are of bootstrap samples of the seeds; a single seed has none, and no interval.
    """
    best, m, train_correlation = best_fit(cell)
    row: dict[str, object] = {
        **cell.key,
        "n": cell.hierarchy.n,
        "exceptions": cell.hierarchy.label,
        "scale": best.scale,
        "correlation": best.correlation,
        "r2": best.r2,
        "n_pairs": int((~cell.trained).sum()),
        "n_runs": cell.n_distinct,
        "n_seeds": len(cell.seeds),
        "n_diverged": cell.n_diverged,
        "train_correlation": train_correlation,
        "train_accuracy": cell.train_accuracy,
    }
    if math.isnan(best.gamma):
        return row
    row |= _run_by_run(cell, best.gamma)
    if best.at_edge:
        row["gamma_at_edge"] = "low" if best.gamma == GAMMA_RANGE[0] else "high"
    else:
        alpha, ridge = implied(np.array(best.gamma), np.array(m))
        row |= {"gamma": best.gamma, "memorization_weight": m, "alpha": float(alpha), "ridge": float(ridge)}
    if len(cell.seeds) > 1:
        row |= _intervals(cell, best.gamma)
        gamma, scale, _ = resample(cell, seed_weights(cell, resamples, "fit"))
        row["scale_standard_error"] = float(scale.std(ddof=1))
        if row["gamma_low"] is not None and row["gamma_high"] is not None:
            row["log_gamma_standard_error"] = float(np.log(gamma).std(ddof=1))
    return row


def predict(cell: Cell, row: dict[str, object]) -> Iterator[dict[str, object]]:
    """Rows of the table of predictions for one cell, from its row of the table of fits."""
    gamma, scale, m = (row[name] for name in ("gamma", "scale", "memorization_weight"))
    # Where gamma is not identified, the end of its range at which the fit lies predicts the margins.
    if (edge := row["gamma_at_edge"]) is not None:
        gamma = GAMMA_RANGE[0] if edge == "low" else GAMMA_RANGE[1]
    difference = predicted = np.full(len(cell.higher), np.nan)
    if isinstance(gamma, float) and isinstance(scale, float):
        difference = _differences(cell, gamma)
        weight = np.where(cell.trained, m if isinstance(m, float) else np.nan, 0.0)
        predicted = scale * (weight * cell.target + (1 - weight) * difference)
    columns = {
        "higher": cell.higher,
        "lower": cell.lower,
        "pair_class": cell.classes,
        "observed": cell.margins(),
        "standard_error": cell.standard_errors(),
        "half_width": cell.standard_errors() * float(student_factor(len(cell.seeds))),
        "rank_difference": difference,
        "predicted": predicted,
    }
    shared = {**cell.key, "n": cell.hierarchy.n, "exceptions": cell.hierarchy.label, "gamma": gamma}
    shared["n_seeds"] = len(cell.seeds)
    for values in zip(*(column.tolist() for column in columns.values()), strict=True):
        yield {**shared, **dict(zip(columns, values, strict=True))}


def _differences(cell: Cell, gamma: float) -> np.ndarray:
    """r_h - r_k of every pair at a gamma, shape (p,)."""
    r = ranks_at(cell.hierarchy, gamma)
    return np.asarray(r[cell.higher] - r[cell.lower])


def seed_weights(cell: Cell, samples: int, *stream: str) -> np.ndarray:
    """How often each seed is drawn in bootstrap samples of the seeds, shape (samples, s).

    Cells with the same seeds get the same samples, so that differences between them are paired.
    """
    count = len(cell.seeds)
    random = generator("language", *stream, *(int(seed) for seed in cell.seeds))
    return random.multinomial(count, np.full(count, 1 / count), size=samples).astype(float)


def resample(cell: Cell, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gamma, scale and memorization weight, shapes (b,), for samples of a cell's seeds: weights (b, s)."""
    observed = cell.margins(weights)
    trained, higher, lower = cell.trained, cell.higher, cell.lower
    gamma, scale, r = fit_many(cell.hierarchy, higher[~trained], lower[~trained], observed[:, ~trained])
    difference = r[:, higher[trained]] - r[:, lower[trained]]
    return gamma, scale, memorization_weight(difference, scale, cell.target[trained], observed[:, trained])


def implied(gamma: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Conjunctivity and effective ridge that gamma and the memorization weight imply, shapes (...).

    From gamma = 2 (alpha + lam) / (1 - alpha) and m = alpha / (alpha + lam) (theory: Solution):
    alpha = m gamma / (2 + m gamma), lam = (1 - m) gamma / (2 + m gamma). Neither is confined to its range.
    """
    return m * gamma / (2 + m * gamma), (1 - m) * gamma / (2 + m * gamma)


def _run_by_run(cell: Cell, gamma: float) -> dict[str, float | None]:
    """Correlation of each run's margins with the theory at the cell's gamma, mean and error over seeds."""
    chosen = ~cell.trained
    predicted = _differences(cell, gamma)[chosen]
    found = np.array([pearson(predicted, margins[chosen]) for margins in cell.run_margins])
    known = np.isfinite(found)
    by_seed = [found[known & (cell.run_seed == seed)] for seed in cell.seeds]
    return seed_mean("run_correlation", np.array([values.mean() for values in by_seed if len(values)]))


def _intervals(cell: Cell, gamma: float) -> dict[str, float | None]:
    """Profile intervals, 95%, of gamma and of the memorization weight; an open end is empty.

    The weight's covers its interval at each gamma that is not excluded: with A the trained pairs' product
    with g = y - (r_a - r_b) over g . g, B = g . (r_a - r_b) / g . g and S the scale, m = A / S - B, whose
    error by seed is that of A - (m + B) S over S.
    """
    trained, higher, lower = cell.trained, cell.higher, cell.lower
    kept = not_excluded(cell.hierarchy, higher[~trained], lower[~trained], cell.totals[:, ~trained])
    open_low, open_high = kept.start == 0, kept.stop == GRID_POINTS
    gammas, table = (part[kept] for part in grid(cell.hierarchy))
    ends: dict[str, float | None] = {
        "gamma_low": None if open_low else min(gamma, float(gammas[0])),
        "gamma_high": None if open_high else max(gamma, float(gammas[-1])),
    }
    x = table[:, higher[~trained]] - table[:, lower[~trained]]
    difference = table[:, higher[trained]] - table[:, lower[trained]]
    g = cell.target[trained] - difference
    with np.errstate(divide="ignore", invalid="ignore"):
        a = cell.totals[:, trained] @ (g / np.sum(g * g, axis=1, keepdims=True)).T
        s = cell.totals[:, ~trained] @ (x / np.sum(x * x, axis=1, keepdims=True)).T
        ratio = a.sum(axis=0) / s.sum(axis=0)
        error = (a - ratio * s).std(axis=0, ddof=1) / np.sqrt(len(s)) / np.abs(s.mean(axis=0))
        m = ratio - np.sum(g * difference, axis=1) / np.sum(g * g, axis=1)
    reach = float(student_factor(len(s))) * error
    for name, outwards in (("low", -1), ("high", 1)):
        values = outwards * m + reach
        grows = (open_low and _grows(values[::-1])) or (open_high and _grows(values))
        closed = np.isfinite(values).all() and not grows
        ends[f"memorization_weight_{name}"] = outwards * float(values.max()) if closed else None
    return ends


def _grows(values: np.ndarray) -> bool:
    """Whether an end still moves outwards over the last factor of two in gamma: by 5% of itself, or of 1."""
    inner = values[max(len(values) - OCTAVE, 0)]
    return bool(values[-1] - inner > 0.05 * max(1.0, abs(inner)))
