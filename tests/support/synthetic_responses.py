"""Response tables with known margins, for tests of what is fitted to them."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl

from memgen.language.responses.scoring import read_task, responses
from memgen.language.responses.tables import RESPONSES
from memgen.relational.hierarchy import Hierarchy, ordered_pairs
from memgen.relational.stages.task import task_frame

Margins = Callable[[int, bool], np.ndarray]

CELL = {"source": "study", "model": "m", "items": "fake", "method": "probe", "hyperparameter": 0.1}


def dense_ranks(hierarchy: Hierarchy, gamma: float, similarity: np.ndarray | None = None) -> np.ndarray:
    """S B^T (B S B^T + gamma I)^-1 1 by a dense solve, S the similarity of the items."""
    b = np.zeros((0, hierarchy.n))
    for winner, loser in hierarchy.training_pairs():
        row = np.zeros(hierarchy.n)
        row[winner], row[loser] = 1, -1
        b = np.vstack([b, row])
    s = np.eye(hierarchy.n) if similarity is None else similarity
    return s @ b.T @ np.linalg.solve(b @ s @ b.T + gamma * np.eye(len(b)), np.ones(len(b)))


def theory_margins(hierarchy: Hierarchy, gamma: float, m: float, scale: float) -> np.ndarray:
    """Margins M(h, k), h < k, in the order of `unordered_pairs`, by a dense solve."""
    r = dense_ranks(hierarchy, gamma)
    margins = []
    for h, k in hierarchy.unordered_pairs():
        margin = r[h] - r[k]
        if hierarchy.trained(h, k):
            target = -1 if (k, h) in hierarchy.exceptions else 1
            margin = m * target + (1 - m) * margin
        margins.append(scale * margin)
    return np.array(margins)


def noisy(margins: np.ndarray, noise: float, *stream: int) -> Margins:
    """Margins of every run: these, and normal noise that its seed and reversal draw."""

    def of_run(seed: int, reverse: bool) -> np.ndarray:
        return margins + noise * np.random.default_rng([*stream, seed, reverse]).normal(size=len(margins))

    return of_run


def response_rows(
    hierarchy: Hierarchy,
    margins: Margins,
    seeds: range | list[int] = range(4),
    *,
    name: str = "h",
    phase: str = "post",
    bias: float = 0.7,
    **cell: object,
) -> pl.DataFrame:
    """Responses of runs whose margins are given; a bias towards Yes must drop out of M."""
    task = task_frame(name, hierarchy).with_columns(first_wins=pl.col("truth") == 1)
    first, second = task["first"].to_numpy(), task["second"].to_numpy()
    runs = []
    for seed, reverse in product(seeds, (False, True)):
        both = np.zeros((hierarchy.n, hierarchy.n))
        both[tuple(np.array(list(hierarchy.unordered_pairs())).T)] = margins(seed, reverse)
        answers = (both - both.T)[first, second] + bias
        run = {"seed": seed, "reverse": reverse, "phase": phase}
        runs.append(responses(task, answers, **CELL | cell, **run))
    return pl.concat(runs)


def written(folder: Path, *frames: pl.DataFrame) -> Path:
    """A response table of some rows."""
    path = folder / "responses.parquet"
    RESPONSES.write(pl.concat(frames), path)
    return path


def by_column(table: pl.DataFrame, column: str) -> dict[str, dict[str, object]]:
    """Rows of a table by the value of a column."""
    return {row[column]: row for row in table.iter_rows(named=True)}


def task_of(folder: Path, hierarchy: Hierarchy) -> pl.DataFrame:
    """The pairs of a hierarchy called h, as read from the table in which a stage finds them."""
    task_frame("h", hierarchy).write_parquet(folder / "task.parquet")
    return read_task(folder / "task.parquet")


def canonical_features(n: int, alpha: float) -> np.ndarray:
    """Features of ordered pairs whose kernel is the theory's canonical one: items by position, and pairs."""
    first, second = np.array(ordered_pairs(n)).T
    shared = np.sqrt((1 - alpha) / 2)
    return np.hstack(
        [shared * np.eye(n)[first], shared * np.eye(n)[second], np.sqrt(alpha) * np.eye(len(first))]
    )
