"""Margins of the language models beside the theory's, one square per model, items and hierarchy.

Reads the predictions' table and draws it; computes nothing.
"""

from typing import Annotated

import cyclopts
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from memgen.figures.cells import cell_grid, train_text
from memgen.figures.style import MARGIN_COLOURS, PAIR_CLASSES, item, save
from memgen.language.fit_tables import FIT, PREDICTIONS
from memgen.stage import Input, Output, stage


def draw_square(axes: Axes, pairs: pl.DataFrame) -> AxesImage:
    """Observed margins above the diagonal, the theory's below it, mirrored; scaled to the largest."""
    n = pairs["n"][0]
    grid = np.full((n, n), np.nan)
    higher, lower = pairs["higher"].to_numpy(), pairs["lower"].to_numpy()
    observed = pairs["observed"].to_numpy()
    limit = np.nanmax(np.abs(observed))
    grid[higher, lower] = observed / limit
    grid[lower, higher] = pairs["predicted"].fill_null(float("nan")).to_numpy() / limit
    image = axes.imshow(grid, cmap=MARGIN_COLOURS, vmin=-1, vmax=1)
    for row in pairs.filter(pl.col("pair_class") == "exception").iter_rows(named=True):
        for x, y in ((row["lower"], row["higher"]), (row["higher"], row["lower"])):
            colour = PAIR_CLASSES["exception"][0]
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, ec=colour, lw=1.0))
    axes.set_xticks(range(0, n, 2), [item(rank) for rank in range(0, n, 2)])
    axes.set_yticks(range(0, n, 2), [item(rank) for rank in range(0, n, 2)])
    axes.tick_params(length=0, labelsize=5, pad=1)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


@stage
def margin_heatmaps(
    *,
    predictions: Input,
    fit: Input,
    method: str,
    items: str,
    hierarchies: Annotated[list[str], cyclopts.Parameter(name="--hierarchy")],
    pdf: Output,
    png: Output,
) -> None:
    """Draw the margins of every cell above the diagonal and the theory's at the fitted gamma below it.

    Parameters
    ----------
    predictions
        Observed and predicted margin of every pair of every cell.
    fit
        Fits of the same cells, for their accuracy on trained pairs.
    method
        Which method of training.
    items
        Which kind of item.
    hierarchies
        Which hierarchies, from left to right.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    frame = PREDICTIONS.read(predictions).filter(source="study", method=method, items=items)
    fits = FIT.read(fit)
    figure, axes, cells = cell_grid(frame, hierarchies, panel=1.55)
    for panel, pairs in cells:
        image = draw_square(panel, pairs)
        gamma = pairs["gamma"][0]
        told = "no fit" if gamma is None else f"γ = {gamma:.3g}"
        told += f", largest {np.abs(pairs['observed'].to_numpy()).max():.2f}"
        panel.set_xlabel(f"{told}, {train_text(fits, pairs)}", fontsize=5.5)
    label = "margin / largest observed (unitless)"
    figure.colorbar(image, ax=axes, label=label, location="right", shrink=0.5, aspect=40)
    figure.suptitle("observed above the diagonal, theory at the fitted γ below", fontsize=7)
    save(figure, pdf=pdf, png=png)
