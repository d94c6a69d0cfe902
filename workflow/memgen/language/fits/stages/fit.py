"""Fit gamma and the scale to every cell of a response table."""

import logging

import numpy as np
import polars as pl

from memgen.jobs.stage import Input, Output, progress, stage
from memgen.language.fits.cells import cells
from memgen.language.fits.tables import FIT
from memgen.language.fits.theory import fit_cell

logger = logging.getLogger(__name__)


@stage
def fit(responses: Input, *, out: Output) -> None:
    """Fit gamma and the scale to every cell of a response table.

    Margins s (r_h - r_k) are fitted by least squares to the untrained pairs' mean logit differences,
    gamma on [0.001, 100]; number of items and exceptions are read off the responses. The memorization
    weight m is then fitted to the trained pairs. Intervals come from the profile, errors by seed.

    Parameters
    ----------
    responses
        Response table, parquet or csv.
    out
        Table of fits, csv or parquet; columns in memgen.language.fits.tables.FIT.
    """
    rows = [fit_cell(cell) for cell in progress(cells(responses), "fitting")]
    FIT.write(pl.DataFrame(rows, schema=FIT.schema, orient="row"), out)
    r, r2 = (
        np.median([row[name] for row in rows if row[name] is not None]) for name in ("correlation", "r2")
    )
    logger.info("%d cells fitted: median r %.3f, r2 %.3f over untrained pairs", len(rows), r, r2)
