"""Put the finetuned runs of all jobs into one table: how well each fits, and which diverged."""

import polars as pl

from memgen.jobs.stage import Inputs, Output, stage
from memgen.language.responses.averages import CELL
from memgen.language.responses.tables import RUNS


@stage
def runs(*, blocks: Inputs, out: Output) -> None:
    """Put the finetuned runs of all jobs into one table: how well each fits, and which diverged.

    Parameters
    ----------
    blocks
        Tables of runs.
    out
        One table, sorted.
    """
    frame = pl.concat([RUNS.read(path) for path in blocks])
    RUNS.write(frame.sort(*CELL[:-1], "seed", "reverse"), out)
