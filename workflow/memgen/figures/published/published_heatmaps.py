"""Margins of the published models and ours, seen and as the theory predicts them."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.cells import cell_grid, gamma_text
from memgen.figures.margin_panels import draw_square
from memgen.figures.published_runs import chosen
from memgen.figures.style import Hierarchies, figure
from memgen.jobs.stage import Inputs
from memgen.language.fits.tables import PREDICTIONS


@figure
def published_heatmaps(
    *,
    predictions: Inputs,
    items: str,
    methods: list[str],
    hierarchies: Hierarchies,
    ours: list[str] | None = None,
) -> Figure:
    """Draw observed margins above the diagonal and the theory's below it, published models and ours.

    Margins of every model after training, averaged over seeds and reversals: observed above the diagonal,
    the theory's at the fitted gamma below it, mirrored; published models, and one of ours of each kind,
    marked so. Without an exception margins grow with the distance in rank; with one, red spreads from the
    framed exception to pairs next to it, as the theory says.

    Parameters
    ----------
    predictions
        Observed and predicted margins, published and ours.
    items
        Which kind of item.
    methods
        Which methods; of each model the smallest hyperparameter is shown.
    hierarchies
        Which hierarchies, from left to right.
    ours
        Which models of ours.
    """
    frame = chosen(pl.concat([PREDICTIONS.read(path) for path in predictions]), items, methods, ours or [])
    figure, axes, cells = cell_grid(frame, hierarchies, panel=1.35)
    for panel, pairs in cells:
        image = draw_square(panel, pairs)
        panel.set_xlabel(gamma_text(pairs["gamma"][0]), fontsize=5.5)
    label = "margin / largest observed (unitless)"
    figure.colorbar(image, ax=axes, label=label, location="right", shrink=0.4, aspect=40)
    figure.set_layout_engine("constrained", h_pad=0.08)  # squares leave their labels too little room
    figure.suptitle("observed above the diagonal, theory at the fitted γ below", fontsize=7)
    return figure
