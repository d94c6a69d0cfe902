"""The task as a table: every ordered pair of one hierarchy."""

from typing import Annotated

import cyclopts
import polars as pl

from memgen.configuration.options import About, flat
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Output, stage
from memgen.relational.configuration import Items
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.tables import TASK


@stage
@flat
def task(
    *,
    name: Annotated[str, About("name of the hierarchy")],
    n: Items,
    exceptions: Annotated[
        list[str] | None,
        cyclopts.Parameter(name="--exception"),
        About("exceptions as WINNER:LOSER with items numbered from 0, for example 5:3; none by default"),
    ] = None,
    out: Annotated[Output, About("task table (parquet or csv)")],
) -> None:
    """Write every ordered pair of one hierarchy with its class, target and truth."""
    hierarchy = Hierarchy.of(n, exceptions)
    refuse_beyond_memory(500 * hierarchy.n**2, f"--n {n}: every ordered pair of the items")
    TASK.write(task_frame(name, hierarchy), out)


def task_frame(name: str, hierarchy: Hierarchy) -> pl.DataFrame:
    """Task table of a hierarchy: n (n - 1) rows sorted by first and second."""
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
