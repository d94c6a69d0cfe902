"""Finetuned behaviour beside what kernel ridge regression from the model's own kernel predicts."""

import polars as pl
from matplotlib.lines import Line2D

from memgen.figures.dots import Dots, dot_figure, with_interval
from memgen.figures.style import PALETTE, Drawn, Hierarchies, figure
from memgen.jobs.stage import Input
from memgen.language.fits.tables import FIT
from memgen.language.responses.tables import GEOMETRY, KEY


@figure
def own_kernel(*, geometry: Input, fit: Input, hierarchies: Hierarchies) -> Drawn:
    """Draw how well two predictions agree with finetuned margins: the model's own kernel, and the theory.

    How well two predictions agree with the margins of untrained pairs after finetuning, both run by run with
    95 % intervals over seeds. Filled: kernel ridge regression with the model's own kernel, its hidden states
    before training. Open: the theory, one gamma fitted to the means over a cell's runs. Numbers at the
    right: mean accuracy on the trained pairs.

    Parameters
    ----------
    geometry
        Measures of every cell.
    fit
        Fits of the same cells.
    hierarchies
        Which hierarchies.
    """
    fits = FIT.read(fit).select(*KEY, "run_correlation", "run_correlation_half_width", "train_accuracy")
    cells = GEOMETRY.read(geometry).filter(pl.col("phase") == "pre").drop_nulls("ridge_correlation")
    cells = cells.join(fits, on=list(KEY), how="left", nulls_equal=True)
    cells = with_interval(with_interval(cells, "ridge_correlation"), "run_correlation")
    own = cells.select(
        *KEY,
        "train_accuracy",
        pl.col("ridge_correlation").alias("agreement"),
        pl.col("ridge_correlation_low").alias("low"),
        pl.col("ridge_correlation_high").alias("high"),
        pl.lit(False).alias("theory"),
    )
    theory = cells.select(
        *KEY,
        "train_accuracy",
        pl.col("run_correlation").alias("agreement"),
        pl.col("run_correlation_low").alias("low"),
        pl.col("run_correlation_high").alias("high"),
        pl.lit(True).alias("theory"),
    )
    shown = [Dots("agreement", "low", "high", "correlation with margins after training, run by run", 0.0)]
    figure, handles = dot_figure(
        pl.concat([own, theory]), shown, hierarchies, open_where=pl.col("theory"),
        beside=("train_accuracy", "train"),
    )  # fmt: skip
    grey = PALETTE["grey"]
    handles += [
        Line2D([], [], color=grey, marker="o", lw=0, label="own kernel, run by run"),
        Line2D(
            [], [], color=grey, marker="o", mfc="white", lw=0, label="theory, run by run, one gamma a cell"
        ),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    drawn = {geometry: cells.select(GEOMETRY.held.cells), fit: cells.select(KEY)}
    return figure, drawn
