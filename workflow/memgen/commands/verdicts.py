"""The claims, and the checks, of all studies in one table each: the first that an auditor opens."""

import polars as pl

from memgen.jobs.stage import Inputs, Output, stage
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS


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
