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
from memgen.jobs.stage import Input, Output, progress, stage
from memgen.language.fits.cells import Cell, cells
from memgen.language.fits.cross_validation import Explanation, held_out_pairs, predict, search
from memgen.language.fits.explanations import GAMMAS, differences, mirror_groups, pooled, untrained
from memgen.language.fits.least_squares import r_squared, ranks_at
from memgen.language.fits.tables import BASELINES, frame_of
from memgen.language.responses.averages import seed_mean
from memgen.relational.hierarchy import Hierarchy
from memgen.tables.statistics import pearson

HALVES = 200
"""Random halves of the seeds."""

MEASURES = ("correlation", "r2", "held_out_correlation", "held_out_r2")


@stage
def baselines(*, responses: Input, out: Output) -> None:
    """Score the theory and its baselines on the untrained pairs of every cell, in sample and held out.

    Parameters
    ----------
    responses
        Response table, parquet or csv.
    out
        One row per cell and predictor.
    """
    rows = (row for cell in progress(cells(responses), "comparing") for row in compare(cell))
    BASELINES.write(frame_of(rows, BASELINES), out)


def moved(hierarchy: Hierarchy) -> list[Hierarchy]:
    """Hierarchies of the same size whose exceptions are elsewhere; none for one without exceptions.

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
    """Families of shapes over untrained pairs by predictor, the theory first; a row is a mean over several.

    There are none of split_half, which has no shapes.
    """
    higher, lower = untrained(hierarchy)
    gap = (lower - higher).astype(float)
    line = np.stack([gap, np.ones_like(gap)])[None]
    items = np.eye(hierarchy.n)
    none = np.zeros((1, 0))
    plain = [Hierarchy(hierarchy.n)] if hierarchy.exceptions else []

    def ranks(name: str, others: list[Hierarchy]) -> list[Explanation]:
        """The theory's ranks in other hierarchies, over the untrained pairs of this one."""
        shapes = [differences(ranks_at(other, GAMMAS), hierarchy)[:, None] for other in others]
        return [Explanation(name, shape, GAMMAS[:, None], ("gamma",)) for shape in shapes]

    found = {
        "theory": [pooled("exchangeable", hierarchy)],
        "distance": [Explanation("distance", line, none, ())],
        "plain": ranks("plain", plain),
        "wrong_exception": ranks("wrong_exception", moved(hierarchy)),
        "free_ranks": [Explanation("free_ranks", (items[:, higher] - items[:, lower])[None], none, ())],
    }
    return {name: several for name, several in found.items() if several}


def scores(family: Explanation, observed: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """How well a family predicts margins, in sample and with groups held out: shape (4,), `MEASURES`.

    NaN where a side does not vary, and out of sample with fewer than three groups.
    """
    fitted = predict(family, *search(family, observed[None]))[0]
    own = [pearson(fitted, observed), r_squared(fitted, observed)]
    if len(np.unique(groups)) < 3:
        return np.array([*own, np.nan, np.nan])
    held = held_out_pairs(family, observed, groups)
    return np.array([*own, held.correlation, held.r2])


def reliability(by_seed: np.ndarray, *stream: int) -> float:
    """Reliability of the mean of margins over seeds, shape (s, p), from the correlation of halves of them.

    2 r / (1 + r), r the mean correlation of two halves, whose random stream has the name `stream`: the r2
    that a perfect predictor of the expected margins would reach on this mean. NaN for fewer than two seeds,
    or if halves do not correlate.
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
    r = float(np.mean(found))
    return 2 * r / (1 + r) if r > 0 else math.nan


def compare(cell: Cell) -> Iterator[dict[str, object]]:
    """Rows of the table of baselines for one cell, without the columns that do not apply."""
    chosen = ~cell.trained
    observed = cell.margins()[chosen]
    by_seed = cell.totals[:, chosen] / cell.runs[:, None]
    groups = mirror_groups(cell.hierarchy)
    shared = {
        **cell.key,
        "n": cell.hierarchy.n,
        "exceptions": cell.hierarchy.label,
        "n_pairs": int(chosen.sum()),
        "n_groups": len(np.unique(groups)),
        "n_seeds": len(cell.seeds),
    }
    theory = np.empty(0)
    for name, several in families(cell.hierarchy).items():
        means = np.array([scores(family, observed, groups) for family in several])
        seeds = np.array([[scores(family, one, groups) for one in by_seed] for family in several])
        if name == "theory":
            theory = seeds[0]
        # A wrong exception from the first to the last item leaves all ranks equal, and no correlation.
        told = [place for place, values in enumerate(means) if len(several) == 1 or np.isfinite(values).all()]
        rows = {name: told}
        if name == "wrong_exception" and np.isfinite(means[:, 2]).any():
            rows["wrong_exception_best"] = [int(np.nanargmax(means[:, 2]))]
        for predictor, places in rows.items():
            yield {
                **shared,
                "predictor": predictor,
                "n_parameters": several[0].n_parameters - (name == "free_ranks"),
                "n_positions": len(places) if name == "wrong_exception" else None,
                **dict(zip(MEASURES, means[places].mean(axis=0).tolist(), strict=True)),
                **_over_seeds(seeds[places].mean(axis=0), None if name == "theory" else theory),
            }
    ceiling = reliability(by_seed, *(int(seed) for seed in cell.seeds))
    yield {
        **shared,
        "predictor": "split_half",
        "held_out_correlation": math.sqrt(ceiling),
        "held_out_r2": ceiling,
    }


def _over_seeds(values: np.ndarray, theory: np.ndarray | None) -> dict[str, float | None]:
    """Means over seeds of the held-out measures and, but for the theory, of its lead seed by seed."""
    row: dict[str, float | None] = {}
    for place, own, lead in (
        (2, "correlation_by_seed", "difference_to_theory"),
        (3, "r2_by_seed", "r2_difference_to_theory"),
    ):
        columns = {own: values[:, place]}
        if theory is not None:
            columns[lead] = theory[:, place] - values[:, place]
        for name, found in columns.items():
            found = found[np.isfinite(found)]
            row |= seed_mean(name, found)
            half = row[f"{name}_half_width"]
            if name != "difference_to_theory":
                del row[f"{name}_half_width"]
            if name == "correlation_by_seed" and half is not None:
                centre = float(found.mean())
                reach = half / max(1 - centre**2, 1e-12)  # of its Fisher transform, to first order
                ends = np.tanh(np.arctanh(centre) + np.array([-reach, reach]))
                row[f"{name}_low"], row[f"{name}_high"] = ends.tolist()
    return row
