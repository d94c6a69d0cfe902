"""Ranks and margins of every hierarchy over a grid of conjunctivity and ridge."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Inputs, Output, stage
from memgen.relational.configuration import Theory
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import gamma, margins
from memgen.relational.ranks import ranks as exact_ranks
from memgen.relational.tables import RANKS, SWEEP
from memgen.relational.tasks import read_tasks


@stage
@flat
def sweep(
    *,
    tasks: Inputs,
    theory: Theory,
    out: Output,
    ranks: Output,
) -> None:
    """Write exact margins and ranks over a grid of conjunctivity and ridge.

    Parameters
    ----------
    tasks
        Task tables, one per hierarchy.
    out
        Sweep table: the margin of every pair.
    ranks
        Ranks table: the rank of every item.
    """
    hierarchies = read_tasks([Path(path) for path in tasks])
    pairs = sum(one.n**2 / 2 for one in hierarchies.values())
    configurations = len(theory.conjunctivity) * len(theory.ridge)
    refuse_beyond_memory(200 * pairs * configurations, f"{configurations} configurations of every pair")
    grid = np.array(list(itertools.product(theory.conjunctivity, theory.ridge)), dtype=float).reshape(-1, 2)
    frames = [sweep_frames(name, hierarchy, grid) for name, hierarchy in hierarchies.items()]
    SWEEP.write(pl.concat([margin for margin, _ in frames]), out)
    RANKS.write(pl.concat([profile for _, profile in frames]), ranks)


def sweep_frames(name: str, hierarchy: Hierarchy, grid: np.ndarray) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sweep and ranks tables of one hierarchy.

    Parameters
    ----------
    name : str
    hierarchy : Hierarchy
    grid : array (configurations, 2)
        Conjunctivity and ridge of each configuration.

    Returns
    -------
    margins, ranks : polars.DataFrame
        Columns of `SWEEP` and `RANKS`, in the order of the grid.
    """
    alpha, ridge = grid[:, 0], grid[:, 1]
    pairs = np.array(list(hierarchy.unordered_pairs()))
    classes = np.array([hierarchy.pair_class(higher, lower) for higher, lower in pairs.tolist()])
    predicted = margins(hierarchy.n, hierarchy.exceptions, alpha, ridge, pairs[:, 0], pairs[:, 1])
    profile = exact_ranks(hierarchy.n, hierarchy.exceptions, alpha, ridge)

    def learner(repeats: int) -> dict[str, object]:
        return {
            "hierarchy": [name] * (len(grid) * repeats),
            "n": [hierarchy.n] * (len(grid) * repeats),
            "exceptions": [hierarchy.label] * (len(grid) * repeats),
            "alpha": np.repeat(alpha, repeats),
            "ridge": np.repeat(ridge, repeats),
            "gamma": np.repeat(gamma(alpha, ridge), repeats),
        }

    margin_rows = {
        **learner(len(pairs)),
        "higher": np.tile(pairs[:, 0], len(grid)),
        "lower": np.tile(pairs[:, 1], len(grid)),
        "pair_class": np.tile(classes, len(grid)).tolist(),
        "margin": predicted.ravel(),
    }
    rank_rows = {
        **learner(hierarchy.n),
        "item": np.tile(np.arange(hierarchy.n), len(grid)),
        "rank": profile.ravel(),
    }
    return pl.DataFrame(margin_rows, schema=SWEEP.schema), pl.DataFrame(rank_rows, schema=RANKS.schema)
