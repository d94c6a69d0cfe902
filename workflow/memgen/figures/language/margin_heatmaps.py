"""Margins of the language models beside the theory's, one square per model, items and hierarchy."""

import numpy as np

from memgen.figures.cells import KEYS, cell_grid, gamma_text, train_text
from memgen.figures.margin_panels import draw_square
from memgen.figures.style import Drawn, Hierarchies, figure
from memgen.jobs.stage import Input
from memgen.language.fits.tables import FIT, PREDICTIONS


@figure
def margin_heatmaps(
    *, predictions: Input, fit: Input, method: str, items: str, hierarchies: Hierarchies
) -> Drawn:
    """Draw the margins of every cell above the diagonal and the theory's at the fitted gamma below it.

    Margins of each model after training ({method}, {items} items), averaged over seeds and reversals:
    observed above the diagonal, the theory's at the fitted gamma below it, mirrored. Each square is scaled
    to its largest observed margin. One number, gamma, was fitted per square; what is alike on both sides of
    the diagonal is what the theory explains. Where gamma lies at an end of its range, the weight of
    memorization is not identified and the trained pairs stay empty below the diagonal. Train: accuracy on
    the trained pairs.

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
    return figure, drawn
