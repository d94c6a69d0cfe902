"""Response tables with known margins, for tests of what is fitted to them."""

from collections.abc import Callable

import numpy as np
import polars as pl

from memgen.language.responses.tables import RESPONSES
from memgen.relational.hierarchy import Hierarchy

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
    rows = []
    for seed in seeds:
        for reverse in (False, True):
            of_pair = dict(zip(hierarchy.unordered_pairs(), margins(seed, reverse), strict=True))
            for first, second in hierarchy.ordered_pairs():
                key = (min(first, second), max(first, second))
                d = (1 if first < second else -1) * of_pair[key] + bias
                truth = hierarchy.truth(first, second)
                right = None if truth is None else (d > 0) == (truth > 0)
                paired = (
                    None if truth is None else bool(of_pair[key] * truth * (1 if first < second else -1) > 0)
                )
                rows.append(
                    {
                        **CELL,
                        **cell,
                        "hierarchy": name,
                        "seed": seed,
                        "reverse": reverse,
                        "phase": phase,
                        "first": first,
                        "second": second,
                        "pair_class": hierarchy.pair_class(first, second),
                        "logit_difference": float(d),
                        "p_yes": float(1 / (1 + np.exp(-d))),
                        "correct": right,
                        "paired_correct": paired,
                    }
                )
    return pl.DataFrame(rows, schema_overrides=RESPONSES.schema).select(list(RESPONSES.columns))
