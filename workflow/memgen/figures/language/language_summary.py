"""The language study in one picture: margins with and without the exception, beside the theory's."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from memgen.errors import BadInput
from memgen.figures.names import broken
from memgen.figures.style import PAGE, PALETTE, figure, new_figure, panel_letters
from memgen.jobs.stage import Inputs
from memgen.language.fits.tables import PREDICTIONS

COLUMNS = 3

LOOKS = ((PALETTE["blue"], "o"), (PALETTE["vermilion"], "D"))
"""Colour and marker without the exception, and with it."""


@figure
def language_summary(
    *, predictions: Inputs, items: str, plain: str, exceptional: str, models: list[str], methods: list[str]
) -> Figure:
    """Draw the margins of the pairs around the middle in two hierarchies, a panel per model and method.

    The language study in one picture. Margins of the pairs around the middle of the hierarchy, one of each
    distance, learned without the exception (blue) and with it (vermilion; 5 beats 3 in the nine items of the
    study), with their standard errors over seeds; lines: the theory at the gamma and scale fitted to each
    model. Ranks count from 0, the strongest. Without the exception margins rise with the distance; with it
    the middle pair is turned, and the pairs around it lose most, in pretrained models and in the controls of
    random weights alike.

    Parameters
    ----------
    predictions
        Observed and predicted margin of every pair, ours and, where they were fetched, the published ones.
    items
        Which kind of item.
    plain, exceptional
        Hierarchies of one size, without and with exceptions.
    models
        Which models of ours, in their order; of the published ones all are shown.
    methods
        Which methods, in their order; of the published ones full finetuning.
    """
    pairs = (plain, exceptional)
    frame = pl.concat([PREDICTIONS.read(path) for path in predictions]).filter(
        pl.col("items") == items,
        pl.col("hierarchy").is_in(pairs),
        pl.col("higher") + pl.col("lower") == pl.col("n") - 1,
    )
    smallest = pl.col("hyperparameter").min().over("source", "model", "method")
    frame = frame.filter(pl.col("hyperparameter").is_null() | (pl.col("hyperparameter") == smallest))
    ours = [("study", model, method) for model in models for method in methods]
    theirs = [
        ("published", model, "full")
        for model in frame.filter(source="published", method="full")["model"].unique().sort()
    ]
    cells = [(cell, frame.filter(source=cell[0], model=cell[1], method=cell[2])) for cell in [*theirs, *ours]]
    shown = [(cell, rows) for cell, rows in cells if set(rows["hierarchy"]) == set(pairs)]
    if not shown:
        raise BadInput(
            f"nothing to draw: no rows of {plain} and {exceptional} with {items} items; allowed: models that "
            "were run on both"
        )
    columns = min(COLUMNS, len(shown))
    lines = -(-len(shown) // columns)
    figure, axes = new_figure(lines, columns, width=PAGE, height=1.75 * lines + 0.6)
    for axis, ((source, model, method), rows) in zip(axes.flat, shown, strict=False):
        _draw(axis, rows, pairs)
        axis.set_title(
            f"{broken(model)}, {method}{' (published)' if source == 'published' else ''}", fontsize=7
        )
    for axis in axes.flat[len(shown) :]:
        axis.axis("off")
    for place, axis in enumerate(axes.flat[: len(shown)]):
        if place + columns >= len(shown):
            axis.set_xlabel("pair around the middle")
    for axis in axes[:, 0]:
        axis.set_ylabel("margin\n(logit or target units)")
    panel_letters(axes.flat[: len(shown)])
    handles = [
        Line2D([], [], color=colour, marker=marker, lw=0, label=name)
        for name, (colour, marker) in zip(pairs, LOOKS, strict=True)
    ]
    grey = PALETTE["grey"]
    handles += [
        Line2D([], [], color=grey, lw=1.0, label="theory at the fitted γ"),
        Line2D([], [], color=grey, marker="o", mfc="white", lw=0, label="trained pair"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _draw(axis: Axes, rows: pl.DataFrame, pairs: tuple[str, str]) -> None:
    """One panel: observed margins with their standard errors, and the theory's line, in both hierarchies."""
    for name, (colour, marker), shift in zip(pairs, LOOKS, (-0.12, 0.12), strict=True):
        of_name = rows.filter(pl.col("hierarchy") == name).sort("higher", descending=True)
        places = np.arange(of_name.height)
        axis.plot(places, of_name["predicted"], color=colour, lw=1.0, alpha=0.6)
        for place, row in zip(places, of_name.iter_rows(named=True), strict=True):
            trained = row["pair_class"] in ("train", "exception")
            axis.errorbar(
                place + shift,
                row["observed"],
                yerr=row["standard_error"],
                fmt=marker,
                color=colour,
                mfc="white" if trained else colour,
                ms=3.2,
                elinewidth=0.7,
            )
    labels = [f"{row['higher']} v {row['lower']}" for row in of_name.iter_rows(named=True)]
    axis.set_xticks(places, labels)
    axis.axhline(0, color=PALETTE["grey"], lw=0.5, zorder=0)
    axis.yaxis.set_major_locator(MaxNLocator(5))
