"""Response tables of any length: read lazily, and averaged one kind of item, hierarchy and phase at a time.

Seeds are the independent observations: a run and its reversal share items and prompts, so they are averaged
within the seed before any standard error. The published responses of twelve files, 8.1 million rows, need
less than 2 GB of memory.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from memgen.errors import BadInput
from memgen.jobs.stage import progress
from memgen.language.responses.tables import ACCURACY, KEY, RESPONSES, VALUES
from memgen.tables.statistics import half_width, mean_with_error, student_factor, wilson

CELL = [*KEY, "phase"]
NEEDED = (*KEY, "seed", "reverse", "phase", "first", "second", "pair_class", "logit_difference", "correct")
TRAINED = ("train", "exception")
SAME = 1e-6
"""Margins are the same if they differ by less than this share of the seed's largest: by rounding."""


def scan(path: Path, columns: tuple[str, ...] = NEEDED) -> pl.LazyFrame:
    """Lazy frame of some columns of a response table, parquet or csv; types are checked before a row is read.

    BadInput if the file is missing, unreadable or not a response table.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; expected a {RESPONSES.name} table (.parquet or .csv)")
    try:
        if path.suffix == ".csv":
            frame = pl.scan_csv(path, schema_overrides=RESPONSES.schema)
        else:
            frame = pl.scan_parquet(path)
        schema = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{path}: cannot be read as a {RESPONSES.name} table ({reason})") from None
    for name in columns:
        if name not in schema:
            raise BadInput(f"{path}: column {name} is missing; allowed: a {RESPONSES.name} table")
        if schema[name] != RESPONSES.schema[name]:
            raise BadInput(f"{path}: column {name} is {schema[name]}; allowed: {RESPONSES.schema[name]}")
    return frame.select(columns)


def parts(frame: pl.LazyFrame, *names: str) -> list[pl.LazyFrame]:
    """A frame by the values that some columns take together, sorted."""
    groups = frame.select(names).unique().sort(names).collect(engine="streaming").iter_rows(named=True)
    return [frame.filter(*(pl.col(name) == value for name, value in group.items())) for group in groups]


def rows_of(frame: pl.DataFrame, cell: Mapping[str, object]) -> pl.DataFrame:
    """Rows of a table in which some columns hold what a cell has there, empty ones included."""
    schema = frame.schema
    return frame.filter(
        *(pl.col(name).eq_missing(pl.lit(value, schema[name])) for name, value in cell.items())
    )


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
    means = {"accuracy": "correct", "paired_accuracy": "paired_correct"}
    return distinct_runs(
        responses.filter(finite),
        *(pl.col(column).cast(pl.Float64).mean().alias(name) for name, column in means.items()),
    )


def distinct_runs(responses: pl.DataFrame, *values: pl.Expr) -> pl.DataFrame:
    """Margins of every run and pair, and whether the run is a new observation or repeats another.

    Where exceptions lie symmetrically, a ridge probe's reversed run is trained on the negated targets of its
    forward run and answers with the negated answers: M'(h, k) = M(n - 1 - k, n - 1 - h). Before training a
    model answers the same prompts in both, and the margins change sign. Neither is a second observation.

    Parameters
    ----------
    responses : polars.DataFrame
        All rows of the runs.
    *values : polars.Expr
        Further averages over the two directions of a pair.

    Returns
    -------
    polars.DataFrame
        Columns of `CELL`, seed, reverse, pair_class, higher, lower, the values, margin and distinct.
    """
    sign = pl.when(pl.col("first") < pl.col("second")).then(1.0).otherwise(-1.0)
    pairs = responses.group_by(
        *CELL,
        "seed",
        "reverse",
        "pair_class",
        pl.min_horizontal("first", "second").alias("higher"),
        pl.max_horizontal("first", "second").alias("lower"),
    ).agg(*values, (sign * pl.col("logit_difference")).mean().alias("margin"))
    seed = [*CELL, "seed"]
    last = pl.col("lower").max().over(*CELL)
    mirrored = pairs.filter(~pl.col("reverse")).select(
        *seed, (last - pl.col("lower")).alias("higher"), (last - pl.col("higher")).alias("lower"),
        pl.col("margin").alias("_mirrored"),
    )  # fmt: skip
    joined = pairs.join(
        mirrored, on=[*seed, "higher", "lower"], how="left", nulls_equal=True, maintain_order="left"
    )
    rounding = SAME * pl.col("margin").abs().max().over(*seed)
    repeats = [
        ((pl.col("margin") - change * pl.col("_mirrored")).abs() <= rounding)
        .fill_null(False)
        .all()
        .over(*seed, "reverse")
        for change in (1, -1)
    ]
    repeated = pl.col("reverse") & (repeats[0] | repeats[1])
    return joined.with_columns((~repeated).alias("distinct")).drop("_mirrored")


def over_seeds(rows: pl.DataFrame, keys: list[str], values: Sequence[str]) -> pl.DataFrame:
    """Mean and standard error clustered by seed, seeds weighted equally.

    Parameters
    ----------
    rows : polars.DataFrame
        Columns of `keys` and `values`, seed, reverse, distinct, higher and lower.
    keys, values : sequence of str
        Columns that name a group, and columns to average.

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


def seed_mean(name: str, values: np.ndarray) -> dict[str, float | None]:
    """Columns of `mean_over_seeds`: a mean, its standard error and half the width of its interval."""
    mean, error = mean_with_error(values)
    half = half_width(error, len(values))
    return {name: mean, f"{name}_standard_error": error, f"{name}_half_width": half}


def by_part(path: Path, average: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """Average a response table one kind of item, hierarchy and phase at a time.

    BadInput if the file is not a response table or holds no rows.
    """
    frames = parts(scan(path, tuple(RESPONSES.columns)), "source", "items", "hierarchy", "phase")
    if not frames:
        raise BadInput(f"{path}: holds no responses; nothing to average")
    rows = progress(frames, f"averaging {path.name}")
    return pl.concat([average(part.collect(engine="streaming")) for part in rows])


def accuracies(path: Path) -> pl.DataFrame:
    """Accuracy table of a response table, sorted: `ACCURACY`; refuses what `by_part` refuses."""
    rows = by_part(path, _accuracies)
    return rows.sort(*CELL, "pair_class").select(list(ACCURACY.columns))


def _accuracies(responses: pl.DataFrame) -> pl.DataFrame:
    """Averages by pair class, with Wilson intervals of the two accuracies."""
    keys = [*CELL, "pair_class"]
    pairs = pair_margins(responses)
    # One answer per direction of a pair, and one comparison of the two directions; of distinct runs only.
    distinct = pl.col("accuracy").filter("distinct").count()
    counts = pairs.group_by(keys).agg(
        (2 * distinct).alias("n_answers"),
        (2 * distinct * pl.col("accuracy").mean()).alias("right"),
        (distinct * pl.col("paired_accuracy").mean()).alias("paired_right"),
    )
    rows = over_seeds(pairs, keys, VALUES).join(
        counts, on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    answers = rows["n_answers"].to_numpy()
    intervals = {
        "accuracy": wilson(rows["right"].to_numpy(), answers),
        "paired_accuracy": wilson(rows["paired_right"].to_numpy(), answers / 2),
    }
    ends = [
        pl.Series(f"{name}_{end}", values, nan_to_null=True)
        for name, both in intervals.items()
        for end, values in zip(("low", "high"), both, strict=True)
    ]
    return rows.with_columns(*ends, pl.col("n_answers").cast(pl.Int64))
