"""Responses of all runs in one table, and what is averaged from them.

Seeds are the independent observations: a run and its reversal share items and prompts, so they are averaged
within the seed before any standard error.
"""

import polars as pl

from memgen.tables.statistics import student_factor

CELL = ["source", "model", "items", "hierarchy", "method", "hyperparameter", "phase"]


SAME = 1e-6
"""Margins are the same if they differ by less than this share of the seed's largest: by rounding."""


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
        correct (accuracy), paired_correct (paired_accuracy) and the signed logit difference (margin);
        distinct is false for a reversed run that repeats its forward run, see `distinct_runs`.
    """
    finite = pl.col("logit_difference").is_finite().all().over(*CELL, "seed", "reverse")
    responses = responses.filter(finite)
    sign = pl.when(pl.col("first") < pl.col("second")).then(1.0).otherwise(-1.0)
    pairs = responses.group_by(
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
    return distinct_runs(pairs)


def distinct_runs(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add a column that tells runs from repetitions: false where a reversed run repeats its forward run.

    Where exceptions lie symmetrically, a ridge probe's reversed run is trained on the negated targets of its
    forward run and answers with the negated answers: M'(h, k) = M(n - 1 - k, n - 1 - h). Before training a
    model answers the same prompts in both, and the margins change sign. Neither is a second observation.

    Parameters
    ----------
    pairs : polars.DataFrame
        Columns of `CELL`, seed, reverse, higher, lower and margin; every pair of a run.

    Returns
    -------
    polars.DataFrame
        The same rows, and distinct.
    """
    seed = [*CELL, "seed"]
    last = pl.col("lower").max().over(*CELL)
    mirrored = pairs.select(
        *seed, "reverse", (last - pl.col("lower")).alias("higher"), (last - pl.col("higher")).alias("lower"),
        pl.col("margin").alias("_mirrored"),
    ).filter(~pl.col("reverse")).drop("reverse")  # fmt: skip
    joined = pairs.join(
        mirrored, on=[*seed, "higher", "lower"], how="left", nulls_equal=True, maintain_order="left"
    )
    rounding = SAME * pl.col("margin").abs().max().over(*seed)
    repeats = [
        ((pl.col("margin") - sign * pl.col("_mirrored")).abs() <= rounding)
        .fill_null(False)
        .all()
        .over(*seed, "reverse")
        for sign in (1, -1)
    ]
    return joined.with_columns((~(pl.col("reverse") & (repeats[0] | repeats[1]))).alias("distinct")).drop(
        "_mirrored"
    )


def over_seeds(rows: pl.DataFrame, keys: list[str], values: list[str]) -> pl.DataFrame:
    """Mean and standard error clustered by seed, seeds weighted equally.

    Parameters
    ----------
    rows : polars.DataFrame
        Columns of `keys` and `values`, seed, reverse, distinct, higher and lower.
    keys : list of str
        Columns that name a group.
    values : list of str
        Columns to average.

    Returns
    -------
    polars.DataFrame
        One row per group, sorted: the keys, each value, value_standard_error and value_half_width (of the
        95% interval by Student's t over seeds; both null for one seed), n_pairs, n_runs (distinct ones),
        n_seeds.
    """
    seeds = rows.sort(*keys, "seed", "reverse", "higher", "lower").group_by(
        *keys, "seed", maintain_order=True
    )
    means = seeds.agg(
        *(pl.col(value).mean() for value in values),
        pl.struct("higher", "lower").n_unique().alias("n_pairs"),
        pl.col("reverse").filter("distinct").n_unique().alias("n_runs"),
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
