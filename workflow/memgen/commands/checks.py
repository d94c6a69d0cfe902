"""The checks of all studies in one table."""

import polars as pl

from memgen.jobs.stage import Inputs, Output, stage
from memgen.tables.checks import CHECKS


@stage
def checks(*, tables: Inputs, out: Output) -> None:
    """Put the checks of all studies into one table.

    Parameters
    ----------
    tables
        One checks table per study, in the order in which they are to appear.
    out
        Checks table of the whole study.
    """
    CHECKS.write(pl.concat([CHECKS.read(path) for path in tables]), out)
