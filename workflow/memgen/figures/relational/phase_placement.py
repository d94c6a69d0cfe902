"""Phase diagrams over hierarchies: number of items, position, span and number of exceptions."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memgen.errors import BadInput
from memgen.figures.style import MARGIN_COLOURS, figure, new_figure, panel_letters
from memgen.jobs.arguments import Count
from memgen.jobs.stage import Input
from memgen.relational.tables import PLACEMENT

#: Below this the scale of margins is linear, beyond it logarithmic.
LINEAR = 0.004


CLASSES = ("cross", "boundary")


def _draw(axes: Axes, rows: pl.DataFrame, across: str, up: str, quantity: str, limit: float) -> QuadMesh:
    """One square per hierarchy; grey where it has no pair of the class."""
    x, y = rows[across].unique().sort().to_list(), rows[up].unique().sort().to_list()
    values = np.full((len(y), len(x)), np.nan)
    for one, other, value in rows.select(across, up, quantity).iter_rows():
        values[y.index(other), x.index(one)] = value
    axes.set_facecolor("#DDDDDD")
    if quantity == "accuracy":
        mesh = axes.pcolormesh(x, y, values, cmap="cividis", vmin=0, vmax=1, rasterized=True)
    else:
        scale = SymLogNorm(LINEAR, linscale=0.5, vmin=-limit, vmax=limit)
        mesh = axes.pcolormesh(x, y, values, cmap=MARGIN_COLOURS, norm=scale, rasterized=True)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    return mesh


def _centred(rows: pl.DataFrame) -> pl.DataFrame:
    """Hierarchies whose first loop begins as far from the top as the last one ends from the bottom."""
    length = pl.col("number") * pl.col("span") + (pl.col("number") - 1) * 2
    return rows.filter(pl.col("position") == (pl.col("n") - 1 - length) // 2)


@figure
def phase_placement(*, table: Input, n: Count, conjunctivity: float, ridge: float, span: Count) -> Figure:
    """Draw accuracy and margin of pairs around exceptions over the hierarchy's shape.

    Pairs around exceptions at conjunctivity {conjunctivity} and ridge {ridge}, over the shape of the
    hierarchy: position and span of one exception among {n} items (a), number of items and span with the
    exception in the middle (b), number of items and of exceptions (c). Red: some pair of the class is
    answered wrong. Grey: no such pair. Errors need room: they vanish where the loop is near an end of the
    chain or nearly as long as it, and come with the number of items.

    Parameters
    ----------
    table
        Placement table.
    n
        Number of items of the panels over position and span; must be in the table.
    conjunctivity
        Which conjunctivity; must be in the table.
    ridge
        Which effective ridge; must be in the table.
    span
        Span of the exceptions in the panels over their number.
    """
    rows = PLACEMENT.read(table).filter((pl.col("alpha") == conjunctivity) & (pl.col("ridge") == ridge))
    if rows.filter(pl.col("n") == n).is_empty():
        raise BadInput(f"{table}: holds no n {n} at conjunctivity {conjunctivity}, ridge {ridge}")
    one = rows.filter(pl.col("number") == 1)
    columns = [
        (one.filter(pl.col("n") == n), "position", "span"),
        (_centred(one), "n", "span"),
        (_centred(rows.filter(pl.col("span") == span)), "n", "number"),
    ]
    titles = [f"one exception, {n} items", "one exception, centred", f"span {span}, centred"]
    labels = {
        "position": "position (rank of the loser)",
        "span": "span (steps)",
        "n": "number of items",
        "number": "number of exceptions",
    }
    shown = rows.filter(pl.col("pair_class").is_in(CLASSES))
    limit = float(shown["lowest_margin"].abs().max())  # type: ignore[arg-type]
    figure, axes = new_figure(4, 3, height=6.0)
    for index, (name, quantity) in enumerate(
        (name, quantity) for name in CLASSES for quantity in ("accuracy", "lowest_margin")
    ):
        for panel, (chosen, across, up) in zip(axes[index], columns, strict=True):
            of_class = chosen.filter(pl.col("pair_class") == name)
            mesh = _draw(panel, of_class, across, up, quantity, limit)
            panel.set_ylabel(labels[up])
            if index == 3:
                panel.set_xlabel(labels[across])
        if quantity == "accuracy":
            figure.colorbar(mesh, ax=axes[index], label=f"{name}: accuracy", aspect=12)
            continue
        bar = figure.colorbar(mesh, ax=axes[index], label=f"{name}: lowest margin\n(target units)", aspect=12)
        bar.set_ticks([-0.1, -0.01, 0, 0.01, 0.1], labels=["−0.1", "−0.01", "0", "0.01", "0.1"])
        bar.minorticks_off()
    for panel, title in zip(axes[0], titles, strict=True):
        panel.set_title(title)
    panel_letters(axes[0])
    return figure
