"""Dot plots of many cells: a row per method and model, a column of panels per kind of item.

The hierarchies of a cell stand in one row, told apart by colour and marker; a second series, such as the
phase before training, is drawn open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.figures.cells import present, with_number
from memgen.figures.labels import model_label
from memgen.figures.panels import key, legend, separate_rows
from memgen.figures.style import PALETTE, new_figure

_ROW = ["method", "hyperparameter", "model"]
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
    """

    value: str
    label: str
    line: float


def with_interval(frame: pl.DataFrame, value: str) -> pl.DataFrame:
    """Add columns value_low and value_high: the ends of the interval whose half width the table holds."""
    half = pl.col(f"{value}_half_width")
    return frame.with_columns(
        (pl.col(value) - half).alias(f"{value}_low"), (pl.col(value) + half).alias(f"{value}_high")
    )


def row_label(row: dict[str, Any]) -> str:
    """Method, its hyperparameter and the model."""
    return f"{with_number(row['method'], row['hyperparameter'])}, {model_label(row['model'])}"


def dot_figure(
    frame: pl.DataFrame,
    dots: Sequence[Dots],
    hierarchies: Sequence[str],
    *others: Line2D,
    open_where: pl.Expr | None = None,
) -> Figure:
    """Draw values of cells: rows of panels by value, columns by kind of item, and a legend of hierarchies.

    Parameters
    ----------
    frame : polars.DataFrame
        Columns that name a cell, and those of `dots`. Of a column train_accuracy, the mean over a row's
        filled markers is written beside the row.
    dots : sequence of Dots
        From top to bottom.
    hierarchies : sequence of str
        Which hierarchies, in the order of the legend; those without rows are left out.
    *others : matplotlib.lines.Line2D
        More handles of the legend.
    open_where : polars expression, optional
        Which rows are drawn with open markers.
    """
    names = present(hierarchies, frame)
    filled = pl.lit(False) if open_where is None else open_where
    frame = frame.filter(pl.col("hierarchy").is_in(names)).with_columns(filled.alias("_open"))
    rows = frame.select(_ROW).unique().sort(_ROW, nulls_last=False)
    kinds = frame["items"].unique().sort().to_list()
    beside = "train_accuracy" in frame.columns
    height = len(dots) * (0.13 * len(rows) + 0.55) + 0.35
    figure, axes = new_figure(len(dots), len(kinds), height=height, sharey=True, sharex="row")
    for across, what in zip(axes, dots, strict=True):
        for axis, kind in zip(across, kinds, strict=True):
            of_kind = frame.filter(pl.col("items") == kind)
            for place, row in enumerate(rows.iter_rows(named=True)):
                cells = of_kind.join(pl.DataFrame([row], schema=rows.schema), on=_ROW, nulls_equal=True)
                _draw_row(axis, cells.drop_nulls(what.value), what.value, names, len(rows) - 1 - place)
                if beside and cells.height:
                    trained = cells.filter(~pl.col("_open"))["train_accuracy"].drop_nulls()
                    text = f"{trained.to_numpy().mean():.2f}" if len(trained) else ""
                    axis.annotate(
                        text, (1.0, len(rows) - 1 - place), xycoords=("axes fraction", "data"), fontsize=4.5,
                        va="center", ha="left", xytext=(2, 0), textcoords="offset points",
                    )  # fmt: skip
            if beside:
                axis.annotate(
                    "train", (1.0, len(rows) - 0.3), xycoords=("axes fraction", "data"), fontsize=4.5,
                    va="bottom", ha="center", annotation_clip=False,
                )  # fmt: skip
            axis.axvline(what.line, color=PALETTE["grey"], lw=0.6, zorder=0)
            separate_rows(axis, len(rows))
            axis.set_ylim(-0.6, len(rows) - 0.4)
        across[len(kinds) // 2].set_xlabel(what.label)
        labels = [row_label(row) for row in rows.reverse().iter_rows(named=True)]
        across[0].set_yticks(range(len(rows)), labels, fontsize=5)
    for axis, kind in zip(axes[0], kinds, strict=True):
        axis.set_title(kind, pad=10 if beside else 6)
    handles = [key(name, *_LOOKS[place % len(_LOOKS)]) for place, name in enumerate(names)]
    legend(figure, [*handles, *others], side="upper")
    return figure


def _draw_row(axis: Axes, cells: pl.DataFrame, value: str, names: list[str], height: int) -> None:
    """One row's cells, hierarchies a little apart from one another."""
    for cell in cells.iter_rows(named=True):
        place = names.index(cell["hierarchy"])
        colour, marker = _LOOKS[place % len(_LOOKS)]
        offset = 0.0 if len(names) == 1 else 0.5 * (0.5 - place / (len(names) - 1))
        low, high, mean = cell[f"{value}_low"], cell[f"{value}_high"], cell[value]
        known = low is not None and high is not None
        axis.errorbar(
            mean, height + offset, xerr=[[max(0.0, mean - low)], [max(0.0, high - mean)]] if known else None,
            fmt=marker, color=colour, mfc="white" if cell["_open"] else colour, ms=2.4, mew=0.6,
            elinewidth=0.6,
        )  # fmt: skip
