"""Average the measured conjunctivity of every model over runs, beside the gamma fitted to its behaviour."""

import polars as pl

from memgen.language.fits.tables import FIT
from memgen.language.responses.averages import over_seeds
from memgen.language.responses.rows import GEOMETRY_RUNS, KEY
from memgen.language.responses.tables import GEOMETRY
from memgen.stage import Input, Inputs, Output, stage


@stage
def geometry(*, blocks: Inputs, fits: Input, out: Output) -> None:
    """Average the measured conjunctivity of every model over runs, beside the gamma fitted to its behaviour.

    Parameters
    ----------
    blocks
        Measures of every run.
    fits
        Table of fits of the same runs.
    out
        One row per cell and phase.
    """
    rows = pl.concat([GEOMETRY_RUNS.read(path) for path in blocks]).drop_nulls("alpha")
    rows = rows.with_columns(pl.lit(0).alias("higher"), pl.lit(1).alias("lower"))
    values = ["kappa_o", "kappa_d", "alpha", "distance", "ridge_correlation"]
    means = over_seeds(rows, [*KEY, "phase"], values).drop("n_pairs")
    behaviour = FIT.read(fits).select(*KEY, "gamma", "gamma_low", "gamma_high")
    table = means.join(behaviour, on=list(KEY), how="left", nulls_equal=True)
    GEOMETRY.write(table.sort(*KEY, "phase").select(list(GEOMETRY.columns)), out)
