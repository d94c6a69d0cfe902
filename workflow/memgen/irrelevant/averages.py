"""Averages over seeds: means, standard errors and intervals of grouped rows."""

from collections.abc import Sequence

import polars as pl

from memgen.tables.statistics import student_factor


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
        known = pl.col(name).count().cast(pl.Float64)
        parts += [pl.col(name).mean(), (pl.col(name).std() / known.sqrt()).alias(f"{name}_se")]
    grouped = table.group_by(list(keys), maintain_order=True).agg(parts)
    reach = pl.Series(student_factor(grouped["seeds"].to_numpy())).fill_nan(None)
    ends = []
    for name in measured:
        half = reach * grouped[f"{name}_se"]
        ends += [(grouped[name] - half).alias(f"{name}_low"), (grouped[name] + half).alias(f"{name}_high")]
    return grouped.with_columns(ends)
