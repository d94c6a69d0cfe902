"""From hierarchies to rows: task tables read back, and frames over a grid of conjunctivity and ridge."""

import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import numpy as np
import polars as pl

from memgen.configuration.options import About
from memgen.errors import BadInput
from memgen.jobs.stage import Inputs
from memgen.relational.arguments import Floats
from memgen.relational.behaviour import phase
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import gamma
from memgen.relational.tables import TASK
from memgen.tables.schema import Table

Tasks: TypeAlias = Annotated[Inputs, About("task tables, one per hierarchy")]


def read_tasks(paths: Iterable[Path]) -> dict[str, Hierarchy]:
    """Hierarchies of task tables, by name, in the order given.

    Raises
    ------
    BadInput
        If a file is not a task table of one hierarchy, or a name comes twice.
    """
    found: dict[str, Hierarchy] = {}
    for path in map(Path, paths):
        kinds = TASK.read(path).select("hierarchy", "n", "exceptions").unique()
        if kinds.height != 1:
            raise BadInput(f"{path}: holds {kinds.height} hierarchies, must hold one")
        name, n, label = kinds.row(0)
        if name in found:
            raise BadInput(f"{path}: hierarchy {name!r} is given twice, must be given once")
        found[name] = Hierarchy.of(n, label)
    return found


def columns_of(hierarchy: Hierarchy, name: str) -> dict[str, object]:
    """The columns that name a hierarchy in a table."""
    return {"hierarchy": name, "n": hierarchy.n, "exceptions": hierarchy.label}


def grid_of(conjunctivity: Iterable[float], ridge: Iterable[float]) -> Floats:
    """Every conjunctivity with every ridge: array (learners, 2)."""
    return np.array(list(itertools.product(conjunctivity, ridge)), dtype=float).reshape(-1, 2)


def over_grid(table: Table, grid: Floats, columns: Mapping[str, Any]) -> pl.DataFrame:
    """Rows of a table for every learner of a grid (learners, 2) of conjunctivity and effective ridge.

    `columns` holds every other column; each broadcasts to (learners, rows of one learner).
    """
    alpha, ridge = grid[:, :1], grid[:, 1:]
    values = {**columns, "alpha": alpha, "ridge": ridge, "gamma": gamma(alpha, ridge)}
    wide = dict(zip(values, np.broadcast_arrays(*values.values()), strict=True))
    return pl.DataFrame(
        [pl.Series(name, wide[name].ravel().tolist(), kind) for name, kind in table.schema.items()]
    )


def by_class(
    table: Table, grid: Floats, columns: Mapping[str, Any], hierarchy: Hierarchy
) -> list[pl.DataFrame]:
    """Rows of `over_grid` for the behaviour of every learner on each pair class, a frame per class."""
    found = phase(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
    return [
        over_grid(
            table,
            grid,
            {
                **columns,
                "pair_class": name,
                "pairs": part.pairs,
                "accuracy": None if part.accuracy is None else part.accuracy[:, None],
                "margin": part.margin[:, None],
                "lowest_margin": part.lowest_margin[:, None],
            },
        )
        for name, part in found.items()
    ]
