"""Average accuracies and margin by the distance of two ranks: the symbolic distance effect."""

import polars as pl

from memgen.jobs.stage import Input, Output, stage
from memgen.language.responses.averages import CELL, TRAINED, by_part, over_seeds, pair_margins
from memgen.language.responses.tables import DISTANCE, VALUES


@stage
def distance(*, responses: Input, out: Output) -> None:
    """Average accuracies and margin by the distance of two ranks: the symbolic distance effect.

    Pairs that were trained stand apart from those that were not; loop pairs, which have no truth, are left
    out.

    Parameters
    ----------
    responses
        Response table, of any length.
    out
        Table of distances.
    """
    rows = by_part(responses, _distances)
    DISTANCE.write(rows.sort(*CELL, "distance", "trained").select(list(DISTANCE.columns)), out)


def _distances(responses: pl.DataFrame) -> pl.DataFrame:
    """Averages by distance and whether the pair was trained."""
    pairs = pair_margins(responses.filter(pl.col("pair_class") != "loop")).with_columns(
        (pl.col("lower") - pl.col("higher")).alias("distance"),
        pl.col("pair_class").is_in(TRAINED).alias("trained"),
    )
    return over_seeds(pairs, [*CELL, "distance", "trained"], VALUES)
