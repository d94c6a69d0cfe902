"""Figures of language models beside the theory: margins, held-out pairs, and representations."""

from typing import Annotated, Any

import cyclopts
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memgen.errors import BadInput
from memgen.figures.cells import first_of_each, heatmaps, present, smallest
from memgen.figures.dots import rows_of
from memgen.figures.labels import PALETTE, method_label, model_label, named
from memgen.figures.language.behaviour import Probes
from memgen.figures.panels import key, legend, level, panel_letters, separate_rows
from memgen.figures.style import Drawn, Hierarchies, Items, Words, figure, new_figure
from memgen.language.fits.tables import BASELINES, PREDICTIONS
from memgen.language.responses.tables import GEOMETRY

Predictions = Annotated[pl.DataFrame, PREDICTIONS]
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
    probes: Probes,
    words: Words,
) -> Figure:
    """Draw the margins of the pairs around the middle in two hierarchies, a panel per model and method.

    The language study in one picture. Margins of the pairs around the exception, by distance, learned
    without it (blue) and with it (vermilion), with 95 % intervals over seeds; lines: the theory at the gamma
    and scale fitted to each model. Items count from 0, the strongest. Without the exception margins should
    rise with the distance. With it the middle pair is turned, and the pairs next to it, 2 v 5, 3 v 6 and
    2 v 6, lose most. Below zero a pair is answered against the order: finetuned networks may do so for 3 v 5
    even without the exception. Of untrained models every initialization is shown, without bars.
    """
    pairs, called = (plain, exceptional), named(words)
    off_middle = (pl.col("higher") + pl.col("lower") - pl.col("n") + 1).abs()
    beside = (off_middle == 1) & (pl.col("lower") - pl.col("higher") == 3)
    frame = pl.concat(predictions).filter(
        pl.col("items") == items, pl.col("hierarchy").is_in(pairs), (off_middle == 0) | beside
    )
    frame = smallest(frame)
    published = frame.filter(source="published", method="full")["model"].unique().sort()
    cells = [("published", model, "full") for model in published]
    names = dict.fromkeys(map(model_label, models))
    cells += [("study", name, method) for name in names for method in methods]
    is_called = frame.with_columns(label=pl.col("model").map_elements(model_label, return_dtype=pl.String))[
        "label"
    ]
    found = [(cell, frame.filter(is_called == cell[1], source=cell[0], method=cell[2])) for cell in cells]
    shown = [(cell, rows) for cell, rows in found if set(rows["hierarchy"]) == set(pairs)]
    if not shown:
        raise BadInput(
            f"no rows of {plain} and {exceptional} with {items} items; allowed: models that were run on both"
        )
    columns = min(3, len(shown))
    lines = -(-len(shown) // columns)
    figure, axes = new_figure(lines, columns, height=1.75 * lines + 0.6)
    panels = axes.flat[: len(shown)]
    for axis, ((source, name, method), rows) in zip(panels, shown, strict=True):
        _draw_middle(axis, rows, pairs)
        told = " (published)" if source == "published" else ""
        label = method_label({"source": source, "method": method}, called)
        axis.set_title(f"{name}{told}\n{label}", fontsize=7)
        axis.set_ylabel(f"margin ({'target' if source == 'study' and method in probes else 'logit'} units)")
    for axis in axes.flat[len(shown) :]:
        axis.axis("off")
    for axis in panels[-columns:]:
        axis.set_xlabel("pair")
    panel_letters(panels)
    handles = [key(called.get(name, name), *look) for name, look in zip(pairs, WITHOUT_AND_WITH, strict=True)]
    theory = key("theory at the fitted γ", GREY, lw=1.0)
    trained, bar = key("trained pair", GREY, "o", mfc="white"), key("95 % over seeds", GREY, "|", ms=7)
    legend(figure, [*handles, theory, trained, bar])
    return figure


def _draw_middle(axis: Axes, rows: pl.DataFrame, pairs: tuple[str, str]) -> None:
    """One panel: observed margins with their intervals, and the theory's line, in both hierarchies."""
    several = rows["model"].n_unique() > 1
    order = [pl.col("lower") - pl.col("higher"), pl.col("higher")]
    for name, (colour, marker), shift in zip(pairs, WITHOUT_AND_WITH, (-0.12, 0.12), strict=True):
        of_name = rows.filter(pl.col("hierarchy") == name).sort("model", *order)
        for of_model in of_name.partition_by("model", maintain_order=True):
            places = np.arange(of_model.height)
            axis.plot(places, of_model["predicted"], color=colour, lw=0.5 if several else 1.0, alpha=0.6)
            for place, row in zip(places, of_model.iter_rows(named=True), strict=True):
                trained = row["pair_class"] in ("train", "exception")
                axis.errorbar(
                    place + shift, row["observed"], yerr=None if several else row["half_width"], fmt=marker,
                    color=colour, mfc="white" if trained else colour, ms=2.0 if several else 3.2,
                    elinewidth=0.7,
                )  # fmt: skip
    labels = [f"{higher} v {lower}" for higher, lower in of_model.select("higher", "lower").iter_rows()]
    axis.set_xticks(places, labels)
    level(axis, 0)
    axis.yaxis.set_major_locator(MaxNLocator(5))


@figure
def margin_heatmaps(
    *, predictions: Predictions, items: Items, hierarchies: Hierarchies, words: Words
) -> Drawn:
    """Draw the margins of every model above the diagonal and the theory's at the fitted gamma below it.

    Margins of each model after training on invented names, averaged over seeds and reversals: observed above
    the diagonal, the theory's at the fitted gamma below it, mirrored; below, with the exception (framed).
    Each square is scaled to its largest observed margin. One number, gamma, was fitted per square. The
    theory explains the part that is alike on both sides of the diagonal. Where gamma lies at an end of its
    range, the weight of memorization is not identified and the trained pairs stay grey below the diagonal. Of
    untrained models the first initialization.
    """
    chosen = predictions.filter(pl.col("hierarchy").is_in(hierarchies), source="study", items=items)
    frame = first_of_each(smallest(chosen))
    figure = heatmaps(frame, hierarchies, named(words), panel=1.25, shrink=0.7, turned=True)
    return figure, {"predictions": frame}


@figure
def baselines(
    *, baselines: Annotated[pl.DataFrame, BASELINES], hierarchies: Hierarchies, words: Words
) -> Drawn:
    """Draw how well every predictor foretells held-out pairs, and the theory's lead seed by seed.

    How well each predictor foretells margins of pairs that it has not seen, a row per model, method and kind
    of item, with the exception 5:3 among 9 items. (a) Correlation of predicted and observed margins of each
    seed, every untrained pair predicted by a fit without it and its mirror image. (b) The theory's
    correlation minus the baseline's, seed by seed; right of zero the theory predicts better. Means over seeds
    with 95 % intervals by Student's t; in (a) on Fisher's scale. Free ranks give each item a number and are
    the ceiling of every model by ranks. Untrained models: a marker per initialization, without bars.
    """
    names = present(hierarchies, baselines)
    shown = pl.col("predictor").is_in(list(PREDICTORS))
    frame = baselines.filter(shown, pl.col("hierarchy").is_in(names), source="study")
    rows = rows_of(frame, named(words))
    figure, axes = new_figure(1, 2, height=0.24 * len(rows) + 0.9, sharey=True)
    left, right = axes[0]
    for place, (_, one, cells) in enumerate(rows):
        _draw_predictors(left, right, cells, len(rows) - 1 - place, bars=len(one.of_models) == 1)
    left.set_xlabel("correlation with held-out margins, by seed")
    right.set_xlabel("theory minus baseline, by seed")
    right.axvline(0, color=GREY, lw=0.6, zorder=0)
    left.set_yticks(range(len(rows)), [label for label, _, _ in reversed(rows)], fontsize=5.5)
    left.set_ylim(-0.6, len(rows) - 0.4)
    for axis in axes[0]:
        separate_rows(axis, len(rows))
    panel_letters(axes[0])
    told = set(frame["predictor"])
    legend(figure, [key(*look) for name, look in PREDICTORS.items() if name in told], 6)
    return figure, {"baselines": frame}


def _draw_predictors(left: Axes, right: Axes, cells: pl.DataFrame, height: int, *, bars: bool) -> None:
    """Both panels of one row."""
    for row in cells.iter_rows(named=True):
        step = list(PREDICTORS).index(row["predictor"])
        _, colour, marker = PREDICTORS[row["predictor"]]
        look: dict[str, Any] = {"fmt": marker, "color": colour, "ms": 2.4 if bars else 1.6, "elinewidth": 0.5}
        value, low, high = (row[f"correlation_by_seed{end}"] for end in ("", "_low", "_high"))
        lead, half = row["difference_to_theory"], row["difference_to_theory_half_width"]
        at = height + 0.3 - 0.12 * step
        if value is not None:
            known = bars and low is not None
            left.errorbar(value, at, xerr=[[value - low], [high - value]] if known else None, **look)
        if lead is not None:
            right.errorbar(lead, at, xerr=half if bars else None, **look)
