"""Put the responses of all jobs into one table, in an order that does not depend on the jobs."""

import polars as pl

from memgen.jobs.stage import Inputs, Output, stage
from memgen.language.responses.averages import CELL
from memgen.language.responses.tables import RESPONSES


@stage
def responses(*, blocks: Inputs, out: Output) -> None:
    """Put the responses of all jobs into one table, in an order that does not depend on the jobs.

    Parameters
    ----------
    blocks
        Response tables.
    out
        One response table, sorted.
    """
    frame = pl.concat([RESPONSES.read(path) for path in blocks])
    RESPONSES.write(frame.sort(*CELL[:-1], "seed", "reverse", "phase", "first", "second"), out)
