"""From a network's depth and nonlinearity to its conjunctivity, and from there to its behaviour."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from memgen.errors import BadInput
from memgen.figures.style import PAIR_CLASSES, PALETTE, class_handles, figure, new_figure, panel_letters
from memgen.jobs.stage import Input
from memgen.relational.tables import DEPTH

STYLES = {"nngp": ("--", "NNGP (last layer trained)"), "ntk": ("-", "NTK (all layers trained)")}


def _draw_conjunctivity(axes: Axes, rows: pl.DataFrame, colours: ScalarMappable) -> None:
    """A line per kernel and nonlinearity."""
    for (kernel, rho), line in rows.sort("depth").group_by("kernel", "rho", maintain_order=True):
        axes.plot(line["depth"], line["alpha"], STYLES[kernel][0], lw=0.9, color=colours.to_rgba(rho))
    axes.set(xlabel="depth (layers)", ylabel="conjunctivity α", ylim=(-0.02, 1))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _draw_behaviour(axes: Axes, rows: pl.DataFrame, quantity: str) -> None:
    """A line per pair class and kernel, of ReLU networks."""
    for name, (colour, marker) in PAIR_CLASSES.items():
        for kernel, (style, _) in STYLES.items():
            line = rows.filter((pl.col("pair_class") == name) & (pl.col("kernel") == kernel)).sort("depth")
            axes.plot(line["depth"], line[quantity], style, color=colour, marker=marker, ms=2.4, lw=0.9)
    axes.axhline(0, color=PALETTE["grey"], lw=0.5, zorder=0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("depth (layers)")


@figure
def depth(*, table: Input, hierarchy: str, ridge: float) -> Figure:
    """Draw conjunctivity over depth and nonlinearity, and the behaviour of ReLU networks over depth.

    From architecture to behaviour. Conjunctivity of infinitely wide networks (a) rises with depth and with
    nonlinearity, faster when all layers are trained (NTK, solid) than when only the last one is (NNGP,
    dashed). What this does to {hierarchy} at raw ridge {ridge} with ReLU: the linear network cannot fit the
    exception; a few layers are enough to fit it and to make errors on boundary and then on cross pairs (b),
    while the margins of untrained pairs shrink (c).

    Parameters
    ----------
    table
        Depth table.
    hierarchy
        Which hierarchy.
    ridge
        Which raw ridge; must be in the table.
    """
    rows = DEPTH.read(table).filter((pl.col("hierarchy") == hierarchy) & (pl.col("raw_ridge") == ridge))
    relu = rows.filter(pl.col("rho") == 1)
    if relu.is_empty():
        raise BadInput(f"{table}: holds no {hierarchy} with nonlinearity 1 at ridge {ridge}")
    figure, axes = new_figure(1, 3, height=2.6)
    colours = ScalarMappable(Normalize(0, 2), "viridis")
    one_class = rows["pair_class"][0]
    _draw_conjunctivity(axes[0][0], rows.filter(pl.col("pair_class") == one_class), colours)
    figure.colorbar(colours, ax=axes[0][0], label="nonlinearity ρ", location="top", aspect=30, pad=0.06)
    _draw_behaviour(axes[0][1], relu.filter(pl.col("pair_class") != "loop"), "accuracy")
    axes[0][1].set(ylabel="accuracy", ylim=(-0.03, 1.03), title="ReLU, ρ = 1")
    _draw_behaviour(axes[0][2], relu.filter(pl.col("pair_class") != "loop"), "margin")
    axes[0][2].set_yscale("symlog", linthresh=0.1)
    axes[0][2].set(ylabel="mean margin (target units)", title="ReLU, ρ = 1")
    panel_letters(axes[0])
    present = set(relu["pair_class"]) - {"loop"}
    handles = [Line2D([], [], color=PALETTE["grey"], ls=style, label=name) for style, name in STYLES.values()]
    handles += class_handles(present)
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure
