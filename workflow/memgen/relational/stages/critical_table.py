"""Critical conjunctivity of every hierarchy."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from memgen.jobs.stage import Inputs, Output, stage
from memgen.relational.crossing import critical
from memgen.relational.tables import CRITICAL
from memgen.relational.tasks import read_tasks


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
