"""What panels of every study share: letters, legends, lines to compare with, bars, squares and maps."""

from collections.abc import Iterable, Sequence
from itertools import cycle
from string import ascii_lowercase
from typing import Any, Literal

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import QuadMesh
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from memgen.figures.labels import PAIR_CLASSES, PALETTE, Look, hierarchy_label, item
from memgen.figures.style import MARGIN_COLOURS

#: Width of lines, points, where nothing else is said.
LINE = 1.2


def panel_letters(panels: Iterable[Axes]) -> None:
    """Letters a, b, c, … at the upper left corner of some panels, in their order; z is followed by a."""
    for panel, letter in zip(panels, cycle(ascii_lowercase), strict=False):
        panel.annotate(
            letter, (0, 1), xytext=(-4, 4), xycoords="axes fraction", textcoords="offset points",
            fontsize=9, fontweight="bold", ha="right", va="bottom",
        )  # fmt: skip


def key(label: str, colour: str, marker: str = "None", *, lw: float = 0, **look: Any) -> Line2D:
    """Handle of a legend; a marker alone where there is no line width."""
    return Line2D([], [], color=colour, marker=marker, lw=lw, label=label, **look)


def class_keys(present: Iterable[str], *, lw: float = 0) -> list[Line2D]:
    """Handles of the pair classes that are present, in their fixed order."""
    shown = set(present)
    return [key(name, *look, lw=lw) for name, look in PAIR_CLASSES.items() if name in shown]


def legend(
    figure: Figure, handles: Sequence[Artist], ncols: int = 0, side: Literal["lower", "upper"] = "lower"
) -> None:
    """Put a legend below or above all panels, in one row unless its columns are counted."""
    figure.legend(
        handles=handles,
        loc="outside upper center" if side == "upper" else "outside lower center",
        ncols=ncols or len(handles),
    )


def shared_legend(figure: Figure, panels: Iterable[Axes], ncols: int) -> None:
    """Put one legend below a figure: what its panels show, each label once."""
    found: dict[str, Any] = {}
    for panel in panels:
        handles, labels = panel.get_legend_handles_labels()
        found |= dict(zip(labels, handles, strict=True))
    figure.legend(list(found.values()), list(found), loc="outside lower center", ncols=ncols)


def level(axes: Axes, value: float, ls: str = "-") -> None:
    """Thin grey line across a panel at a value to compare with."""
    axes.axhline(value, color=PALETTE["grey"], lw=0.5, ls=ls, zorder=0)


def equality(axes: Axes, low: float, high: float) -> None:
    """Thin grey line on which both coordinates are the same."""
    axes.plot([low, high], [low, high], color=PALETTE["grey"], lw=0.6, zorder=0)


def note(axes: Axes, x: float, y: float, text: str, size: float = 6, **look: Any) -> None:
    """Write a text into a panel, at shares of its width and height."""
    axes.text(x, y, text, transform=axes.transAxes, fontsize=size, **look)


def separate_rows(axes: Axes, rows: int) -> None:
    """Thin lines between the rows of a dot plot, numbered upwards from 0."""
    for line in np.arange(rows - 1) + 0.5:
        axes.axhline(line, color=PALETTE["grey"], lw=0.2, alpha=0.5, zorder=0)


def reaches(rows: pl.DataFrame, column: str) -> list[pl.Series]:
    """How far a column's interval reaches below and above it; 0 where it has none, as for a single seed."""
    value = rows[column]
    ends = (value - rows[f"{column}_low"], rows[f"{column}_high"] - value)
    return [end.fill_null(0.0) for end in ends]


def draw_interval(
    panel: Axes, rows: pl.DataFrame, x: str, y: str, *, missing: bool = False, look: Look | None = None,
    **more: Any,
) -> None:  # fmt: skip
    """Draw column y with its 95% interval, y_low to y_high, or what is missing of it to 1.

    A look draws points without a line; `more` is passed to `matplotlib.axes.Axes.errorbar`.
    """
    value, (lower, upper) = rows[y], reaches(rows, y)
    if missing:
        value, lower, upper = 1 - value, upper, lower
    if look is not None:
        more = {"label": look[0], "color": look[1], "fmt": look[2], "lw": 0, **more}
    panel.errorbar(rows[x], value, yerr=[lower, upper], elinewidth=0.6, capsize=1.5, capthick=0.6, **more)


def pair_axes(axes: Axes, across: Sequence[int], up: Sequence[int], size: float = 5) -> None:
    """Names of items along a square that has a cell for every pair, and no frame around it."""
    axes.set_xticks(across, [item(rank) for rank in across])
    axes.set_yticks(up, [item(rank) for rank in up])
    axes.tick_params(length=0, labelsize=size, pad=1)
    for spine in axes.spines.values():
        spine.set_visible(False)


def frame_exceptions(axes: Axes, pairs: pl.DataFrame, lw: float, *, mirrored: bool = False) -> None:
    """Frame the cells of exceptions in a square of pairs, the higher-ranked item by row."""
    exceptions = pairs.filter(pl.col("pair_class") == "exception")
    for high, low in exceptions.select("higher", "lower").iter_rows():
        for x, y in [(low, high), (high, low)][: 1 + mirrored]:
            colour = PAIR_CLASSES["exception"][0]
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, ec=colour, lw=lw))


def draw_map(
    axes: Axes, x: Any, y: Any, values: np.ndarray, quantity: str, limit: float, linear: float
) -> QuadMesh:
    """Accuracy from a limit to 1, or margins up to a limit, as colours, linear where margins are small."""
    if quantity == "accuracy":
        return axes.pcolormesh(x, y, values, cmap="cividis", vmin=limit, vmax=1, rasterized=True)
    scale = SymLogNorm(linear, linscale=0.5, vmin=-limit, vmax=limit)
    return axes.pcolormesh(x, y, values, cmap=MARGIN_COLOURS, norm=scale, rasterized=True)


def margin_bar(figure: Figure, mesh: ScalarMappable, panels: Any, label: str, ends: Sequence[float]) -> None:
    """Colour bar of margins, in target units, with few ticks: 0, and `ends` on both sides of it."""
    bar = figure.colorbar(mesh, ax=panels, label=f"{label}\n(target units)", aspect=12)
    ticks = [*(-end for end in reversed(ends)), 0, *ends]
    bar.set_ticks(ticks, labels=[f"{tick:g}".replace("-", "−") for tick in ticks])
    bar.minorticks_off()


def label_of(rows: pl.DataFrame) -> str:
    """Size and exceptions of the hierarchy of some rows, from their columns n and exceptions."""
    return hierarchy_label(rows["n"][0], rows["exceptions"][0].split())
