"""Behaviour of a group of runs: the margin matrix, and its spread over seeds.

Runs are pooled as the theory has it (theory: Fitting behaviour): phase post, every seed and reversal one run
of equal weight, M(h, k) = (mean d(h, k) - mean d(k, h)) / 2 with d the logit difference.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from memgen.errors import BadInput
from memgen.language.responses.averages import TRAINED, distinct_runs, parts, scan
from memgen.language.responses.tables import KEY
from memgen.relational.hierarchy import Hierarchy


@dataclass(frozen=True)
class Cell:
    """Behaviour of the runs that share source, model, items, hierarchy, method and hyperparameter."""

    #: Values of the columns that name the cell.
    key: dict[str, object]
    #: Read off the responses themselves.
    hierarchy: Hierarchy
    #: Class of every pair h < k, in the order of `higher` and `lower`, shape (p,).
    classes: np.ndarray
    #: Seed of every run, shape (r,).
    run_seed: np.ndarray
    #: Whether the items of a run hold the ranks in opposite order, shape (r,).
    run_reverse: np.ndarray
    #: (d(h, k) - d(k, h)) / 2 of every run, logit units, shape (r, p).
    run_margins: np.ndarray
    #: Runs that do not repeat another one, see `averages.distinct_runs`.
    n_distinct: int
    #: Runs left out because a logit difference is not finite.
    n_diverged: int
    #: Mean of `correct` over trained pairs.
    train_accuracy: float | None

    @property
    def hyperparameter(self) -> float:
        """Ridge, L2 or rank of LoRA; NaN where there is none."""
        value = self.key["hyperparameter"]
        return value if isinstance(value, float) else float("nan")

    @cached_property
    def seeds(self) -> np.ndarray:
        """Seeds, sorted, shape (s,): the clusters."""
        return np.unique(self.run_seed)

    @cached_property
    def runs(self) -> np.ndarray:
        """Runs of each seed, shape (s,), float."""
        return np.asarray((self.run_seed == self.seeds[:, None]).sum(axis=1), dtype=float)

    @cached_property
    def totals(self) -> np.ndarray:
        """Sum of the margins of each seed's runs, shape (s, p), logit units."""
        return np.asarray((self.run_seed == self.seeds[:, None]).astype(float) @ self.run_margins)

    def only(self, reverse: bool) -> "Cell":
        """The cell of its forward or of its reversed runs alone."""
        kept = self.run_reverse == reverse
        return replace(
            self,
            run_seed=self.run_seed[kept],
            run_reverse=self.run_reverse[kept],
            run_margins=self.run_margins[kept],
            n_distinct=int(kept.sum()),
        )

    @property
    def higher(self) -> np.ndarray:
        """Higher-ranked item of every pair, shape (p,)."""
        return np.triu_indices(self.hierarchy.n, 1)[0]

    @property
    def lower(self) -> np.ndarray:
        """Lower-ranked item of every pair, shape (p,)."""
        return np.triu_indices(self.hierarchy.n, 1)[1]

    @property
    def trained(self) -> np.ndarray:
        """Whether a pair was trained, shape (p,), bool."""
        return np.isin(self.classes, TRAINED)

    @property
    def target(self) -> np.ndarray:
        """Target of every pair in the direction (higher, lower): -1 for an exception, else 1; shape (p,)."""
        return np.where(self.classes == "exception", -1.0, 1.0)

    def margins(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Margin of every pair, shape (..., p), logit units.

        The weights, shape (..., s), say how often each seed is counted; once by default.
        """
        if weights is None:
            weights = np.ones(len(self.seeds))
        return np.asarray(weights @ self.totals / (weights @ self.runs)[..., None])

    def standard_errors(self) -> np.ndarray:
        """Standard error of every margin, shape (p,), logit units, by seed; NaN for a single seed."""
        count = len(self.seeds)
        if count < 2:
            return np.full(self.totals.shape[1], np.nan)
        residuals = self.totals - self.runs[:, None] * self.margins()
        return np.asarray(np.sqrt(count / (count - 1) * np.sum(residuals**2, axis=0)) / self.runs.sum())


def phases(path: Path) -> set[str]:
    """Phases that a response table holds."""
    return set(scan(path).select(pl.col("phase").unique()).collect(engine="streaming")["phase"].to_list())


def cells(path: Path, phase: str = "post") -> Iterator[Cell]:
    """Cells of a response table, sorted by key.

    One kind of item and one hierarchy are held in memory at a time, so the published responses of twelve
    files need no more than a single one. BadInput if the file is not a response table, holds no row of the
    phase, misses a direction of a pair, or gives a pair another class than its hierarchy does.
    """
    frames = parts(scan(path).filter(pl.col("phase") == phase), "source", "items", "hierarchy")
    if not frames:
        raise BadInput(f"{path}: no responses of phase {phase}; nothing to fit")
    for frame in frames:
        rows = frame.collect(engine="streaming").sort(*KEY)
        for part in rows.partition_by(KEY, maintain_order=True):
            yield _cell(part, path)


def by_all_but(column: str, path: Path) -> list[list[Cell]]:
    """Cells of a response table, grouped by every column of their key but one."""
    groups: defaultdict[tuple[object, ...], list[Cell]] = defaultdict(list)
    for cell in cells(path):
        groups[tuple(value for name, value in cell.key.items() if name != column)].append(cell)
    return list(groups.values())


def _cell(rows: pl.DataFrame, path: Path) -> Cell:
    """Cell from its rows."""
    key = rows.select(KEY).row(0, named=True)
    where = f"{path}: {'/'.join('-' if value is None else str(value) for value in key.values())}"
    finite = pl.col("logit_difference").is_finite().fill_null(False)
    diverged = rows.filter(~finite).select("seed", "reverse").unique()
    rows = rows.join(diverged, on=["seed", "reverse"], how="anti")
    if not len(rows):
        raise BadInput(f"{where}: every run diverged (no finite logit difference); nothing to fit")
    hierarchy, classes = _hierarchy(rows, where)
    n = hierarchy.n
    runs = rows.select("seed", "reverse").unique().sort("seed", "reverse").with_row_index("run")
    rows = rows.join(runs, on=["seed", "reverse"])
    index = (rows["run"].to_numpy(), rows["first"].to_numpy(), rows["second"].to_numpy())
    d = np.zeros((len(runs), n, n))
    counts = np.zeros((len(runs), n, n), dtype=int)
    np.add.at(d, index, rows["logit_difference"].to_numpy())
    np.add.at(counts, index, 1)
    wrong = np.argwhere(counts != ~np.eye(n, dtype=bool))
    if len(wrong):
        run, first, second = (int(part) for part in wrong[0])
        raise BadInput(
            f"{where}: seed {runs['seed'][run]}, reverse {runs['reverse'][run]} has "
            f"{counts[run, first, second]} rows of the ordered pair ({first}, {second}); allowed: 1"
        )
    higher, lower = np.triu_indices(n, 1)
    accuracy = rows.filter(pl.col("pair_class").is_in(TRAINED))["correct"].cast(pl.Float64).mean()
    return Cell(
        key=key,
        hierarchy=hierarchy,
        classes=classes,
        run_seed=runs["seed"].to_numpy(),
        run_reverse=runs["reverse"].to_numpy(),
        run_margins=((d - d.transpose(0, 2, 1)) / 2)[:, higher, lower],
        n_distinct=distinct_runs(rows).filter("distinct").select("seed", "reverse").n_unique(),
        n_diverged=len(diverged),
        train_accuracy=None if accuracy is None else float(accuracy),  # type: ignore[arg-type]
    )


def _hierarchy(rows: pl.DataFrame, where: str) -> tuple[Hierarchy, np.ndarray]:
    """Hierarchy of a cell's rows, and the class of every pair h < k.

    Every item occurs in some pair, so the largest rank gives their number; an exception is a pair of that
    class, won by its lower-ranked item.
    """
    pairs = rows.select("first", "second", "pair_class").unique().sort("first", "second")
    exceptions = pairs.filter(pl.col("pair_class") == "exception", pl.col("first") > pl.col("second"))
    n = int(rows.select(pl.max_horizontal(pl.col("first").max(), pl.col("second").max())).item()) + 1
    try:
        hierarchy = Hierarchy(n, tuple(exceptions.select("first", "second").iter_rows()))
        for first, second, pair_class in pairs.iter_rows():
            expected = hierarchy.pair_class(first, second)
            if pair_class != expected:
                raise BadInput(f"pair ({first}, {second}) has class {pair_class}; allowed: {expected}")
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from None
    classes = [hierarchy.pair_class(higher, lower) for higher, lower in hierarchy.unordered_pairs()]
    return hierarchy, np.array(classes)
