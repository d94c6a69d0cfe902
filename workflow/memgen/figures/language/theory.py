"""Figures of language models beside the theory: margins, held-out pairs, and representations."""

from typing import Annotated

import cyclopts
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memgen.errors import BadInput
from memgen.figures.cells import CELL, UNTRAINED, heatmaps, present, scatters, smallest, train_label
from memgen.figures.dots import Dots, dot_figure, row_label, with_interval
from memgen.figures.labels import model_label
from memgen.figures.panels import key, legend, level, note, panel_letters, separate_rows
from memgen.figures.style import (
    PALETTE,
    Drawn,
    Hierarchies,
    Items,
    Method,
    figure,
    new_figure,
)
from memgen.language.fits.tables import BASELINES, FIT, PREDICTIONS
from memgen.language.responses.tables import GEOMETRY

Predictions = Annotated[pl.DataFrame, PREDICTIONS]
Fits = Annotated[pl.DataFrame, FIT]
Geometry = Annotated[pl.DataFrame, GEOMETRY]

GREY = PALETTE["grey"]
#: Colour and marker without the exception, and with it.
WITHOUT_AND_WITH = ((PALETTE["blue"], "o"), (PALETTE["vermilion"], "D"))
PREDICTORS = {
    "theory": ("theory", PALETTE["blue"], "o"),
    "plain": ("without the exception", PALETTE["vermilion"], "s"),
    "wrong_exception_best": ("best wrong exception", PALETTE["orange"], "D"),
    "wrong_exception": ("wrong exception, mean", PALETTE["purple"], "v"),
    "distance": ("distance alone", PALETTE["green"], "^"),
    "free_ranks": ("free ranks", PALETTE["black"], "P"),
}


@figure
def language_summary(
    *,
    predictions: Annotated[list[pl.DataFrame], PREDICTIONS],
    items: Items,
    plain: Annotated[str, cyclopts.Parameter(help="Hierarchy without exceptions.")],
    exceptional: Annotated[str, cyclopts.Parameter(help="Hierarchy of the same size with exceptions.")],
    models: Annotated[
        list[str],
        cyclopts.Parameter(help="Models of ours, in their order; of the published ones all are shown."),
    ],
    methods: Annotated[
        list[str], cyclopts.Parameter(help="Methods, in their order; of published models full finetuning.")
    ],
) -> Figure:
    """Draw the margins of the pairs around the middle in two hierarchies, a panel per model and method.

    The language study in one picture. Margins of the pairs around the middle of the hierarchy, one of each
    distance, learned without the exception (blue) and with it (vermilion; 5 beats 3 in the nine items of the
    study), with their standard errors over seeds; lines: the theory at the gamma and scale fitted to each
    model. Ranks count from 0, the strongest. Without the exception margins rise with the distance; with it
    the middle pair is turned, and the pairs around it lose most, in pretrained models and in the controls of
    random weights alike.
    """
    pairs = (plain, exceptional)
    middle = pl.col("higher") + pl.col("lower") == pl.col("n") - 1
    frame = pl.concat(predictions).filter(pl.col("items") == items, pl.col("hierarchy").is_in(pairs), middle)
    frame = smallest(frame)
    published = frame.filter(source="published", method="full")["model"].unique().sort()
    cells = [("published", model, "full") for model in published]
    cells += [("study", model, method) for model in models for method in methods]
    found = [(cell, frame.filter(source=cell[0], model=cell[1], method=cell[2])) for cell in cells]
    shown = [(cell, rows) for cell, rows in found if set(rows["hierarchy"]) == set(pairs)]
    if not shown:
        raise BadInput(
            f"no rows of {plain} and {exceptional} with {items} items; allowed: models that were run on both"
        )
    columns = min(3, len(shown))
    lines = -(-len(shown) // columns)
    figure, axes = new_figure(lines, columns, height=1.75 * lines + 0.6)
    panels = axes.flat[: len(shown)]
    for axis, ((source, model, method), rows) in zip(panels, shown, strict=True):
        _draw_middle(axis, rows, pairs)
        told = " (published)" if source == "published" else ""
        axis.set_title(f"{model_label(model, lines=2)}, {method}{told}", fontsize=7)
    for axis in axes.flat[len(shown) :]:
        axis.axis("off")
    for axis in panels[-columns:]:
        axis.set_xlabel("pair around the middle")
    for axis in axes[:, 0]:
        axis.set_ylabel("margin\n(logit or target units)")
    panel_letters(panels)
    handles = [key(name, *look) for name, look in zip(pairs, WITHOUT_AND_WITH, strict=True)]
    theory = key("theory at the fitted γ", GREY, lw=1.0)
    legend(figure, [*handles, theory, key("trained pair", GREY, "o", mfc="white")])
    return figure


def _draw_middle(axis: Axes, rows: pl.DataFrame, pairs: tuple[str, str]) -> None:
    """One panel: observed margins with their standard errors, and the theory's line, in both hierarchies."""
    for name, (colour, marker), shift in zip(pairs, WITHOUT_AND_WITH, (-0.12, 0.12), strict=True):
        of_name = rows.filter(pl.col("hierarchy") == name).sort("higher", descending=True)
        places = np.arange(of_name.height)
        axis.plot(places, of_name["predicted"], color=colour, lw=1.0, alpha=0.6)
        for place, row in zip(places, of_name.iter_rows(named=True), strict=True):
            trained = row["pair_class"] in ("train", "exception")
            axis.errorbar(
                place + shift, row["observed"], yerr=row["standard_error"], fmt=marker, color=colour,
                mfc="white" if trained else colour, ms=3.2, elinewidth=0.7,
            )  # fmt: skip
    labels = [f"{higher} v {lower}" for higher, lower in of_name.select("higher", "lower").iter_rows()]
    axis.set_xticks(places, labels)
    level(axis, 0)
    axis.yaxis.set_major_locator(MaxNLocator(5))


@figure
def margin_heatmaps(
    *, predictions: Predictions, fit: Fits, method: Method, items: Items, hierarchies: Hierarchies
) -> Drawn:
    """Draw the margins of every cell above the diagonal and the theory's at the fitted gamma below it.

    Margins of each model after training ({method}, {items} items), averaged over seeds and reversals:
    observed above the diagonal, the theory's at the fitted gamma below it, mirrored. Each square is scaled
    to its largest observed margin. One number, gamma, was fitted per square; what is alike on both sides of
    the diagonal is what the theory explains. Where gamma lies at an end of its range, the weight of
    memorization is not identified and the trained pairs stay empty below the diagonal. Train: accuracy on
    the trained pairs.
    """
    frame = predictions.filter(source="study", method=method, items=items)
    figure = heatmaps(frame, hierarchies, panel=1.55, shrink=0.5, fits=fit)
    return figure, {"predictions": frame, "fit": frame.select(CELL)}


@figure
def predicted_margins(
    *, predictions: Predictions, fit: Fits, method: Method, items: Items, hierarchies: Hierarchies
) -> Drawn:
    """Draw predicted against observed margins, with standard errors by seed, coloured by pair class.

    Each point is one untrained pair ({method}, {items} items): the margin that the theory predicts at the
    fitted gamma and scale against the margin observed, with its standard error over seeds. The grey line is
    equality; r and r² are in sample, those of held-out pairs stand in the figure of baselines. Gamma with an
    inequality lies at an end of its range. Colours are pair classes. Train: accuracy on the trained pairs.
    """
    frame = predictions.filter(UNTRAINED, source="study", method=method, items=items)
    unit = "logit units; ridge probes: target units"
    figure, cells = scatters(frame, fit, hierarchies, panel=1.55, unit=unit)
    for panel, row, gamma in cells:
        r, r2 = row["correlation"][0], row["r2"][0]
        text = f"{gamma}\nr = {r:.3f}, r² = {r2:.2f}\n{train_label(fit, row)}"
        note(panel, 0.03, 0.97, text, 5.5, va="top")
    return figure, {"predictions": frame, "fit": frame.select(CELL)}


@figure
def baselines(*, baselines: Annotated[pl.DataFrame, BASELINES], hierarchies: Hierarchies) -> Figure:
    """Draw how well every predictor foretells held-out pairs, and the theory's lead seed by seed.

    How well each predictor foretells margins of pairs that it has not seen, a row per cell. Left:
    correlation of predicted and observed margins, averaged over seeds, every untrained pair predicted by a
    fit without it and its mirror image; the bar is the highest correlation that the noise of the seeds
    allows (split halves). Right: the theory's correlation minus the baseline's, seed by seed, with 95 %
    intervals by Student's t; right of zero the theory predicts better. Free ranks give each item a number of
    its own and are the ceiling of every model by ranks.
    """
    frame = baselines.filter(pl.col("source") == "study")
    names = present(hierarchies, frame)
    groups = [frame.filter(pl.col("hierarchy") == name) for name in names]
    counts = [group.select(CELL).n_unique() for group in groups]
    height = 0.115 * sum(counts) + 0.45 * len(names) + 0.6
    ratios = [count + 1 for count in counts]
    figure, axes = new_figure(len(names), 2, height=height, sharex="col", height_ratios=ratios)
    for across, group, name in zip(axes, groups, names, strict=True):
        _draw_predictors(across[0], across[1], group)
        across[0].set_title(name, loc="left")
    axes[-1][0].set_xlabel("correlation with held-out margins")
    axes[-1][1].set_xlabel("theory's correlation minus the baseline's, by seed")
    panel_letters(axes[0])
    handles = [
        key(label, colour, marker, mfc="none" if name == "theory" else colour)
        for name, (label, colour, marker) in PREDICTORS.items()
        if name in set(frame["predictor"])
    ]
    legend(figure, [*handles, key("ceiling by split halves", GREY, "|", ms=7)], 4)
    return figure


def _draw_predictors(left: Axes, right: Axes, group: pl.DataFrame) -> None:
    """Both panels of one hierarchy."""
    order = ["method", "hyperparameter", "items", "model", "source"]
    cells = group.select(order).unique().sort(order, nulls_last=False)
    for place, cell in enumerate(cells.iter_rows(named=True)):
        height = len(cells) - 1 - place
        rows = group.join(pl.DataFrame([cell], schema=cells.schema), on=order, how="semi", nulls_equal=True)
        for row in rows.iter_rows(named=True):
            value = row["held_out_correlation"]
            if value is None:
                continue
            if row["predictor"] == "split_half":
                left.plot(value, height, "|", color=GREY, ms=7)
                continue
            step = list(PREDICTORS).index(row["predictor"])
            _, colour, marker = PREDICTORS[row["predictor"]]
            # The theory is drawn around the others, which often lie on it.
            theory = {"ms": 4.5, "mfc": "none", "mew": 0.9, "zorder": 4} if step == 0 else {"ms": 2.4}
            left.plot(value, height, marker, color=colour, **theory)
            if row["difference_to_theory"] is not None:
                right.errorbar(
                    row["difference_to_theory"], height + 0.3 - 0.12 * step,
                    xerr=row["difference_to_theory_half_width"], fmt=marker, color=colour, ms=2,
                    elinewidth=0.5,
                )  # fmt: skip
    right.axvline(0, color=GREY, lw=0.6, zorder=0)
    labels = [f"{row_label(cell)}, {cell['items']}" for cell in cells.reverse().iter_rows(named=True)]
    left.set_yticks(range(len(cells)), labels, fontsize=5)
    right.set_yticks(range(len(cells)), [])
    for axis in (left, right):
        axis.set_ylim(-0.6, len(cells) - 0.4)
        separate_rows(axis, len(cells))


@figure
def own_kernel(*, geometry: Geometry, fit: Fits, hierarchies: Hierarchies) -> Drawn:
    """Draw how well two predictions agree with finetuned margins: the model's own kernel, and the theory.

    How well two predictions agree with the margins of untrained pairs after finetuning, both run by run with
    95 % intervals over seeds. Filled: kernel ridge regression with the model's own kernel, its hidden states
    before training. Open: the theory, one gamma fitted to the means over a cell's runs. Numbers at the
    right: mean accuracy on the trained pairs.
    """
    fits = fit.select(*CELL, "run_correlation", "run_correlation_half_width", "train_accuracy")
    cells = geometry.filter(pl.col("phase") == "pre").drop_nulls("ridge_correlation")
    cells = cells.join(fits, on=CELL, how="left", nulls_equal=True)
    both = [
        with_interval(cells, name).select(
            *CELL, "train_accuracy", *(pl.col(f"{name}{end}").alias(f"agreement{end}")
                                      for end in ("", "_low", "_high")), theory=pl.lit(theory)
        )
        for name, theory in (("ridge_correlation", False), ("run_correlation", True))
    ]  # fmt: skip
    shown = [Dots("agreement", "correlation with margins after training, run by run", 0.0)]
    figure = dot_figure(
        pl.concat(both), shown, hierarchies,
        key("own kernel, run by run", GREY, "o"),
        key("theory, run by run, one gamma a cell", GREY, "o", mfc="white"),
        open_where=pl.col("theory"),
    )  # fmt: skip
    return figure, {"geometry": cells, "fit": cells.select(CELL)}
