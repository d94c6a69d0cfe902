"""How well the theory predicts held-out pairs, beside simpler and freer predictors."""

import polars as pl

from memgen.jobs.stage import Input, Output, progress, stage
from memgen.language.fits.baselines import compare
from memgen.language.fits.cells import cells
from memgen.language.fits.tables import BASELINES


@stage
def baselines(*, responses: Input, out: Output) -> None:
    """Score the theory and its baselines on the untrained pairs of every cell, in sample and held out.

    Parameters
    ----------
    responses
        Response table, parquet or csv.
    out
        One row per cell and predictor.
    """
    rows = [row for cell in progress(cells(responses), "comparing") for row in compare(cell)]
    BASELINES.write(pl.DataFrame(rows, schema=BASELINES.schema, orient="row"), out)
