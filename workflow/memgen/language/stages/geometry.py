"""Average the measured conjunctivity of every model over runs, beside the gamma fitted to its behaviour."""

import polars as pl

from memgen.jobs.stage import Input, Inputs, Output, stage
from memgen.language.fits.tables import FIT
from memgen.language.responses.averages import SAME, over_seeds
from memgen.language.responses.tables import GEOMETRY, GEOMETRY_RUNS, KEY


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
    # A frozen representation is the same in both runs of a seed: their prompts are.
    forward = pl.col("alpha").filter(~pl.col("reverse")).first().over(*KEY, "phase", "seed")
    same = ((pl.col("alpha") - forward).abs() <= SAME * forward.abs()).fill_null(False)
    rows = rows.with_columns((~(pl.col("reverse") & same)).alias("distinct"))
    values = ["kappa_o", "kappa_d", "alpha", "distance", "ridge_correlation"]
    means = over_seeds(rows, [*KEY, "phase"], values).drop("n_pairs")
    behaviour = FIT.read(fits).select(*KEY, "gamma", "gamma_at_edge", "gamma_low", "gamma_high")
    table = means.join(behaviour, on=list(KEY), how="left", nulls_equal=True)
    GEOMETRY.write(table.sort(*KEY, "phase").select(list(GEOMETRY.columns)), out)
