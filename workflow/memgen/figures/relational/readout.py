"""Accuracy under a noisy readout, by pair class along conjunctivity and by distance between the items."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memgen.errors import BadInput
from memgen.figures.style import PAIR_CLASSES, PALETTE, class_handles, figure, new_figure, panel_letters
from memgen.jobs.stage import Input
from memgen.relational.tables import READOUT


def _draw(axes: Axes, rows: pl.DataFrame, across: str) -> None:
    """One line per pair class."""
    for name, (colour, marker) in PAIR_CLASSES.items():
        line = rows.filter(pl.col("pair_class") == name).sort(across)
        axes.plot(line[across], line["accuracy"], color=colour, marker=marker, ms=2.2, lw=0.9)
    axes.axhline(0.5, color=PALETTE["grey"], lw=0.5, ls=":", zorder=0)
    axes.set(ylim=(-0.03, 1.03))


@figure
def readout(*, table: Input, hierarchy: str, ridge: float, conjunctivity: float) -> Figure:
    """Draw accuracy against conjunctivity (above) and distance (below), a column per temperature.

    Expected accuracy when answers are drawn by softmax from the margins, for {hierarchy} at ridge {ridge};
    the temperature is in units of the target, and at 1 margins are logits. Above: against conjunctivity.
    Without noise accuracy moves in steps; with it errors are graded, and untrained pairs fall to chance as
    conjunctivity shrinks their margins. Below, at conjunctivity {conjunctivity}: against the distance
    between the items. Cross pairs show the distance effect, below chance for the pair next to the loop.

    Parameters
    ----------
    table
        Readout table.
    hierarchy
        Which hierarchy.
    ridge
        Which effective ridge; must be on the table's grid.
    conjunctivity
        Which conjunctivity below; must be on the table's grid.
    """
    rows = READOUT.read(table).filter((pl.col("hierarchy") == hierarchy) & (pl.col("ridge") == ridge))
    at_one = rows.filter((pl.col("alpha") == conjunctivity) & pl.col("distance").is_not_null())
    if at_one.is_empty():
        raise BadInput(f"{table}: holds no {hierarchy}, conjunctivity {conjunctivity} at ridge {ridge}")
    temperatures = rows["temperature"].unique().sort().to_list()
    figure, axes = new_figure(2, len(temperatures), height=3.4, sharey=True, sharex="row")
    for column, value in zip(axes.T, temperatures, strict=True):
        noisy = pl.col("temperature") == value
        _draw(column[0], rows.filter(noisy & pl.col("distance").is_null()), "alpha")
        _draw(column[1], at_one.filter(noisy), "distance")
        column[0].set(xlim=(0, 1), xlabel="conjunctivity α")
        column[0].set_xticks([0, 0.5, 1], ["0", ".5", "1"])
        column[1].set(xlabel="distance (steps)")
        column[1].xaxis.set_major_locator(MaxNLocator(5, integer=True))
        column[0].set_title("no noise" if value == 0 else f"temperature {value:g}")
    for row, text in zip(axes, ("accuracy", f"accuracy at α = {conjunctivity:g}"), strict=True):
        row[0].set_ylabel(text)
    panel_letters(axes[:, 0])
    present = set(rows["pair_class"])
    handles = class_handles(present)
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure
