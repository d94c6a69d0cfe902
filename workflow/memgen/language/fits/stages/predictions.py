"""Write observed and predicted margins, one row per pair of every cell."""

import polars as pl

from memgen.jobs.stage import Input, Output, stage
from memgen.language.fits.cells import cells
from memgen.language.fits.tables import FIT, PREDICTIONS
from memgen.language.fits.theory import predict_cell
from memgen.language.responses.rows import KEY


@stage
def predictions(responses: Input, *, fits: Input, out: Output) -> None:
    """Write observed and predicted margins, one row per pair of every cell.

    Parameters
    ----------
    responses
        Response table, parquet or csv.
    fits
        Table of fits of the same responses.
    out
        Table of margins; columns in memgen.language.fits.tables.PREDICTIONS.
    """
    fitted = {tuple(row[name] for name in KEY): row for row in FIT.read(fits).iter_rows(named=True)}
    tables = [predict_cell(cell, fitted[tuple(cell.key.values())]) for cell in cells(responses)]
    PREDICTIONS.write(pl.concat(tables), out)
