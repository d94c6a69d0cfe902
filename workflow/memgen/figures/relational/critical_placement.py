"""Critical conjunctivity against the number of items, and against the exception's span and position."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memgen.errors import BadInput
from memgen.figures.style import PALETTE, figure, new_figure, panel_letters
from memgen.jobs.arguments import Count
from memgen.jobs.stage import Input
from memgen.relational.tables import CRITICAL_PLACEMENT

LINES = [
    (PALETTE["blue"], "o"),
    (PALETTE["vermilion"], "s"),
    (PALETTE["green"], "^"),
    (PALETTE["purple"], "D"),
    (PALETTE["orange"], "v"),
    (PALETTE["sky"], "P"),
    (PALETTE["black"], "X"),
    (PALETTE["grey"], "*"),
]


def _draw_sizes(axes: Axes, rows: pl.DataFrame, quantity: str) -> None:
    """Centred exceptions, a line per span."""
    spans = rows["span"].unique().sort().to_list()
    for (colour, marker), span in zip(LINES, spans, strict=False):
        line = rows.filter(pl.col("span") == span).sort("n")
        axes.plot(line["n"], line[quantity], color=colour, marker=marker, ms=2.5, label=f"span {span}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    last = rows.filter(pl.col("span") == spans[0]).sort("n").tail(1)
    n, value = last["n"][0], last[quantity][0]
    axes.axline((n, value), (n / 10, value * 100), color=PALETTE["grey"], lw=0.6, ls="--", zorder=0)
    axes.set_xlabel("number of items n (dashed: $n^{-2}$)")


def _draw_map(axes: Axes, rows: pl.DataFrame) -> QuadMesh:
    """Every span and position; hatched where there is no crossing."""
    n = rows["n"][0]
    values = np.full((n - 2, n - 2), np.nan)
    for span, position, alpha in rows.select("span", "position", "alpha").iter_rows():
        values[span - 2, position] = np.nan if alpha is None else alpha
        if alpha is None:
            axes.fill(
                position + np.array([-0.5, 0.5, 0.5, -0.5]),
                span + np.array([-0.5, -0.5, 0.5, 0.5]),
                facecolor="#DDDDDD",
                edgecolor="white",
                lw=0.3,
            )
    mesh = axes.pcolormesh(range(n - 2), range(2, n), values, cmap="viridis", rasterized=True)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set(xlabel="position (rank of the loser)", ylabel="span (steps)")
    return mesh


@figure
def critical_placement(*, table: Input, n: Count) -> Figure:
    """Draw where the pairs next to an exception begin to be answered wrong.

    Conjunctivity beyond which the cross pair next to the exception is answered wrong, without ridge. With
    the exception in the middle (a, b) it falls as the inverse square of the number of items, whatever the
    span; over span and position among {n} items (c) it is lowest for short exceptions in the middle. Grey:
    no conjunctivity makes that pair wrong, because too little of the chain is left outside the loop on one
    side.

    Parameters
    ----------
    table
        Critical placement table.
    n
        Number of items of the panel over span and position; must be in the table.
    """
    rows = CRITICAL_PLACEMENT.read(table)
    every = rows.filter(pl.col("n") == n)
    if every.is_empty():
        raise BadInput(f"{table}: holds no n {n}")
    sizes = rows.filter(pl.col("centred") & pl.col("gamma").is_not_null())
    wanted = rows.filter(pl.col("n") != n)["span"].unique()
    figure, axes = new_figure(1, 3, height=2.4, gridspec_kw={"width_ratios": [1, 1, 1.25]})
    for panel, quantity in zip(axes[0], ("gamma", "alpha"), strict=False):
        _draw_sizes(panel, sizes.filter(pl.col("span").is_in(wanted.to_list())), quantity)
    axes[0][0].set_ylabel("critical γ*")
    axes[0][1].set_ylabel("critical conjunctivity α*")
    axes[0][0].legend(loc="lower left")
    mesh = _draw_map(axes[0][2], every)
    axes[0][2].set_title(f"{n} items; grey: no crossing")
    axes[0][0].set_title("exception in the middle")
    figure.colorbar(mesh, ax=axes[0][2], label="critical conjunctivity α*")
    panel_letters(axes[0])
    return figure
