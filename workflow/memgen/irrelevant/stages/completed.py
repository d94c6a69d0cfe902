"""Put what the transformer completed, seed by seed, into one table."""

import polars as pl

from memgen.irrelevant.rows import RUNS
from memgen.jobs.stage import Inputs, Output, stage


@stage
def completed(*, blocks: Inputs, out: Output) -> None:
    """Put what the transformer completed, seed by seed, into one table.

    Parameters
    ----------
    blocks
        Runs tables, in the order of their seeds.
    out
        Runs table.
    """
    RUNS.write(pl.concat([RUNS.read(path) for path in blocks]).rechunk(), out)
