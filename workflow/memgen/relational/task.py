"""The task as a table: every ordered pair of one hierarchy.

Knows how a hierarchy's pairs become rows, and rows a hierarchy again. Knows nothing about learners.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cyclopts
import polars as pl

from memgen.errors import BadInput
from memgen.relational.hierarchy import Hierarchy, parse_exceptions
from memgen.relational.tables import TASK
from memgen.stage import Output, stage


@stage
def task(
    *,
    name: str,
    n: int,
    exceptions: Annotated[list[str] | None, cyclopts.Parameter(name="--exception")] = None,
    out: Output,
) -> None:
    """Write every ordered pair of one hierarchy with its class, target and truth.

    Parameters
    ----------
    name
        Name of the hierarchy.
    n
        Number of items, at least 3.
    exceptions
        Exceptions as WINNER:LOSER in ranks from 0, for example 5:3; none by default.
    out
        Task table (parquet or csv).
    """
    hierarchy = Hierarchy(n, parse_exceptions(exceptions or []))
    TASK.write(task_frame(name, hierarchy), out)


def task_frame(name: str, hierarchy: Hierarchy) -> pl.DataFrame:
    """Task table of a hierarchy.

    Parameters
    ----------
    name : str
    hierarchy : Hierarchy

    Returns
    -------
    polars.DataFrame
        Columns of `tables.TASK`, n (n - 1) rows sorted by first and second.
    """
    rows = []
    for first, second in hierarchy.ordered_pairs():
        trained, truth = hierarchy.trained(first, second), hierarchy.truth(first, second)
        rows.append(
            {
                "hierarchy": name,
                "n": hierarchy.n,
                "exceptions": hierarchy.label,
                "first": first,
                "second": second,
                "higher": min(first, second),
                "lower": max(first, second),
                "pair_class": hierarchy.pair_class(first, second),
                "trained": trained,
                "target": truth if trained else None,
                "truth": truth,
            }
        )
    return pl.DataFrame(rows, schema=TASK.schema)


def read_tasks(paths: list[Path]) -> dict[str, Hierarchy]:
    """Hierarchies of task tables, by name, in the order given.

    Raises
    ------
    BadInput
        If a file is not a task table of one hierarchy, or a name comes twice.
    """
    found: dict[str, Hierarchy] = {}
    for path in paths:
        kinds = TASK.read(path).select("hierarchy", "n", "exceptions").unique()
        if kinds.height != 1:
            raise BadInput(f"{path}: holds {kinds.height} hierarchies, must hold one")
        name, n, label = kinds.row(0)
        if name in found:
            raise BadInput(f"{path}: hierarchy {name!r} is given twice, must be given once")
        found[name] = Hierarchy(n, parse_exceptions((label or "").split()))
    return found
