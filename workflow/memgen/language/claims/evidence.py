"""What the runs of a model say of a claim: one value per independent unit.

Knows behaviour without and with the exception, the theory that predicts it, and what was drawn independently;
knows no claim. A seed draws the same names in both hierarchies, so that changes are taken within a seed. Of
models that were pretrained here by one recipe the network is the unit: its seeds are averaged first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from memgen.errors import BadInput
from memgen.language.fits.cells import Cell, cells
from memgen.language.fits.least_squares import best_scale, fit_gamma, grid, ranks_at
from memgen.language.fits.tables import GAMMA_RANGE
from memgen.language.responses.tables import KEY
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import gamma as gamma_of
from memgen.tables.statistics import mean_with_error

PLAIN = Hierarchy.of(9)
EXCEPTION = Hierarchy.of(9, ["5:3"])
"""The paper's hierarchies that claims compare; a table's are told by what they are, whatever their name."""

WINNER, LOSER = EXCEPTION.exceptions[0]
NEIGHBOURS = (LOSER - 1, WINNER + 1)

NO_TRUTH = ("train", "exception", "loop")
"""Pair classes that say nothing of generalization."""

Values = Mapping[int, float]
"""One value per seed."""

Found = dict[str, Any]
"""value, standard_error and n_units of a statistic, and the value of each unit."""


def beside(hierarchy: Hierarchy) -> np.ndarray:
    """Which pairs h < k lie beside the exception: untrained, both items between its outer neighbours."""
    low, high = NEIGHBOURS
    pairs = hierarchy.unordered_pairs()
    return np.array([low <= h and k <= high and not hierarchy.trained(h, k) for h, k in pairs])


@cache
def first_wrong(hierarchy: Hierarchy) -> tuple[tuple[int, int], ...]:
    """Pairs with a truth that the theory answers wrong before any other as gamma grows."""
    table = grid(hierarchy)[1]
    told = [pair for pair in hierarchy.unordered_pairs() if hierarchy.pair_class(*pair) not in NO_TRUTH]
    wrong = np.array([table[:, h] < table[:, k] for h, k in told])
    begun = np.where(wrong.any(axis=1), wrong.argmax(axis=1), wrong.shape[1])
    return tuple(pair for pair, point in zip(told, begun, strict=True) if point == begun.min())


@dataclass(frozen=True, eq=False)
class Behaviour:
    """Runs of one model, kind of item and method without and with the exception (`PLAIN`, `EXCEPTION`)."""

    plain: Cell
    exception: Cell
    #: Measured on features that were not trained, with the exception.
    conjunctivity: float | None = None


def _told(cell: Cell) -> np.ndarray:
    return ~np.isin(cell.classes, NO_TRUTH)


def _by_seed(cell: Cell, of_run: np.ndarray) -> Values:
    """Mean over the runs of each seed."""
    means = (cell.run_seed == cell.seeds[:, None]) @ of_run / cell.runs
    return dict(zip(cell.seeds.tolist(), means.tolist(), strict=True))


def _right(cell: Cell, pairs: np.ndarray) -> Values:
    """Share of some pairs that the order's higher item wins, ties lost."""
    return _by_seed(cell, (cell.run_margins[:, pairs] > 0).mean(axis=1))


def _less(one: Values, other: Values) -> Values:
    return {seed: one[seed] - other[seed] for seed in one if seed in other}


def _excess(values: Values) -> Values:
    return {seed: value - 0.5 for seed, value in values.items()}


def generalized(runs: Behaviour) -> Values:
    """Share of untrained pairs answered right without the exception, less 1/2."""
    return _excess(_right(runs.plain, _told(runs.plain)))


def remembered(runs: Behaviour) -> Values:
    """Share of runs that answer the exception as it was trained, less 1/2."""
    cell = runs.exception
    exception = cell.classes == "exception"
    return _excess(_by_seed(cell, (cell.run_margins[:, exception] < 0).mean(axis=1)))


def generalized_with_exception(runs: Behaviour) -> Values:
    """Share of untrained pairs with a truth answered right with the exception, less 1/2."""
    return _excess(_right(runs.exception, _told(runs.exception)))


def mistakes(runs: Behaviour) -> Values:
    """Difference in differences of the share of runs that are wrong.

    Of the predicted pairs with the exception less without, less the same of other pairs of their distance.
    """
    predicted = np.array([pair in first_wrong(EXCEPTION) for pair in EXCEPTION.unordered_pairs()])
    gap = runs.exception.lower - runs.exception.higher
    others = _told(runs.exception) & np.isin(gap, gap[predicted]) & ~predicted
    change = [
        _less(_right(runs.plain, pairs), _right(runs.exception, pairs)) for pairs in (predicted, others)
    ]
    return _less(*change)


@cache
def predicted_elsewhere(runs: Behaviour) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Margins beside the exception, predicted and found, of every seed: each of shape (b,), logit units.

    Gamma and the scale are fitted to the other untrained pairs of the other seeds, so that neither the pairs
    nor the seed has told its own prediction. Empty for fewer than two seeds.
    """
    cell, near = runs.exception, beside(EXCEPTION)
    far = ~near & ~cell.trained
    found = {}
    for place, seed in enumerate(cell.seeds.tolist() if len(cell.seeds) > 1 else []):
        weights = np.ones(len(cell.seeds))
        weights[place] = 0
        fit = fit_gamma(EXCEPTION, cell.higher[far], cell.lower[far], cell.margins(weights)[far])
        if np.isfinite(fit.gamma):
            shape = ranks_at(EXCEPTION, fit.gamma)
            margins = cell.totals[place] / cell.runs[place]
            found[seed] = (fit.scale * (shape[cell.higher] - shape[cell.lower])[near], margins[near])
    return found


def predicted_by_measure(runs: Behaviour) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Margins of untrained pairs of a ridge probe, predicted without a fit, and found, of every seed.

    The measured conjunctivity and the probe's ridge give gamma (theory: Solution), targets of 1 the scale.
    Each has shape (u,); empty where nothing was measured, or outside [0, 1).
    """
    cell, alpha, ridge = runs.exception, runs.conjunctivity, runs.exception.key["hyperparameter"]
    if alpha is None or not 0 <= alpha < 1 or ridge is None:
        return {}
    shape = ranks_at(EXCEPTION, float(gamma_of(alpha, float(ridge))))  # type: ignore[arg-type]
    predicted = (shape[cell.higher] - shape[cell.lower])[~cell.trained]
    margins = (cell.totals / cell.runs[:, None])[:, ~cell.trained]
    return {seed: (predicted, found) for seed, found in zip(cell.seeds.tolist(), margins, strict=True)}


def _slopes(predicted: Mapping[int, tuple[np.ndarray, np.ndarray]]) -> Values:
    """How much of a predicted margin is found, by least squares through the origin."""
    return {seed: float(best_scale(shape, found)) for seed, (shape, found) in predicted.items()}


def _signs(predicted: Mapping[int, tuple[np.ndarray, np.ndarray]]) -> Values:
    """Share of margins whose sign is the predicted one, less 1/2."""
    return {
        seed: float(np.mean(np.sign(shape) == np.sign(found))) - 0.5
        for seed, (shape, found) in predicted.items()
    }


@cache
def _candidates(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Margins by exception and gamma, shape (e, g, p), and which exception is the true one, shape (e,).

    An exception between the two ends cancels the order: it predicts nothing and is left out.
    """
    exceptions = [(k, h) for h in range(n) for k in range(h + 2, n) if (k, h) != (n - 1, 0)]
    higher, lower = np.triu_indices(n, 1)
    gammas = np.geomspace(*GAMMA_RANGE, 101)
    tables = [ranks_at(Hierarchy(n, (exception,)), gammas) for exception in exceptions]
    shapes = np.stack([table[:, higher] - table[:, lower] for table in tables])
    return shapes, np.array([exception == (WINNER, LOSER) for exception in exceptions])


def exception_found(runs: Behaviour) -> Values:
    """Share of all other exceptions that explain a seed's untrained margins less well, less 1/2."""
    cell = runs.exception
    shapes, true = _candidates(EXCEPTION.n)
    shapes = shapes[..., ~cell.trained]
    square = np.sum(shapes**2, axis=-1)
    found = {}
    margins = (cell.totals / cell.runs[:, None])[:, ~cell.trained]
    products = np.maximum(shapes @ margins.T, 0)
    best = np.max(products**2 / square[..., None], axis=1)
    for place, seed in enumerate(cell.seeds.tolist()):
        found[seed] = float(np.mean(best[~true, place] < best[true, place])) - 0.5
    return found


STATISTICS: Mapping[str, Callable[[Behaviour], Values]] = {
    "generalized": generalized,
    "remembered": remembered,
    "generalized_with_exception": generalized_with_exception,
    "mistakes": mistakes,
    "predicted_slope": lambda runs: _slopes(predicted_elsewhere(runs)),
    "predicted_signs": lambda runs: _signs(predicted_elsewhere(runs)),
    "exception_found": exception_found,
    "measured_slope": lambda runs: _slopes(predicted_by_measure(runs)),
}
"""What claims are made of, each a function from runs to one value per seed."""

POSSIBLE: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("generalized", "remembered", "generalized_with_exception"), (-0.5, 0.5)),
    **dict.fromkeys(("predicted_signs", "exception_found"), (-0.5, 0.5)),
    "mistakes": (-2.0, 2.0),
}
"""Least and greatest value of the statistics that are shares or differences of shares."""


def behaviours(
    responses: Sequence[Path], geometry: pl.DataFrame | None = None
) -> dict[tuple[str, str, str], Behaviour]:
    """Runs with and without the exception, by method, model and kind of item, sorted.

    Of several hyperparameters the smallest is taken. What was run on but one of the two hierarchies is left
    out.

    Parameters
    ----------
    responses : sequence of pathlib.Path
        Each of `RESPONSES`.
    geometry : polars.DataFrame, optional
        Of `GEOMETRY`: the conjunctivity of features that were not trained.

    Raises
    ------
    BadInput
        If runs are in two of the tables.
    """
    found: dict[tuple[str, str, str], dict[Hierarchy, Cell]] = {}
    for cell in (cell for path in responses for cell in cells(path)):
        if cell.hierarchy not in (PLAIN, EXCEPTION):
            continue
        key = (str(cell.key["method"]), str(cell.key["model"]), str(cell.key["items"]))
        held = found.setdefault(key, {})
        known = held.get(cell.hierarchy)
        if known is not None and known.key == cell.key:
            raise BadInput(f"{'/'.join(key)}: in two of the response tables; allowed: in one")
        if known is None or (cell.key["hyperparameter"] or 0) < (known.key["hyperparameter"] or 0):  # type: ignore[operator]
            held[cell.hierarchy] = cell
    measured = {}
    if geometry is not None:
        trained = geometry.filter(pl.col("phase") == "post")
        frozen = geometry.join(trained, on=list(KEY), how="anti", nulls_equal=True)
        measured = {tuple(row[:-1]): row[-1] for row in frozen.select(*KEY, "alpha").iter_rows()}
    return {
        key: Behaviour(
            held[PLAIN], held[EXCEPTION], measured.get(tuple(held[EXCEPTION].key[name] for name in KEY))
        )
        for key, held in sorted(found.items())
        if len(held) == 2
    }


def held_out_rows(runs: Behaviour) -> Iterator[dict[str, Any]]:
    """Rows of `HELD_OUT` of one model, kind of item and method."""
    cell = runs.exception
    kinds = (
        ("measured", predicted_by_measure, ~cell.trained),
        ("elsewhere", predicted_elsewhere, beside(EXCEPTION)),
    )
    for kind, predict, pairs in kinds:
        by_seed = list(predict(runs).values())
        if not by_seed:
            continue
        predicted = np.mean([one for one, _ in by_seed], axis=0)
        for place, index in enumerate(np.flatnonzero(pairs)):
            yield {
                **cell.key,
                "prediction": kind,
                "higher": int(cell.higher[index]),
                "lower": int(cell.lower[index]),
                "pair_class": str(cell.classes[index]),
                "predicted": float(predicted[place]),
                "found": float(cell.margins()[index]),
                "standard_error": float(cell.standard_errors()[index]),
                "n_seeds": len(cell.seeds),
            }


def over_units(
    runs: Sequence[tuple[str, Behaviour]],
    statistic: str,
    networks: bool = False,
    without: Sequence[int] = (),
) -> Found:
    """A statistic of some models and kinds of item, over what was drawn independently.

    Parameters
    ----------
    runs : sequence of (str, Behaviour)
        Each with the name of its model.
    statistic : str
        One of `STATISTICS`.
    networks : bool, default=False
        Whether each model is one draw of the same recipe or initialization; then its seeds are averaged.
    without : sequence of int, optional
        Seeds that are left out.

    Returns
    -------
    dict
        value, standard_error (None of one unit), n_units and the values of the units; value None where the
        runs cannot tell.
    """
    found = [(model, STATISTICS[statistic](behaviour)) for model, behaviour in runs]
    groups = list(dict.fromkeys(model for model, _ in found)) if networks else [None]
    units: list[float] = []
    for group in groups:
        cells_of = [values for model, values in found if group in (None, model)]
        seeds = sorted(set.intersection(*(set(values) for values in cells_of)) - set(without))
        means = [float(np.mean([values[seed] for values in cells_of])) for seed in seeds]
        units += [float(np.mean(means))] if networks and means else [] if networks else means
    mean, error = mean_with_error(np.array(units))
    return {"value": mean, "standard_error": error, "n_units": len(units), "values": units}


def against_untrained(pretrained: Behaviour, untrained: Sequence[Behaviour], statistic: str) -> Found:
    """A statistic of one pretrained network, less its mean over untrained ones of its architecture.

    Were the network one more untrained draw, the difference would have the error of a prediction: the spread
    of the n untrained networks times sqrt(1 + 1/n), Student's t with n - 1 degrees of freedom. All are
    compared on the seeds that all of them ran. One network against n has no permutation test at 5% below
    n = 39: it would need to be the first of 40.

    Parameters
    ----------
    pretrained : Behaviour
    untrained : sequence of Behaviour
        Of two networks at least.
    statistic : str
        One of `STATISTICS`.

    Returns
    -------
    dict
        value, standard_error, n_units (untrained networks); value and error None where the runs cannot tell.
    """
    found = [STATISTICS[statistic](runs) for runs in (pretrained, *untrained)]
    seeds = sorted(set.intersection(*(set(values) for values in found)))
    own, *others = [float(np.mean([values[seed] for seed in seeds])) if seeds else np.nan for values in found]
    mean, error = mean_with_error(np.array(others))
    known = mean is not None and error is not None and np.isfinite(own)
    return {
        "value": own - mean if known else None,  # type: ignore[operator]
        "standard_error": error * np.sqrt(len(others) + 1) if known else None,  # type: ignore[operator]
        "n_units": len(others),
        "values": [],
    }
