"""Responses of all runs in one table, and what is averaged from them.

Seeds are the independent observations: a run and its reversal share items and prompts, so they are averaged
within the seed before any standard error.
"""

import polars as pl

from memgen.statistics import student_factor

CELL = ["source", "model", "items", "hierarchy", "method", "hyperparameter", "phase"]


def pair_margins(responses: pl.DataFrame) -> pl.DataFrame:
    """One row per run and pair h < k.

    Parameters
    ----------
    responses : polars.DataFrame
        Columns of `RESPONSES`; runs that diverged are left out (`RUNS` counts them).

    Returns
    -------
    polars.DataFrame
        The cell, seed, reverse, pair_class, higher, lower, and the means over the two directions of
        correct (accuracy), paired_correct (paired_accuracy) and the signed logit difference (margin).
    """
    finite = pl.col("logit_difference").is_finite().all().over(*CELL, "seed", "reverse")
    responses = responses.filter(finite)
    sign = pl.when(pl.col("first") < pl.col("second")).then(1.0).otherwise(-1.0)
    return responses.group_by(
        *CELL,
        "seed",
        "reverse",
        "pair_class",
        pl.min_horizontal("first", "second").alias("higher"),
        pl.max_horizontal("first", "second").alias("lower"),
    ).agg(
        pl.col("correct").cast(pl.Float64).mean().alias("accuracy"),
        pl.col("paired_correct").cast(pl.Float64).mean().alias("paired_accuracy"),
        (sign * pl.col("logit_difference")).mean().alias("margin"),
    )


def over_seeds(rows: pl.DataFrame, keys: list[str], values: list[str]) -> pl.DataFrame:
    """Mean and standard error clustered by seed, seeds weighted equally.

    Parameters
    ----------
    rows : polars.DataFrame
        Columns of `keys` and `values`, seed, reverse, higher and lower.
    keys : list of str
        Columns that name a group.
    values : list of str
        Columns to average.

    Returns
    -------
    polars.DataFrame
        One row per group, sorted: the keys, each value, value_standard_error and value_half_width (of the
        95% interval by Student's t over seeds; both null for one seed), n_pairs, n_runs, n_seeds.
    """
    seeds = rows.sort(*keys, "seed", "reverse", "higher", "lower").group_by(
        *keys, "seed", maintain_order=True
    )
    means = seeds.agg(
        *(pl.col(value).mean() for value in values),
        pl.struct("higher", "lower").n_unique().alias("n_pairs"),
        pl.col("reverse").n_unique().alias("n_runs"),
    )
    table = means.group_by(*keys, maintain_order=True).agg(
        *(pl.col(value).mean() for value in values),
        *(
            (pl.col(value).std() / pl.col(value).count().sqrt()).alias(f"{value}_standard_error")
            for value in values
        ),
        pl.col("n_pairs").max().cast(pl.Int64),
        pl.col("n_runs").sum().cast(pl.Int64),
        pl.len().cast(pl.Int64).alias("n_seeds"),
        *(pl.col(value).count().alias(f"{value}_count") for value in values),
    )
    factors = {value: pl.Series(student_factor(table[f"{value}_count"].to_numpy())) for value in values}
    return table.with_columns(
        (pl.col(f"{value}_standard_error") * factor).alias(f"{value}_half_width")
        for value, factor in factors.items()
    ).drop(f"{value}_count" for value in values)
