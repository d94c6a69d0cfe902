"""What attacks recover, averaged over seeds: recovery, leaked bits, and a language model's numbers."""

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import polars as pl

from memgen.irrelevant.bounds import chance_exposure, leaked_bits, needed_bits, recovered_share
from memgen.irrelevant.summaries import with_exposure
from memgen.irrelevant.tables import (
    AVERAGES,
    EXTRACTED,
    EXTRACTION,
    EXTRACTIONS,
    LEAKAGE,
    MATCHED,
    RECOVERY,
    RUNS,
)
from memgen.jobs.arguments import Range
from memgen.jobs.stage import Input, Inputs, Output, stage
from memgen.tables.schema import Table
from memgen.tables.statistics import within_bounds


@stage
def merge_runs(*, blocks: Inputs, out: Output) -> None:
    """Put the transformer's completions of all seeds into one table.

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
    group = _through(AVERAGES, "singleton_weight")
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
def leakage(
    *,
    runs: Inputs,
    accuracy: Annotated[float, Range(0, 1, above=True, below=True)],
    out: Output,
    matched: Output,
) -> None:
    """Tabulate leaked bits per learner, defence and attack, and those that equal accuracy costs.

    Parameters
    ----------
    runs
        Runs tables.
    accuracy
        Accuracy on clusters seen once at which private learners of different sizes are compared.
    out
        Leakage table: every attack on the cluster task after the last step.
    matched
        Matched table: of every run and size with several noise levels that enclose the accuracy.
    """
    # Noise is a small part of a prefix: what of it leaks is no share of free positions.
    table = pl.concat([RUNS.read(path) for path in runs]).filter(pl.col("rho").is_not_null())
    of_seed = [*_through(LEAKAGE, "singleton_weight"), "seed"]
    last = table.filter(
        (pl.col("step") == pl.col("step").max().over(of_seed)) & (pl.col("multiplicity") == 1)
    ).with_columns(
        # Some attacks are made on a few targets only, the main one on all.
        singletons=pl.col("targets").max().over(of_seed).cast(pl.Float64)
    )
    sizes = [last[name].to_numpy() for name in ("dimension", "rho")]
    last = last.with_columns(
        bits=pl.Series(leaked_bits(1 - last["free_recovered"].to_numpy(), 1, *sizes), dtype=pl.Float64)
    ).with_columns(leaked_bits=pl.col("singletons") * pl.col("bits"))
    names = ["singletons", "bits_recovered", "free_recovered", "bits", "leaked_bits", "accuracy_singleton"]
    shares = ("bits_recovered", "free_recovered", "accuracy_singleton")
    found = averaged(last, _through(LEAKAGE, "attack"), names, shares).with_columns(
        storage_bits=(pl.col("samples") * pl.col("dimension")).cast(pl.Float64),
        # By the lower end of the interval, so that an attack on few targets does not win by chance.
        best=pl.int_range(pl.len()).over(_through(LEAKAGE, "singleton_weight"))
        == pl.coalesce("free_recovered_low", "free_recovered")
        .arg_max()
        .over(_through(LEAKAGE, "singleton_weight")),
        # Nobody recovers more than a sample has, or less than nothing.
        bits_low=pl.col("bits_low").clip(0),
        bits_high=pl.min_horizontal("bits_high", (1 - pl.col("rho")) * pl.col("dimension")),
    )
    LEAKAGE.write(found.select(list(LEAKAGE.columns)), out)
    best = found.filter("best").select(_through(LEAKAGE, "attack"))
    rows = last.join(best, on=_through(LEAKAGE, "attack"), nulls_equal=True, maintain_order="left")
    MATCHED.write(_at_accuracy(rows.filter(pl.col("kind") == "noise"), accuracy), matched)


def _at_accuracy(noisy: pl.DataFrame, accuracy: float) -> pl.DataFrame:
    """Bits of every run, size and seed at one accuracy, interpolated between noise levels, averaged."""
    keys = _through(MATCHED, "rho")
    parts = []
    for (*key, seed), rows in noisy.group_by([*keys, "seed"], maintain_order=True):
        ordered = rows.sort("accuracy_singleton", "bits")
        reached = ordered["accuracy_singleton"].to_numpy()
        if len(reached) > 1 and reached[0] <= accuracy <= reached[-1]:
            bits = float(np.interp(accuracy, reached, ordered["bits"].to_numpy()))
            parts.append((*key, seed, accuracy, bits))
    schema = {
        name: (MATCHED.schema | {"seed": pl.Int64})[name] for name in (*keys, "seed", "accuracy", "bits")
    }
    found = averaged(pl.DataFrame(parts, schema=schema, orient="row"), [*keys, "accuracy"], ["bits"])
    sizes = found.select("samples", "dimension", "rho").rows()
    return found.with_columns(
        needed=pl.Series([needed_bits(n, d, rho, accuracy) for n, d, rho in sizes], dtype=pl.Float64),
        free=(1 - pl.col("rho")) * pl.col("dimension"),
    ).select(list(MATCHED.columns))


@stage
def average_extractions(*, runs: Input, out: Output) -> None:
    """Average exposure and extraction over customers, then over seeds, for every number of times seen.

    Parameters
    ----------
    runs
        Extraction runs table.
    out
        Extraction table.
    """
    table = with_exposure(EXTRACTIONS.read(runs))
    keys = ["model", "training", "lora_rank", "noise", "multiplicity", "digits", "candidates"]
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
    NAME_high of its 95% interval, empty for a single seed or where all seeds agree. Each is a mean over
    thousands of bits, so limits by Clopper and Pearson, which count seeds, would be far too wide. Intervals
    of shares lie within 0 and 1.
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
        spread = np.where(error > 0, error, math.nan)
        for end, limit in zip(("low", "high"), within_bounds(mean, spread, seeds, *bounds), strict=True):
            ends.append(pl.Series(f"{name}_{end}", limit).fill_nan(None))
    return grouped.with_columns(ends)
