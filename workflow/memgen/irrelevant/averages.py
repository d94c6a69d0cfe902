"""Averages over seeds: means, standard errors and Student's t intervals of grouped rows."""

import math
from collections.abc import Sequence

import polars as pl
from scipy import stats

LEVEL = 0.95


def averaged(table: pl.DataFrame, keys: Sequence[str], measured: Sequence[str]) -> pl.DataFrame:
    """Average measured columns over the rows of each group, one row a seed.

    Parameters
    ----------
    table : polars.DataFrame
    keys : sequence of str
        Columns that name a group.
    measured : sequence of str

    Returns
    -------
    polars.DataFrame
        The keys, `seeds`, and for each measured column NAME its mean NAME, standard error NAME_se, and the
        ends NAME_low and NAME_high of its 95% interval; the latter three empty for a single seed.
    """
    parts = [pl.len().cast(pl.Int64).alias("seeds")]
    for name in measured:
        parts += [
            pl.col(name).mean(),
            (pl.col(name).std() / pl.col(name).count().cast(pl.Float64).sqrt()).alias(f"{name}_se"),
        ]
    grouped = table.group_by(list(keys), maintain_order=True).agg(parts)
    sizes = sorted(set(grouped["seeds"]))
    quantile = pl.col("seeds").replace_strict(
        sizes,
        [float(stats.t.ppf((1 + LEVEL) / 2, size - 1)) if size > 1 else math.inf for size in sizes],
        return_dtype=pl.Float64,
    )
    ends = []
    for name in measured:
        half = quantile * pl.col(f"{name}_se")
        ends += [(pl.col(name) - half).alias(f"{name}_low"), (pl.col(name) + half).alias(f"{name}_high")]
    return grouped.with_columns(ends)
