"""Response tables with known margins, for tests of what is fitted to them."""

from collections.abc import Callable
from itertools import product

import numpy as np
import polars as pl

from memgen.language.responses.scoring import responses
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.task import task_frame

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


def response_rows(
    hierarchy: Hierarchy,
    margins: Callable[[int, bool], np.ndarray],
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
