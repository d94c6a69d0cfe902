"""Dot plots of many cells: a row per method and model, a column of panels per kind of item.

The hierarchies of a cell stand in one row, told apart by colour and marker; a second series, such as the
phase before training, is drawn open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.errors import BadInput
from memgen.figures.names import spoken
from memgen.figures.style import PAGE, PALETTE, new_figure

ROW = ["method", "hyperparameter", "model"]
_LOOKS = (
    (PALETTE["blue"], "o"),
    (PALETTE["vermilion"], "D"),
    (PALETTE["green"], "^"),
    (PALETTE["purple"], "s"),
    (PALETTE["orange"], "v"),
    (PALETTE["black"], "P"),
)


@dataclass(frozen=True)
class Dots:
    """One value of every cell.

    Parameters
    ----------
    value : str
        Column of the mean.
    low, high : str
        Columns of the ends of its interval; empty ends draw none.
    label : str
        What it is, with its unit.
    line : float, optional
        Where no effect lies.
    """

    value: str
    low: str
    high: str
    label: str
    line: float | None = None


def with_interval(frame: pl.DataFrame, value: str) -> pl.DataFrame:
    """Add columns value_low and value_high: the ends of the interval whose half width the table holds."""
    half = pl.col(f"{value}_half_width")
    return frame.with_columns(
        (pl.col(value) - half).alias(f"{value}_low"), (pl.col(value) + half).alias(f"{value}_high")
    )


def row_label(row: dict[str, Any]) -> str:
    """Method, its hyperparameter and the model."""
    number = "" if row["hyperparameter"] is None else f" {row['hyperparameter']:g}"
    return f"{row['method']}{number}, {spoken(row['model'])}"


def dot_figure(
    frame: pl.DataFrame,
    dots: Sequence[Dots],
    hierarchies: Sequence[str],
    *,
    open_where: pl.Expr | None = None,
    beside: tuple[str, str] | None = None,
) -> tuple[Figure, Any]:
    """Draw values of cells: rows of panels by value, columns by kind of item.

    Parameters
    ----------
    frame : polars.DataFrame
        Columns that name a cell, and those of `dots`.
    dots : sequence of Dots
        From top to bottom.
    hierarchies : sequence of str
        Which hierarchies, in the order of the legend; those without rows are left out.
    open_where : polars expression, optional
        Which rows are drawn with open markers.
    beside : tuple of str, optional
        Column, and its title, whose mean over a row's filled markers is written beside the row.

    Returns
    -------
    figure : matplotlib.figure.Figure
    handles : list of matplotlib lines
        For a legend of the hierarchies.

    Raises
    ------
    BadInput
        If there is no row of these hierarchies.
    """
    names = [name for name in hierarchies if name in set(frame["hierarchy"])]
    frame = frame.filter(pl.col("hierarchy").is_in(names))
    if frame.is_empty():
        raise BadInput(
            f"nothing to draw: no rows of {', '.join(hierarchies)}; allowed: hierarchies that were run"
        )
    filled = pl.lit(False) if open_where is None else open_where
    frame = frame.with_columns(filled.alias("_open"))
    rows = frame.select(ROW).unique().sort(ROW, nulls_last=False)
    kinds = frame["items"].unique().sort().to_list()
    height = len(dots) * (0.13 * len(rows) + 0.55) + 0.35
    figure, axes = new_figure(len(dots), len(kinds), width=PAGE, height=height, sharey=True, sharex="row")
    for across, what in zip(axes, dots, strict=True):
        for axis, kind in zip(across, kinds, strict=True):
            of_kind = frame.filter(pl.col("items") == kind)
            for place, row in enumerate(rows.iter_rows(named=True)):
                cells = of_kind.join(pl.DataFrame([row], schema=rows.schema), on=ROW, nulls_equal=True)
                _draw_row(axis, cells.drop_nulls(what.value), what, names, len(rows) - 1 - place)
                if beside is not None and cells.height:
                    accuracy = cells.filter(~pl.col("_open"))[beside[0]].drop_nulls()
                    text = f"{accuracy.to_numpy().mean():.2f}" if len(accuracy) else ""
                    axis.annotate(
                        text, (1.0, len(rows) - 1 - place), xycoords=("axes fraction", "data"),
                        fontsize=4.5, va="center", ha="left", xytext=(2, 0), textcoords="offset points",
                    )  # fmt: skip
            if beside is not None:
                axis.annotate(
                    beside[1], (1.0, len(rows) - 0.3), xycoords=("axes fraction", "data"),
                    fontsize=4.5, va="bottom", ha="center", annotation_clip=False,
                )  # fmt: skip
            if what.line is not None:
                axis.axvline(what.line, color=PALETTE["grey"], lw=0.6, zorder=0)
            for line in np.arange(len(rows) - 1) + 0.5:
                axis.axhline(line, color=PALETTE["grey"], lw=0.2, alpha=0.5, zorder=0)
            axis.set_ylim(-0.6, len(rows) - 0.4)
        across[len(kinds) // 2].set_xlabel(what.label)
        across[0].set_yticks(
            range(len(rows)), [row_label(row) for row in rows.reverse().iter_rows(named=True)], fontsize=5
        )
    for axis, kind in zip(axes[0], kinds, strict=True):
        axis.set_title(kind, pad=10 if beside else 6)
    handles = [
        Line2D([], [], color=_LOOKS[place % len(_LOOKS)][0], marker=_LOOKS[place % len(_LOOKS)][1], lw=0,
               label=name)
        for place, name in enumerate(names)
    ]  # fmt: skip
    return figure, handles


def _draw_row(axis: Any, cells: pl.DataFrame, what: Dots, names: list[str], height: int) -> None:
    """One row's cells, hierarchies a little apart from one another."""
    for cell in cells.iter_rows(named=True):
        place = names.index(cell["hierarchy"])
        colour, marker = _LOOKS[place % len(_LOOKS)]
        offset = 0.0 if len(names) == 1 else 0.5 * (0.5 - place / (len(names) - 1))
        low, high, mean = cell[what.low], cell[what.high], cell[what.value]
        known = low is not None and high is not None
        axis.errorbar(
            mean,
            height + offset,
            xerr=[[max(0.0, mean - low)], [max(0.0, high - mean)]] if known else None,
            fmt=marker,
            color=colour,
            mfc="white" if cell["_open"] else colour,
            ms=2.4,
            mew=0.6,
            elinewidth=0.6,
        )
