"""Phase diagrams of accuracy and margin per pair class over conjunctivity and ridge."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure

from memgen.errors import BadInput
from memgen.figures.style import MARGIN_COLOURS, figure, new_figure, panel_letters
from memgen.jobs.stage import Input
from memgen.relational.hierarchy import PAIR_CLASSES
from memgen.relational.tables import PHASE

#: Below this the scale of margins is linear, beyond it logarithmic.
LINEAR = 0.02


def _draw(axes: Axes, rows: pl.DataFrame, quantity: str, limit: float) -> QuadMesh:
    """One quantity as colour; a line where the first pair of the class turns wrong."""
    alpha, ridge = rows["alpha"].unique().sort().to_numpy(), rows["ridge"].unique().sort().to_numpy()
    ordered = rows.sort("ridge", "alpha")
    shape = (len(ridge), len(alpha))
    values = ordered[quantity].to_numpy().reshape(shape)
    if quantity == "accuracy":
        mesh = axes.pcolormesh(alpha, ridge, values, cmap="cividis", vmin=0, vmax=1, rasterized=True)
    else:
        scale = SymLogNorm(LINEAR, linscale=0.5, vmin=-limit, vmax=limit)
        mesh = axes.pcolormesh(alpha, ridge, values, cmap=MARGIN_COLOURS, norm=scale, rasterized=True)
    lowest = ordered["lowest_margin"].to_numpy().reshape(shape)
    if lowest.min() < 0 < lowest.max():
        axes.contour(alpha, ridge, lowest, levels=[0.0], colors="black", linewidths=0.8)
    axes.set_yscale("log")
    axes.set_xticks([0, 0.5], ["0", "0.5"])
    axes.set_xticks(np.arange(0, 1, 0.1), minor=True)
    return mesh


@figure
def phase_representation(*, table: Input, hierarchy: str) -> Figure:
    """Draw accuracy and margin of every pair class over conjunctivity and ridge, for one hierarchy.

    Share answered right and mean margin of each pair class of {hierarchy} over conjunctivity and effective
    ridge. The black line is where the first pair of the class turns wrong. See that the learner errs on
    boundary and cross pairs long before their mean margin changes sign, and that ridge acts like
    conjunctivity on untrained pairs (both enter through gamma) but not on trained ones, where only ridge
    forgets.

    Parameters
    ----------
    table
        Phase table.
    hierarchy
        Which hierarchy.
    """
    rows = PHASE.read(table).filter(pl.col("hierarchy") == hierarchy)
    if rows.is_empty():
        raise BadInput(f"{table}: holds no hierarchy {hierarchy!r}")
    classes = [name for name in PAIR_CLASSES if name in set(rows["pair_class"])]
    figure, axes = new_figure(2, len(classes), height=3.0, sharex=True, sharey=True)
    limit = float(rows["margin"].abs().max())  # type: ignore[arg-type]
    meshes = {}
    for column, name in zip(axes.T, classes, strict=True):
        of_class = rows.filter(pl.col("pair_class") == name)
        for panel, quantity in zip(column, ("accuracy", "margin"), strict=True):
            if of_class[quantity].null_count():
                panel.axis("off")
                panel.text(0.5, 0.5, "no right\nanswer", transform=panel.transAxes, ha="center", va="center")
                continue
            meshes[quantity] = _draw(panel, of_class, quantity, limit)
        column[0].set_title(name)
        column[1].set_xlabel("conjunctivity α")
    panel_letters(axes[0])
    for row in axes:
        row[0].set_ylabel("effective ridge")
    figure.colorbar(meshes["accuracy"], ax=axes[0], label="accuracy", aspect=12)
    bar = figure.colorbar(meshes["margin"], ax=axes[1], label="mean margin\n(target units)", aspect=12)
    bar.set_ticks([-1, -0.1, 0, 0.1, 1], labels=["−1", "−0.1", "0", "0.1", "1"])
    bar.minorticks_off()
    return figure
