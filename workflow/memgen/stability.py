"""Whether a verdict is the same under two sets of CPU kernels, which round sums in another order."""

from pathlib import Path

import polars as pl

from memgen.claims import CLAIMS, KEY, VERDICTS
from memgen.errors import BadInput
from memgen.tables import Column, Table

STABILITY = Table(
    "stability",
    {
        **{name: CLAIMS.columns[name] for name in KEY},
        "ours": Column(pl.Float64, "value found with the first set of kernels", nullable=True),
        "other_ours": Column(pl.Float64, "value found with the second", nullable=True),
        "verdict": Column(pl.String, "verdict with the first set of kernels", allowed=VERDICTS),
        "other_verdict": Column(pl.String, "verdict with the second", allowed=VERDICTS),
        "same": Column(pl.Boolean, "whether the two verdicts are the same"),
        "kernels": Column(pl.String, "first set of kernels"),
        "other_kernels": Column(pl.String, "second set"),
        "machine": Column(pl.String, "processor that both ran on"),
    },
)


def compared(one: Path, other: Path, kernels: tuple[str, str], machine: str) -> pl.DataFrame:
    """Verdicts of two claims tables of one study, side by side.

    Parameters
    ----------
    one, other : pathlib.Path
        Claims tables.
    kernels : (str, str)
        What each of them ran with.
    machine : str
        What both ran on.

    Returns
    -------
    polars.DataFrame
        Of `STABILITY`, in the order of the first table.

    Raises
    ------
    BadInput
        If either is no claims table, or the two do not hold the same claims.
    """
    first, second = CLAIMS.read(one), CLAIMS.read(other)
    chosen = second.select(*KEY, other_ours="ours", other_verdict="verdict")
    both = first.select(*KEY, "ours", "verdict").join(
        chosen, on=list(KEY), how="left", nulls_equal=True, maintain_order="left"
    )
    missing = both.filter(pl.col("other_verdict").is_null())
    if missing.height or first.height != second.height:
        which = f", such as {missing['claim'][0]!r}" if missing.height else ""
        raise BadInput(
            f"{other}: does not hold the claims of {one}{which}; allowed: a table of the same study"
        )
    return both.with_columns(
        same=pl.col("verdict") == pl.col("other_verdict"),
        kernels=pl.lit(kernels[0]),
        other_kernels=pl.lit(kernels[1]),
        machine=pl.lit(machine),
    )
