"""Predicted against observed margins of the published models and ours."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.cells import cell_grid, gamma_text
from memgen.figures.margin_panels import TRAINED, draw_points
from memgen.figures.published_runs import chosen
from memgen.figures.style import Hierarchies, class_handles, figure
from memgen.jobs.stage import Inputs
from memgen.language.fits.tables import FIT, PREDICTIONS
from memgen.language.responses.tables import KEY


@figure
def published_predicted(
    *,
    predictions: Inputs,
    fits: Inputs,
    items: str,
    methods: list[str],
    hierarchies: Hierarchies,
    ours: list[str] | None = None,
) -> Figure:
    """Draw predicted against observed margins of untrained pairs, published models and ours.

    Each point is one untrained pair: the margin that the theory predicts at the fitted gamma and scale
    against the one observed, with its standard error over seeds; the grey line is equality. Where points
    bend below the line at the right, logit differences saturate while ranks go on growing.

    Parameters
    ----------
    predictions
        Observed and predicted margins, published and ours.
    fits
        Fits of the same cells.
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
    frame = frame.filter(~pl.col("pair_class").is_in(TRAINED), pl.col("predicted").is_not_null())
    fitted = pl.concat([FIT.read(path) for path in fits])
    figure, _, cells = cell_grid(frame, hierarchies, panel=1.35)
    for panel, pairs in cells:
        draw_points(panel, pairs)
        row = fitted.join(pairs.select(KEY).head(1), on=KEY, nulls_equal=True).row(0, named=True)
        text = f"{gamma_text(pairs['gamma'][0])}\nr = {row['correlation']:.3f}\nr² = {row['r2']:.2f}"
        panel.text(0.03, 0.97, text, transform=panel.transAxes, va="top", fontsize=5)
    present = set(frame["pair_class"])
    handles = class_handles(present, lw=0)
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    figure.supxlabel("margin predicted by the theory (logit units; ours: target units)", fontsize=7)
    figure.supylabel("margin observed (same units)", fontsize=7)
    return figure
