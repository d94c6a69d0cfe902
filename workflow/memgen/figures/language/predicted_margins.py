"""Margins that the theory predicts against those observed, one point per untrained pair."""

import polars as pl

from memgen.figures.cells import KEYS, cell_grid, gamma_text, train_text
from memgen.figures.margin_panels import TRAINED, draw_points
from memgen.figures.style import Drawn, Hierarchies, class_handles, figure
from memgen.jobs.stage import Input
from memgen.language.fits.tables import FIT, PREDICTIONS


@figure
def predicted_margins(
    *, predictions: Input, fit: Input, method: str, items: str, hierarchies: Hierarchies
) -> Drawn:
    """Draw predicted against observed margins, with standard errors by seed, coloured by pair class.

    Each point is one untrained pair ({method}, {items} items): the margin that the theory predicts at the
    fitted gamma and scale against the margin observed, with its standard error over seeds. The grey line is
    equality; r and r² are in sample, those of held-out pairs stand in the figure of baselines. Gamma with an
    inequality lies at an end of its range. Colours are pair classes. Train: accuracy on the trained pairs.

    Parameters
    ----------
    predictions
        Observed and predicted margin of every pair of every cell.
    fit
        Fitted gamma and correlation of every cell.
    method
        Which method of training.
    items
        Which kind of item.
    hierarchies
        Which hierarchies, from left to right.
    """
    frame = PREDICTIONS.read(predictions).filter(source="study", method=method, items=items)
    frame = frame.filter(~pl.col("pair_class").is_in(TRAINED))
    fits = FIT.read(fit)
    figure, _, cells = cell_grid(frame.filter(pl.col("predicted").is_not_null()), hierarchies, panel=1.55)
    for panel, pairs in cells:
        draw_points(panel, pairs)
        row = fits.join(pairs.select(KEYS).head(1), on=KEYS, nulls_equal=True).row(0, named=True)
        text = f"{gamma_text(pairs['gamma'][0])}\nr = {row['correlation']:.3f}, r² = {row['r2']:.2f}"
        text += f"\n{train_text(fits, pairs)}"
        panel.text(0.03, 0.97, text, transform=panel.transAxes, va="top", fontsize=5.5)
    present = set(frame["pair_class"])
    handles = class_handles(present, lw=0)
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    figure.supxlabel("margin predicted by the theory (logit units; ridge probes: target units)", fontsize=7)
    figure.supylabel("margin observed (same units)", fontsize=7)
    drawn = {predictions: frame.select(PREDICTIONS.held.cells), fit: frame.select(KEYS)}
    return figure, drawn
