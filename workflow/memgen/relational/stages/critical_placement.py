"""Critical conjunctivity of one exception over n, its span and its position."""

from __future__ import annotations

from typing import Annotated

import polars as pl

from memgen.arguments import Range
from memgen.memory import refuse_beyond_memory
from memgen.relational.crossing import critical
from memgen.relational.flags import Items
from memgen.relational.tables import CRITICAL_PLACEMENT
from memgen.stage import Output, stage


@stage
def critical_placement(
    *,
    n: list[Items],
    spans: list[Annotated[int, Range(2)]],
    map_n: Items,
    out: Output,
) -> None:
    """Write the critical conjunctivity of one exception against n, its span and its position.

    Parameters
    ----------
    n
        Numbers of items at which the exception stands in the middle.
    spans
        Spans of the exception, its winner's rank minus its loser's, at least 2.
    map_n
        Number of items for which every span and position is tabulated.
    out
        Critical placement table; empty values where there is no crossing.
    """
    refuse_beyond_memory(300 * map_n**2, f"--map-n {map_n}: every span and position")
    centred = {(items, span, (items - 1 - span) // 2) for items in n for span in spans if span < items}
    every = {(map_n, span, loser) for span in range(2, map_n) for loser in range(map_n - span)}
    rows = []
    for items, span, loser in sorted(centred | every):
        (crossing,) = critical(items, [(loser + span, loser)])
        rows.append(
            {
                "n": items,
                "exceptions": f"{loser + span}:{loser}",
                "span": span,
                "position": loser,
                "centred": loser == (items - 1 - span) // 2,
                "gamma": crossing.gamma,
                "alpha": crossing.alpha,
            }
        )
    CRITICAL_PLACEMENT.write(pl.DataFrame(rows, schema=CRITICAL_PLACEMENT.schema), out)
