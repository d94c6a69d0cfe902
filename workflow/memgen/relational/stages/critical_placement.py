"""Critical conjunctivity of one exception over n, its span and its position."""

from __future__ import annotations

import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Output, stage
from memgen.relational.configuration import Critical
from memgen.relational.crossing import critical
from memgen.relational.tables import CRITICAL_PLACEMENT


@stage
@flat
def critical_placement(*, placement: Critical, out: Output) -> None:
    """Write the critical conjunctivity of one exception against n, its span and its position.

    Parameters
    ----------
    out
        Critical placement table; empty values where there is no crossing.
    """
    refuse_beyond_memory(300 * placement.map_n**2, f"--map-n {placement.map_n}: every span and position")
    centred = {
        (items, span, (items - 1 - span) // 2)
        for items in placement.n
        for span in placement.spans
        if span < items
    }
    every = {
        (placement.map_n, span, loser)
        for span in range(2, placement.map_n)
        for loser in range(placement.map_n - span)
    }
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
