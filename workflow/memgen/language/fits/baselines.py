"""The theory beside simpler and freer predictors of the same margins, pair by pair held out.

Each predictor is a family of shapes over a cell's untrained pairs, scored as `cross_validation` scores any
other: in sample, and with every pair predicted by a fit that saw neither it nor its mirror image.

- distance: a line in the distance of the ranks, with its offset: as many parameters as the theory has;
- plain: the theory's ranks for transitive inference without the exception;
- wrong_exception: the theory with its exception at every other position, the mean over positions;
  wrong_exception_best: the one position that predicts best, chosen after the fact and so in this baseline's
  favour;
- free_ranks: one number an item, the ceiling of every model by ranks;
- split_half: how well the mean over these seeds could be predicted at all, its reliability from halves of
  the seeds (Spearman and Brown, 1910).

A hierarchy without exception has no plain and no wrong one: there the theory is the plain one.
"""

import math
from collections.abc import Iterator

import numpy as np

from memgen.jobs.seeding import generator
from memgen.language.fits.cells import Cell
from memgen.language.fits.cross_validation import (
    Explanation,
    held_out_pairs,
    mirror_groups,
    predict,
    search,
)
from memgen.language.fits.explanations import GAMMAS, differences, pooled, untrained
from memgen.language.fits.least_squares import r_squared, ranks_at
from memgen.relational.hierarchy import Hierarchy
from memgen.tables.statistics import half_width, mean_with_error, pearson

PREDICTORS = (
    "theory",
    "distance",
    "plain",
    "wrong_exception",
    "wrong_exception_best",
    "free_ranks",
    "split_half",
)

HALVES = 200
"""Random halves of the seeds."""

MEASURES = ("correlation", "r2", "held_out_correlation", "held_out_r2")


def moved(hierarchy: Hierarchy) -> list[Hierarchy]:
    """Hierarchies of the same size whose exceptions stand elsewhere; none for one without exceptions.

    A single exception goes to every other pair that is not adjacent; several move along the ranks together.
    """
    n, exceptions = hierarchy.n, hierarchy.exceptions
    if len(exceptions) == 1:
        others = [
            ((lower, higher),) for higher, lower in Hierarchy(n).unordered_pairs() if lower > higher + 1
        ]
        return [Hierarchy(n, other) for other in others if other != exceptions]
    ranks = [rank for pair in exceptions for rank in pair]
    steps = [step for step in range(-min(ranks, default=0), n - max(ranks, default=n)) if step]
    return [Hierarchy(n, tuple((a + step, b + step) for a, b in exceptions)) for step in steps]


def families(hierarchy: Hierarchy) -> dict[str, list[Explanation]]:
    """Families of shapes over untrained pairs, by predictor; several where a row is a mean over them.

    Parameters
    ----------
    hierarchy : Hierarchy

    Returns
    -------
    dict
        Of every predictor but split_half, which has no shapes; the theory first.
    """
    higher, lower = untrained(hierarchy)
    gap = (lower - higher).astype(float)
    line = np.stack([gap, np.ones_like(gap)])[None]
    items = np.eye(hierarchy.n)
    none = np.zeros((1, 0))
    found = {
        "theory": [pooled("exchangeable", hierarchy)],
        "distance": [Explanation("distance", line, none, ())],
        "free_ranks": [Explanation("free_ranks", (items[:, higher] - items[:, lower])[None], none, ())],
    }
    if hierarchy.exceptions:
        found["plain"] = [_ranks("plain", Hierarchy(hierarchy.n), hierarchy)]
        found["wrong_exception"] = [_ranks("wrong_exception", other, hierarchy) for other in moved(hierarchy)]
    return {name: several for name, several in found.items() if several}


def _ranks(name: str, other: Hierarchy, hierarchy: Hierarchy) -> Explanation:
    """The theory's ranks in another hierarchy, over the untrained pairs of this one."""
    shapes = differences(ranks_at(other, GAMMAS), hierarchy)
    return Explanation(name, shapes[:, None], GAMMAS[:, None], ("gamma",))


def scores(family: Explanation, observed: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """How well a family predicts margins, in sample and held out.

    Parameters
    ----------
    family : Explanation
    observed : ndarray, shape (p,)
    groups : ndarray of int, shape (p,)
        Pairs of one group are held out together.

    Returns
    -------
    ndarray, shape (4,)
        In the order of `MEASURES`; NaN where a side does not vary, and out of sample with fewer than three
        groups.
    """
    best, coefficients = search(family, observed[None])
    fitted = predict(family, best, coefficients)[0]
    if len(np.unique(groups)) < 3:
        return np.array([pearson(fitted, observed), r_squared(fitted, observed), np.nan, np.nan])
    held = held_out_pairs(family, observed, groups)
    return np.array([pearson(fitted, observed), r_squared(fitted, observed), held.correlation, held.r2])


def reliability(by_seed: np.ndarray, *stream: int) -> float:
    """Reliability of the mean over seeds, from the correlation of halves of them.

    Parameters
    ----------
    by_seed : ndarray, shape (s, p)
        Margins of every seed.
    *stream : int
        Names the random halves.

    Returns
    -------
    float
        2 r / (1 + r), r the mean correlation of two halves: the r2 that a perfect predictor of the
        expected margins would reach on this mean. NaN for fewer than two seeds, or if halves do not agree.
    """
    count = len(by_seed)
    if count < 2:
        return math.nan
    random = generator("language", "split_half", *stream)
    found = []
    for _ in range(HALVES):
        order = random.permutation(count)
        one, other = order[: count // 2], order[count // 2 :]
        found.append(pearson(by_seed[one].mean(axis=0), by_seed[other].mean(axis=0)))
    agreement = float(np.mean(found))
    return 2 * agreement / (1 + agreement) if agreement > 0 else math.nan


def compare(cell: Cell) -> Iterator[dict[str, object]]:
    """Rows of the table of baselines for one cell.

    Parameters
    ----------
    cell : Cell

    Yields
    ------
    dict
        By the columns of `BASELINES`, those that do not apply left out.
    """
    chosen = ~cell.trained
    observed = cell.margins()[chosen]
    by_seed = cell.totals[:, chosen] / cell.runs[:, None]
    groups = mirror_groups(cell.hierarchy.n, *untrained(cell.hierarchy))
    shared = {
        **cell.key,
        "n": cell.hierarchy.n,
        "exceptions": cell.hierarchy.label,
        "n_pairs": int(chosen.sum()),
        "n_groups": len(np.unique(groups)),
        "n_seeds": len(cell.seeds),
    }
    of_mean: dict[str, np.ndarray] = {}
    of_seeds: dict[str, np.ndarray] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for name, several in families(cell.hierarchy).items():
        means = np.array([scores(family, observed, groups) for family in several])
        seeds = np.array([[scores(family, one, groups) for one in by_seed] for family in several])
        # A wrong exception from the first to the last item leaves all ranks equal, and no correlation.
        told = [place for place, values in enumerate(means) if len(several) == 1 or np.isfinite(values).all()]
        of_mean[name], of_seeds[name] = means[told].mean(axis=0), seeds[told].mean(axis=0)
        sizes[name] = (several[0].n_parameters - (name == "free_ranks"), len(told))
        if name == "wrong_exception" and np.isfinite(means[:, 2]).any():
            best = int(np.nanargmax(means[:, 2]))
            of_mean[f"{name}_best"], of_seeds[f"{name}_best"] = means[best], seeds[best]
            sizes[f"{name}_best"] = (sizes[name][0], 1)
    for name in PREDICTORS:
        if name == "split_half":
            ceiling = reliability(by_seed, *(int(seed) for seed in cell.seeds))
            reached = {"held_out_correlation": _number(math.sqrt(ceiling)), "held_out_r2": _number(ceiling)}
            yield {**shared, "predictor": name, **reached}
        elif name in of_mean:
            values = {measure: _number(value) for measure, value in zip(MEASURES, of_mean[name], strict=True)}
            n_parameters, n_positions = sizes[name]
            yield {
                **shared,
                "predictor": name,
                "n_parameters": n_parameters,
                "n_positions": n_positions if name.startswith("wrong_exception") else None,
                **values,
                **_over_seeds(of_seeds[name], of_seeds["theory"], name),
            }


def _over_seeds(values: np.ndarray, theory: np.ndarray, name: str) -> dict[str, float | None]:
    """Means over seeds of what is held out, and of the theory's lead, seed by seed."""
    row: dict[str, float | None] = {}
    for place, measure in ((2, "correlation"), (3, "r2")):
        own = values[:, place]
        key = f"{measure}_by_seed"
        row[key], row[f"{key}_standard_error"] = mean_with_error(own[np.isfinite(own)])
        if name != "theory":
            lead = theory[:, place] - own
            lead = lead[np.isfinite(lead)]
            key = "difference_to_theory" if measure == "correlation" else "r2_difference_to_theory"
            row[key], row[f"{key}_standard_error"] = mean_with_error(lead)
            if measure == "correlation":
                row[f"{key}_half_width"] = half_width(row[f"{key}_standard_error"], len(lead))
    return row


def _number(value: float) -> float | None:
    """The number, or None where it is not one."""
    return float(value) if math.isfinite(value) else None
