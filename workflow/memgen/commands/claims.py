"""The claims of all studies in one table, the first that an auditor opens."""

import polars as pl

from memgen.jobs.stage import Inputs, Output, stage
from memgen.tables.claims import CLAIMS


@stage
def claims(*, tables: Inputs, out: Output) -> None:
    """Put the claims of all studies into one table.

    Parameters
    ----------
    tables
        One claims table per study, in the order in which they are to appear.
    out
        Claims table of the whole study.
    """
    CLAIMS.write(pl.concat([CLAIMS.read(path) for path in tables]), out)
