"""What a language model gives away of the numbers in its sentences, averaged over seeds."""

import polars as pl

from memgen.irrelevant.averages import averaged
from memgen.irrelevant.exposure import chance_exposure, exposure
from memgen.irrelevant.tables import EXTRACTION, EXTRACTIONS
from memgen.jobs.stage import Input, Output, stage

_KEYS = ["model", "loss", "epochs", "multiplicity", "digits", "drawn"]
_MEASURED = [name for name in EXTRACTION.columns if f"{name}_se" in EXTRACTION.columns]


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
    # Customers of one seed share a model: the seed is what is drawn anew.
    by_seed = table.group_by([*_KEYS, "seed"], maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("customers"), *(pl.col(name).mean() for name in _MEASURED)
    )
    found = averaged(by_seed, [*_KEYS, "customers"], _MEASURED)
    chance = [chance_exposure(drawn + 1) for drawn in found["drawn"]]
    found = found.with_columns(
        times_seen=pl.col("multiplicity") * pl.col("epochs"),
        exposure_chance=pl.Series(chance, dtype=pl.Float64),
    )
    EXTRACTION.write(found.select(list(EXTRACTION.columns)), out)
