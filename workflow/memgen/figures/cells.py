"""A grid of panels, one per cell: a row per model, items and method, a column per hierarchy.

A cell is a group of runs that differ only in seed and reversal.
"""

from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memgen.errors import BadInput
from memgen.figures.names import broken
from memgen.figures.style import PAGE, new_figure
from memgen.language.fits.tables import GAMMA_RANGE
from memgen.language.responses.tables import KEY

KEYS = list(KEY)
_ROW = ["method", "model", "items", "hyperparameter", "source"]


def train_text(fits: pl.DataFrame, pairs: pl.DataFrame) -> str:
    """Accuracy on the trained pairs of the cell that some rows belong to, in words.

    Parameters
    ----------
    fits : polars.DataFrame
        Of `FIT`.
    pairs : polars.DataFrame
        Rows of one cell.
    """
    row = fits.join(pairs.select(KEYS).head(1), on=KEYS, nulls_equal=True)
    known = row["train_accuracy"].drop_nulls()
    return f"train {known[0]:.2f}" if len(known) else "train unknown"


def gamma_text(gamma: float | None) -> str:
    """Gamma of a cell's prediction in words; at an end of its range, that it lies beyond."""
    if gamma is None:
        return "no fit"
    sign = "≤" if gamma == GAMMA_RANGE[0] else "≥" if gamma == GAMMA_RANGE[1] else "="
    return f"γ {sign} {gamma:.3g}"


def _empty(axis: Axes, *, labelled: bool) -> None:
    """Hide a panel without a cell, but not the label of its row, which the first panel carries."""
    if not labelled:
        axis.axis("off")
        return
    axis.set(xticks=[], yticks=[])
    axis.set_frame_on(False)


def cell_grid(
    frame: pl.DataFrame, hierarchies: list[str], *, panel: float
) -> tuple[Figure, Any, list[tuple[Axes, pl.DataFrame]]]:
    """Figure with one panel per cell of a table.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows with the columns that name a cell.
    hierarchies : list of str
        Columns, from left to right; those without rows are left out.
    panel : float
        Height of a panel, inches.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : numpy.ndarray of matplotlib.axes.Axes, shape (rows, hierarchies)
    cells : list of (Axes, polars.DataFrame)
        The panel and the rows of each cell; panels without a cell are hidden.

    Raises
    ------
    BadInput
        If there is no cell of these hierarchies.
    """
    rows = frame.select(_ROW).unique().sort(_ROW)
    present = set(frame["hierarchy"])
    mixed = "published" in set(frame["source"])
    columns = [name for name in hierarchies if name in present]
    if not columns:
        raise BadInput(
            f"nothing to draw: no rows of {', '.join(hierarchies)}; allowed: hierarchies that were run"
        )
    width = min(PAGE, 1.2 + 1.75 * len(columns))
    figure, axes = new_figure(len(rows), len(columns), width=width, height=panel * len(rows) + 0.7)
    cells = []
    for across, row in zip(axes, rows.iter_rows(named=True), strict=True):
        of_row = frame.join(pl.DataFrame([row], schema=rows.schema), on=_ROW, how="semi", nulls_equal=True)
        ours = " (ours)" if mixed and row["source"] == "study" else ""
        value = "" if row["hyperparameter"] is None else f" {row['hyperparameter']:g}"
        across[0].set_ylabel(
            f"{broken(row['model'])}{ours}, {row['items']}\n{row['method']}{value}", fontsize=6
        )
        for axis, hierarchy in zip(across, columns, strict=True):
            of_cell = of_row.filter(pl.col("hierarchy") == hierarchy)
            if of_cell.is_empty():
                _empty(axis, labelled=axis is across[0])
            else:
                cells.append((axis, of_cell))
    for axis, hierarchy in zip(axes[0], columns, strict=True):
        axis.set_title(hierarchy, fontsize=7)
    return figure, axes, cells
