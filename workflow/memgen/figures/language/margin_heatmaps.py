"""Margins of the language models beside the theory's, one square per model, items and hierarchy.

Reads the predictions' table and draws it; computes nothing.
"""

from typing import Annotated

import cyclopts
import numpy as np

from memgen.figures.cells import KEYS, cell_grid, gamma_text, train_text
from memgen.figures.margin_panels import draw_square
from memgen.figures.style import save
from memgen.language.fits.tables import FIT, PREDICTIONS
from memgen.stage import Input, Output, stage


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
        text = f"{gamma_text(pairs['gamma'][0])}, largest {np.abs(pairs['observed'].to_numpy()).max():.2f}"
        panel.set_xlabel(f"{text}, {train_text(fits, pairs)}", fontsize=5.5)
    label = "margin / largest observed (unitless)"
    figure.colorbar(image, ax=axes, label=label, location="right", shrink=0.5, aspect=40)
    figure.set_layout_engine("constrained", h_pad=0.08)  # squares leave their labels too little room
    figure.suptitle("observed above the diagonal, theory at the fitted γ below", fontsize=7)
    drawn = {predictions: frame.select(PREDICTIONS.held.cells), fit: frame.select(KEYS)}
    save(figure, pdf=pdf, png=png, rows=drawn)
