"""Bits of irrelevant information that an attack gets out of each learner, with and without defences."""

import polars as pl

from memgen.irrelevant.averages import averaged
from memgen.irrelevant.bounds import leaked_bits
from memgen.irrelevant.tables import LEAKAGE, RUNS
from memgen.jobs.stage import Inputs, Output, stage

_KEYS = list(LEAKAGE.columns)[: list(LEAKAGE.columns).index("singletons")]


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
    bits = leaked_bits(
        last["free_error"].to_numpy(),
        last["targets"].to_numpy(),
        last["dimension"].to_numpy(),
        last["rho"].to_numpy(),
    )
    found = averaged(
        last.with_columns(leaked_bits=pl.Series(bits, dtype=pl.Float64)),
        _KEYS,
        ["singletons", "free_error", "leaked_bits", "accuracy_singleton"],
    ).with_columns(storage_bits=(pl.col("samples") * pl.col("dimension")).cast(pl.Float64))
    found = found.with_columns(leaked_share=pl.col("leaked_bits") / pl.col("storage_bits"))
    LEAKAGE.write(found.select(list(LEAKAGE.columns)), out)
