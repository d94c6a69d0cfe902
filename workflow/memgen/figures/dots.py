"""Dot plots of many cells: a row per model, method and kind of item, a panel per value.

The hierarchies of a cell share one row, told apart by colour and marker; a second series, such as the phase
before training, is drawn open. Models that differ in their seed alone share a row, without a mean of theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.figures.cells import Series, present, series
from memgen.figures.labels import ITEMS, PALETTE
from memgen.figures.panels import key, legend, panel_letters, separate_rows
from memgen.figures.style import new_figure

_LOOKS = [
    (PALETTE["blue"], "o"),
    (PALETTE["vermilion"], "D"),
    (PALETTE["green"], "^"),
    (PALETTE["purple"], "s"),
    (PALETTE["orange"], "v"),
    (PALETTE["black"], "P"),
]


@dataclass(frozen=True)
class Dots:
    """One value of every cell, from its column, with the interval in columns <value>_low and <value>_high.

    Parameters
    ----------
    value : str
        Column of the mean.
    label : str
        What it is, with its unit.
    line : float
        Where no effect lies.
    of : polars expression, optional
        Which cells have it in this panel.
    ends : pair of float, optional
        Ends of the axis.
    """

    value: str
    label: str
    line: float
    of: pl.Expr | None = None
    ends: tuple[float, float] | None = None


def with_interval(frame: pl.DataFrame, value: str) -> pl.DataFrame:
    """Add columns value_low and value_high: the ends of the interval whose half width the table holds."""
    half = pl.col(f"{value}_half_width")
    return frame.with_columns(
        (pl.col(value) - half).alias(f"{value}_low"), (pl.col(value) + half).alias(f"{value}_high")
    )


def rows_of(frame: pl.DataFrame, called: Mapping[str, str]) -> list[tuple[str, Series, pl.DataFrame]]:
    """Label, series and cells of every row of a dot plot: a kind of item of a series each."""
    return [
        (f"{one.label}, {words}", one, one.rows.filter(items=kind))
        for one in series(frame, called)
        for kind, words in {**{name: name for name in sorted(set(frame["items"]))}, **ITEMS}.items()
        if kind in set(one.rows["items"])
    ]


def dot_figure(
    frame: pl.DataFrame,
    dots: Sequence[Dots],
    hierarchies: Sequence[str],
    called: Mapping[str, str],
    *others: Line2D,
    open_where: pl.Expr | None = None,
) -> Figure:
    """Draw values of cells: a panel per value, and a legend of hierarchies.

    Parameters
    ----------
    frame : polars.DataFrame
        Columns that name a cell, and those of `dots`.
    dots : sequence of Dots
        From left to right.
    hierarchies : sequence of str
        Which hierarchies, in the order of the legend; those without rows are left out.
    called : mapping of str to str
        What hierarchies and methods are called.
    *others : matplotlib.lines.Line2D
        More handles of the legend.
    open_where : polars expression, optional
        Which rows are drawn with open markers.
    """
    names = present(hierarchies, frame)
    filled = pl.lit(False) if open_where is None else open_where
    frame = frame.filter(pl.col("hierarchy").is_in(names)).with_columns(filled.alias("_open"))
    rows = rows_of(frame, called)
    figure, axes = new_figure(1, len(dots), height=0.15 * len(rows) + 0.85, sharey=True)
    for axis, what in zip(axes[0], dots, strict=True):
        for place, (_, _, cells) in enumerate(rows):
            shown = cells if what.of is None else cells.filter(what.of)
            _draw_row(axis, shown.drop_nulls(what.value), what.value, names, len(rows) - 1 - place)
        axis.axvline(what.line, color=PALETTE["grey"], lw=0.6, zorder=0)
        separate_rows(axis, len(rows))
        axis.set_xlabel(what.label)
        axis.set_xlim(what.ends)
    axes[0, 0].set_yticks(range(len(rows)), [label for label, _, _ in reversed(rows)], fontsize=5.5)
    axes[0, 0].set_ylim(-0.6, len(rows) - 0.4)
    panel_letters(axes[0])
    handles = [key(called.get(name, name), *_LOOKS[place % len(_LOOKS)]) for place, name in enumerate(names)]
    legend(figure, [*handles, *others], side="upper")
    return figure


def _draw_row(axis: Axes, cells: pl.DataFrame, value: str, names: list[str], height: int) -> None:
    """One row's cells, hierarchies a little apart from one another."""
    several = cells["model"].n_unique() > 1
    for cell in cells.iter_rows(named=True):
        place = names.index(cell["hierarchy"])
        colour, marker = _LOOKS[place % len(_LOOKS)]
        offset = 0.0 if len(names) == 1 else 0.5 * (0.5 - place / (len(names) - 1))
        low, high, mean = cell[f"{value}_low"], cell[f"{value}_high"], cell[value]
        known = low is not None and high is not None and not several
        axis.errorbar(
            mean, height + offset, xerr=[[max(0.0, mean - low)], [max(0.0, high - mean)]] if known else None,
            fmt=marker, color=colour, mfc="white" if cell["_open"] else colour, ms=1.8 if several else 2.4,
            mew=0.6, elinewidth=0.6,
        )  # fmt: skip
