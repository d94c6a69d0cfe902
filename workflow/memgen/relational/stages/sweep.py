"""Ranks and margins of every hierarchy over a grid of conjunctivity and ridge."""

from typing import Annotated

import numpy as np
import polars as pl

from memgen.configuration.options import About, flat
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Output, stage
from memgen.relational import ranks as exact
from memgen.relational.behaviour import Pairs
from memgen.relational.configuration import Theory
from memgen.relational.frames import Tasks, columns_of, grid_of, over_grid, read_tasks
from memgen.relational.tables import RANKS, SWEEP


@stage
@flat
def sweep(
    *,
    tasks: Tasks,
    theory: Theory,
    out: Annotated[Output, About("sweep table: the margin of every pair")],
    ranks: Annotated[Output, About("ranks table: the rank of every item")],
) -> None:
    """Write exact margins and ranks over a grid of conjunctivity and ridge."""
    hierarchies = read_tasks(tasks)
    grid = grid_of(theory.conjunctivity, theory.ridge)
    count = sum(one.n**2 / 2 for one in hierarchies.values())
    refuse_beyond_memory(200 * count * len(grid), f"{len(grid)} configurations of every pair")
    margins, profiles = [], []
    for name, hierarchy in hierarchies.items():
        task = (hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
        columns = columns_of(hierarchy, name)
        pairs = Pairs.of(hierarchy)
        of_pairs = {
            "higher": pairs.higher,
            "lower": pairs.lower,
            "pair_class": pairs.classes,
            "margin": exact.margins(*task, pairs.higher, pairs.lower),
        }
        of_items = {"item": np.arange(hierarchy.n), "rank": exact.ranks(*task)}
        margins.append(over_grid(SWEEP, grid, {**columns, **of_pairs}))
        profiles.append(over_grid(RANKS, grid, {**columns, **of_items}))
    SWEEP.write(pl.concat(margins), out)
    RANKS.write(pl.concat(profiles), ranks)
