"""What attacks recover, averaged over seeds: recovery, leaked bits, and a language model's numbers."""

import math
from collections.abc import Sequence

import polars as pl

from memgen.irrelevant.bounds import chance_exposure, leaked_bits, recovered_share
from memgen.irrelevant.summaries import with_exposure
from memgen.irrelevant.tables import AVERAGES, EXTRACTED, EXTRACTION, EXTRACTIONS, LEAKAGE, RECOVERY, RUNS
from memgen.jobs.stage import Input, Inputs, Output, stage
from memgen.tables.schema import Table
from memgen.tables.statistics import within_bounds


@stage
def completed(*, blocks: Inputs, out: Output) -> None:
    """Put what the transformer completed, seed by seed, into one table.

    Parameters
    ----------
    blocks
        Runs tables, in the order of their seeds.
    out
        Runs table.
    """
    RUNS.write(pl.concat([RUNS.read(path) for path in blocks]).rechunk(), out)


@stage
def recovery(*, runs: Inputs, out: Output, averages: Output) -> None:
    """Average what attacks recover over seeds, for every learner, defence, step and multiplicity.

    Parameters
    ----------
    runs
        Runs tables.
    out
        Recovery table: the main attack of each learner; of runs of the same setting, the first.
    averages
        Averages table: every attack, with intervals.
    """
    table = pl.concat([RUNS.read(path) for path in runs])
    measured = [name for name in AVERAGES.columns if f"{name}_se" in AVERAGES.columns]
    shares = [name for name in measured if name != "queries"]
    whole = averaged(table, _through(AVERAGES, "multiplicity"), measured, shares)
    group = ["run", "task", "learner", "defence", "clusters", "samples", "dimension", "rho"]
    known = (pl.col("multiplicity") > 0) & pl.col("rho").is_not_null()
    majority = recovered_share(whole["multiplicity"].clip(1).to_numpy(), whole["rho"].fill_null(0).to_numpy())
    whole = whole.with_columns(
        last=pl.col("step") == pl.col("step").max().over(group),
        expected=pl.when(known).then(pl.Series(majority, dtype=pl.Float64)),
    )
    AVERAGES.write(whole, averages)
    main = whole.filter("main").unique(_through(RECOVERY, "multiplicity"), keep="first", maintain_order=True)
    RECOVERY.write(main.select(list(RECOVERY.columns)), out)


@stage
def leakage(*, runs: Inputs, out: Output) -> None:
    """Tabulate leaked bits per learner and defence, beside the size of the sample.

    Parameters
    ----------
    runs
        Runs tables.
    out
        Leakage table: the main attack on the cluster task after the last step.
    """
    # Noise is a small part of a prefix: what of it leaks is no share of free positions.
    table = pl.concat([RUNS.read(path) for path in runs]).filter(pl.col("main") & pl.col("rho").is_not_null())
    group = ["run", "task", "learner", "defence", "clusters", "samples", "dimension", "rho", "seed"]
    last = table.filter(
        (pl.col("step") == pl.col("step").max().over(group)) & (pl.col("multiplicity") == 1)
    ).with_columns(free_error=1 - pl.col("free_recovered"), singletons=pl.col("targets").cast(pl.Float64))
    sizes = [last[name].to_numpy() for name in ("free_error", "targets", "dimension", "rho")]
    found = averaged(
        last.with_columns(leaked_bits=pl.Series(leaked_bits(*sizes), dtype=pl.Float64)),
        _through(LEAKAGE, "attack"),
        ["singletons", "free_error", "leaked_bits", "accuracy_singleton"],
        ("free_error", "accuracy_singleton"),
    ).with_columns(storage_bits=(pl.col("samples") * pl.col("dimension")).cast(pl.Float64))
    found = found.with_columns(leaked_share=pl.col("leaked_bits") / pl.col("storage_bits"))
    LEAKAGE.write(found.select(list(LEAKAGE.columns)), out)


@stage
def extraction(*, runs: Input, out: Output) -> None:
    """Average exposure and extraction over customers, then over seeds, for every number of times seen.

    Parameters
    ----------
    runs
        Extraction runs table.
    out
        Extraction table.
    """
    table = with_exposure(EXTRACTIONS.read(runs))
    keys = ["model", "training", "adapter_rank", "noise", "multiplicity", "digits", "candidates"]
    # Numbers of one seed share a model: the seed is the independent unit.
    by_seed = table.group_by([*keys, "seed"], maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("numbers"), *(pl.col(name).mean() for name in EXTRACTED)
    )
    found = averaged(by_seed, [*keys, "numbers"], list(EXTRACTED), shares=("first", "accuracy_fresh"))
    found = found.with_columns(
        pl.Series("chance", [chance_exposure(number) for number in found["candidates"]]),
        # No exposure is below 0 or above that of the first.
        exposure_low=pl.col("exposure_low").clip(0.0),
        exposure_high=pl.min_horizontal("exposure_high", pl.col("candidates").log(2)),
        chance_low=-math.log2(0.95),
        chance_high=-math.log2(0.05),
    )
    EXTRACTION.write(found.select(list(EXTRACTION.columns)), out)


def _through(table: Table, last: str) -> list[str]:
    """Columns of a table up to one of them: those that name a group."""
    names = list(table.columns)
    return names[: names.index(last) + 1]


def averaged(
    table: pl.DataFrame, keys: Sequence[str], measured: Sequence[str], shares: Sequence[str] = ()
) -> pl.DataFrame:
    """Average measured columns over the rows of each group, one row a seed.

    Adds `seeds`, and for each measured column NAME its standard error NAME_se and the ends NAME_low and
    NAME_high of its 95% interval, empty for a single seed. Intervals of shares lie within 0 and 1.
    """
    parts = [pl.len().cast(pl.Int64).alias("seeds")]
    for name in measured:
        known = pl.col(name).count().cast(pl.Float64)
        parts += [pl.col(name).mean(), (pl.col(name).std() / known.sqrt()).alias(f"{name}_se")]
    grouped = table.group_by(list(keys), maintain_order=True).agg(parts)
    ends = []
    for name in measured:
        bounds = (0.0, 1.0) if name in shares else (-math.inf, math.inf)
        mean, error, seeds = (grouped[part].to_numpy() for part in (name, f"{name}_se", "seeds"))
        low, high = within_bounds(mean, error, seeds, *bounds)
        ends += [pl.Series(f"{name}_low", low).fill_nan(None), pl.Series(f"{name}_high", high).fill_nan(None)]
    return grouped.with_columns(ends)
