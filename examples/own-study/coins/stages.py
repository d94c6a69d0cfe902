"""One stage and one figure: the share of heads against the number of tosses."""

from typing import Annotated

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.figure import Figure

from coins.configuration import Coins
from memgen.configuration.options import As, flat
from memgen.figures.style import figure
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Input, Output, stage
from memgen.tables.schema import Column, Table
from memgen.tables.statistics import mean_with_error

SHARES = Table(
    "shares",
    {
        "tosses": Column(pl.Int64, "number of tosses"),
        "heads": Column(pl.Float64, "mean share of heads"),
        "standard_error": Column(pl.Float64, "of that mean, over repeats"),
    },
)


@stage
@flat
def toss(*, coins: Annotated[Coins, As()], out: Output) -> None:
    """Toss a coin."""
    rows = []
    for tosses in coins.tosses:
        heads = generator("coins", "toss", tosses).binomial(tosses, coins.probability, coins.repeats)
        rows.append((tosses, *mean_with_error(heads / tosses)))
    SHARES.write(pl.DataFrame(rows, schema=SHARES.schema, orient="row"), out)


@figure
def shares(*, table: Input) -> Figure:
    """Draw the share of heads with its standard error."""
    frame = SHARES.read(table)
    drawn, axes = plt.subplots(layout="constrained")
    axes.errorbar(frame["tosses"], frame["heads"], frame["standard_error"], marker="o", capsize=3)
    axes.set(xscale="log", xlabel="tosses", ylabel="share of heads")
    return drawn
