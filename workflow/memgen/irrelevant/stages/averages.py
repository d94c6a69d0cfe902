"""What attacks recover, averaged over seeds: recovery, leaked bits, and a language model's numbers."""

from collections.abc import Sequence

import polars as pl

from memgen.irrelevant.bounds import chance_exposure, exposure, leaked_bits, recovered_share
from memgen.irrelevant.tables import AVERAGES, EXTRACTED, EXTRACTION, EXTRACTIONS, LEAKAGE, RECOVERY, RUNS
from memgen.jobs.stage import Input, Inputs, Output, stage
from memgen.tables.schema import Table
from memgen.tables.statistics import student_factor


@stage
def completed(*, blocks: Inputs, out: Output) -> None:
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
    whole = averaged(table, _through(AVERAGES, "multiplicity"), measured)
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
    table = EXTRACTIONS.read(runs)
    bits = [
        float(exposure(rank, drawn + 1)) for rank, drawn in zip(table["rank"], table["drawn"], strict=True)
    ]
    table = table.with_columns(
        exposure=pl.Series(bits, dtype=pl.Float64),
        extracted=pl.col("extracted").cast(pl.Float64),
        digits_recovered=pl.col("digits_recovered") / pl.col("digits"),
    )
    keys = ["model", "loss", "epochs", "multiplicity", "digits", "drawn"]
    # Customers of one seed share a model: the seed is the independent unit.
    by_seed = table.group_by([*keys, "seed"], maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("customers"), *(pl.col(name).mean() for name in EXTRACTED)
    )
    found = averaged(by_seed, [*keys, "customers"], list(EXTRACTED))
    chance = [chance_exposure(drawn + 1) for drawn in found["drawn"]]
    found = found.with_columns(
        times_seen=pl.col("multiplicity") * pl.col("epochs"),
        exposure_chance=pl.Series(chance, dtype=pl.Float64),
    )
    EXTRACTION.write(found.select(list(EXTRACTION.columns)), out)


def _through(table: Table, last: str) -> list[str]:
    """Columns of a table up to one of them: those that name a group."""
    names = list(table.columns)
    return names[: names.index(last) + 1]


def averaged(table: pl.DataFrame, keys: Sequence[str], measured: Sequence[str]) -> pl.DataFrame:
    """Average measured columns over the rows of each group, one row a seed.

    Adds `seeds`, and for each measured column NAME its standard error NAME_se and the ends NAME_low and
    NAME_high of its 95% interval, empty for a single seed.
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
