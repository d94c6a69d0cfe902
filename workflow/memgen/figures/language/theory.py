"""Figures of language models beside the theory: margins, held-out pairs, and representations."""

from typing import Annotated, Any

import cyclopts
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memgen.errors import BadInput
from memgen.figures.cells import first_of_each, heatmaps, named, present, smallest
from memgen.figures.dots import rows_of
from memgen.figures.labels import method_label, model_label
from memgen.figures.language.behaviour import Probes
from memgen.figures.panels import key, legend, level, note, panel_letters, separate_rows
from memgen.figures.style import (
    MARKERS_OF_MODELS,
    PALETTE,
    SERIES,
    Drawn,
    Hierarchies,
    Items,
    Words,
    figure,
    new_figure,
)
from memgen.language.fits.tables import BASELINES, GAMMA_RANGE, PREDICTIONS, RELATION
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
    Each square is scaled to its largest observed margin. One number, gamma, was fitted per square; what is
    alike on both sides of the diagonal is what the theory explains. Where gamma lies at an end of its range,
    the weight of memorization is not identified and the trained pairs stay grey below the diagonal. Of
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
    for place, (_, one, cells) in enumerate(rows):
        _draw_predictors(*axes[0], cells, len(rows) - 1 - place, bars=len(one.of_models) == 1)
    left, right = axes[0]
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
        look = {"fmt": marker, "color": colour, "ms": 2.4 if bars else 1.6, "elinewidth": 0.5}
        value, low, high = (row[f"correlation_by_seed{end}"] for end in ("", "_low", "_high"))
        lead, half = row["difference_to_theory"], row["difference_to_theory_half_width"]
        at = height + 0.3 - 0.12 * step
        if value is not None:
            known = bars and low is not None
            left.errorbar(value, at, xerr=[[value - low], [high - value]] if known else None, **look)
        if lead is not None:
            right.errorbar(lead, at, xerr=half if bars else None, **look)


@figure
def conjunctivity(*, geometry: Geometry, relation: Annotated[pl.DataFrame, RELATION], words: Words) -> Figure:
    """Draw the measured conjunctivity, before and after training, against the fitted gamma.

    Each point is one model, kind of item, hierarchy and method: the conjunctivity alpha measured from the
    hidden states of its prompts, with its standard error over seeds, against the gamma fitted to its
    answers, with its 95 % profile interval (errors by seed); a bar that reaches an end of the range is open
    there, and a hollow point lies at that end: the answers bound its gamma on one side only. A point's shape
    is the model, its colour the method. The grey curve is the theory without ridge, gamma = 2 alpha / (1 -
    alpha); a ridge lies above it. The rank correlation is that of the finetuned cells, its interval a
    bootstrap in which networks are drawn, each with all its cells.
    """
    end = pl.col("gamma_at_edge").replace_strict(["low", "high"], GAMMA_RANGE, return_dtype=pl.Float64)
    frame = geometry.with_columns(pl.coalesce("gamma", end).alias("gamma")).drop_nulls(["alpha", "gamma"])
    models = dict.fromkeys(map(model_label, frame["model"]))
    methods = frame["method"].unique(maintain_order=True).to_list()
    markers = {name: MARKERS_OF_MODELS[n % len(MARKERS_OF_MODELS)] for n, name in enumerate(models)}
    colours = {name: SERIES[n % len(SERIES)] for n, name in enumerate(methods)}
    figure, axes = new_figure(1, 2, height=3.0, sharey=True)
    titles = {"pre": "before training", "post": "after training"}
    for axis, (phase, title) in zip(axes[0], titles.items(), strict=True):
        curve = np.linspace(0, 0.99, 200)
        axis.plot(curve, 2 * curve / (1 - curve), color=GREY, lw=0.8, zorder=0)
        for row in frame.filter(pl.col("phase") == phase).iter_rows(named=True):
            colour = colours[row["method"]]
            axis.errorbar(
                row["alpha"], row["gamma"], xerr=row["alpha_standard_error"], yerr=_reach(row),
                fmt=markers[model_label(row["model"])], color=colour,
                mfc="white" if row["gamma_at_edge"] else colour, mew=0.6, ms=3, elinewidth=0.4, lw=0,
            )  # fmt: skip
        over_all = relation.filter(pl.col("phase") == phase, pl.col("method").is_null()).row(0, named=True)
        if over_all["spearman"] is not None:
            text = "finetuned: rank correlation {spearman:.2f}".format(**over_all)
            if over_all["spearman_low"] is not None:
                text += "\n[{spearman_low:.2f}, {spearman_high:.2f}]".format(**over_all)
            text += "\n{n_cells} cells of {n_networks} networks".format(**over_all)
            note(axis, 0.97, 0.03, text, 5.5, ha="right")
        axis.set_xscale("symlog", linthresh=0.01, linscale=0.5)
        axis.set_xticks([0, 0.01, 0.03, 0.1, 0.3, 1], ["0", ".01", ".03", ".1", ".3", "1"])
        axis.minorticks_off()
        axis.set_yscale("log")
        axis.set_ylim(GAMMA_RANGE[0] / 2, 2 * GAMMA_RANGE[1])
        axis.set_title(title)
        axis.set_xlabel("conjunctivity of the representation, α")
    axes[0, 0].set_ylabel("γ fitted to behaviour")
    for model, marker in markers.items():
        axes[0, 1].plot([], [], marker, color=PALETTE["black"], label=model)
    called = named(words)
    for method, colour in colours.items():
        axes[0, 1].plot([], [], "s", color=colour, label=called.get(method, method))
    figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside right center")
    return figure


def _reach(row: dict[str, Any]) -> list[list[float]] | None:
    """Lengths of gamma's interval below and above it, to the end of the range where it is open."""
    gamma, low, high = row["gamma"], row["gamma_low"], row["gamma_high"]
    if low is None and high is None:
        return None
    ends = (GAMMA_RANGE[0] if low is None else low, GAMMA_RANGE[1] if high is None else high)
    return [[max(gamma - ends[0], 0.0)], [max(ends[1] - gamma, 0.0)]]
