"""How far finite networks are from the theory, over seeds, and by what power of the width that falls.

The fit is a straight line through the logarithms, one per seed, because networks of one seed are what is
drawn independently.
"""

from typing import Annotated

import numpy as np
import polars as pl

from memgen.configuration.options import About, flat
from memgen.jobs.stage import Inputs, Output, stage
from memgen.relational.tables import (
    FINITE_WIDTH,
    FINITE_WIDTH_MARGINS,
    FINITE_WIDTH_SLOPES,
    FINITE_WIDTH_SUMMARY,
)
from memgen.tables.statistics import standard_error, student_interval


@stage
@flat
def finite_width_summary(
    *,
    networks: Annotated[Inputs, About("finite width tables")],
    margins: Annotated[Inputs, About("tables of their margins")],
    out: Annotated[Output, About("summary table")],
    slopes: Annotated[Output, About("slopes table")],
) -> None:
    """Summarize finite networks over seeds and fit the power of the width."""
    runs = pl.concat([FINITE_WIDTH.read(path) for path in networks])
    pairs = pl.concat([FINITE_WIDTH_MARGINS.read(path) for path in margins])
    key = ["hierarchy", "n", "exceptions", "regime", "width", "scale"]
    off = pl.col("margin") - pl.col("theory")
    # The margins of one network go together: their errors are added, the most that they can come to.
    error = (off.abs() * pl.col("standard_error")).mean() / (off**2).mean().sqrt()
    systematic = (
        pairs.filter(~pl.col("pair_class").is_in(["train", "exception"]))
        .group_by(key, maintain_order=True)
        .agg(systematic=(off**2).mean().sqrt(), systematic_standard_error=error)
    )
    summary = runs.group_by(key, maintain_order=True).agg(
        seeds=pl.len().cast(pl.Int64),
        standard_error=standard_error("deviation"),
        accuracy_standard_error=standard_error("accuracy"),
        deviation=pl.col("deviation").mean(),
        accuracy=pl.col("accuracy").mean(),
        kernel_change=pl.col("kernel_change").mean(),
        training_error=pl.col("training_error").max(),
    )
    FINITE_WIDTH_SUMMARY.write(summary.join(systematic, on=key, maintain_order="left"), out)
    rows = []
    over_widths = runs.filter(pl.col("regime") != "scan")
    for labels, group in over_widths.group_by("hierarchy", "n", "exceptions", "regime", maintain_order=True):
        for quantity in ("deviation", "kernel_change"):
            common = dict(zip(("hierarchy", "n", "exceptions", "regime"), labels, strict=True))
            rows.append({**common, "quantity": quantity, **slope_over_seeds(group, quantity)})
    FINITE_WIDTH_SLOPES.write(pl.DataFrame(rows, schema=FINITE_WIDTH_SLOPES.schema), slopes)


def slope_over_seeds(runs: pl.DataFrame, quantity: str) -> dict[str, float | int]:
    """Power of the width by which a positive column grows, as in the slopes table; a slope per seed."""
    table = runs.sort("seed", "width")
    widths, seeds = table["width"].n_unique(), table["seed"].n_unique()
    x = np.log(table["width"].to_numpy().reshape(seeds, widths).astype(float))
    y = np.log(table[quantity].to_numpy().reshape(seeds, widths))
    x = x - x.mean(axis=1, keepdims=True)
    slopes = (x * y).sum(axis=1) / (x * x).sum(axis=1)
    names = ("slope", "standard_error", "low", "high")
    return {"seeds": seeds, "widths": widths, **dict(zip(names, student_interval(slopes), strict=True))}
