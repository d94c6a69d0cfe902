"""Tables of the critical conjunctivity: of every hierarchy, and over n, span and position of an exception.

Knows how `crossing.critical` fills them.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from memgen.relational.crossing import critical
from memgen.relational.tables import CRITICAL, CRITICAL_GEOMETRY
from memgen.relational.task import read_tasks
from memgen.stage import Inputs, Output, stage


@stage
def critical_table(*, tasks: Inputs, out: Output) -> None:
    """Write where the pairs next to each exception begin to be answered wrong.

    Parameters
    ----------
    tasks
        Task tables, one per hierarchy.
    out
        Critical table: one row per hierarchy and component; empty values where there is no crossing.
    """
    rows = []
    for name, hierarchy in read_tasks([Path(path) for path in tasks]).items():
        common = {"hierarchy": name, "n": hierarchy.n, "exceptions": hierarchy.label}
        crossings = critical(hierarchy.n, hierarchy.exceptions)
        for crossing in crossings:
            place = f"{crossing.first}-{crossing.last}"
            rows.append({**common, "component": place, "gamma": crossing.gamma, "alpha": crossing.alpha})
        if not crossings:
            rows.append({**common, "component": None, "gamma": None, "alpha": None})
    CRITICAL.write(pl.DataFrame(rows, schema=CRITICAL.schema), out)


@stage
def critical_geometry(*, n: list[int], spans: list[int], map_n: int, out: Output) -> None:
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
        Critical geometry table; empty values where there is no crossing.
    """
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
    CRITICAL_GEOMETRY.write(pl.DataFrame(rows, schema=CRITICAL_GEOMETRY.schema), out)
