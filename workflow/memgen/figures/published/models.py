"""Figures of published language models, beside the theory and our models."""

from collections.abc import Iterable
from typing import Annotated

import cyclopts
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memgen.figures.cells import UNTRAINED, fit_of, gamma_label, heatmaps, present, scatters, smallest
from memgen.figures.labels import ITEMS, METHODS, PAIR_CLASSES, PALETTE, method_label, model_label, named
from memgen.figures.panels import LINE, class_keys, equality, key, legend, level, note, panel_letters
from memgen.figures.style import MARKERS, Hierarchies, Items, Method, Words, figure, new_figure
from memgen.language.fits.tables import FIT, PREDICTIONS
from memgen.language.responses.tables import ACCURACY
from memgen.published.tables import COMPARISON, EQUITY_CLASSES, EQUITY_SUITS, EXPLANATIONS_SUMMARY, TRANSFER

Predictions = Annotated[list[pl.DataFrame], PREDICTIONS]
Methods = Annotated[
    list[str], cyclopts.Parameter(help="Which methods; of each model the smallest hyperparameter is shown.")
]
Ours = Annotated[list[str] | None, cyclopts.Parameter(help="Which models of ours.")]

OF_METHOD = {"full": PALETTE["black"], "lora": PALETTE["orange"], "probe": PALETTE["blue"]}
#: Colours that tell models or kinds of item apart.
COLOURS = list(PALETTE.values())[1:]
SCORES = {
    "r2": ("in sample", PALETTE["grey"], "o"),
    "r2_seeds": ("held-out seeds", PALETTE["orange"], "s"),
    "r2_pairs": ("held-out pairs", PALETTE["blue"], "D"),
}
SHARING = {
    False: (PALETTE["blue"], "o", "no rank in common"),
    True: (PALETTE["vermilion"], "D", "a rank in common"),
}


def _after_training(frames: Iterable[pl.DataFrame], items: str) -> pl.DataFrame:
    """Rows of one kind of item after training."""
    return pl.concat(frames).filter(pl.col("phase") == "post", pl.col("items") == items)


def _weakest(frame: pl.DataFrame, column: str, group: list[str]) -> pl.DataFrame:
    """Rows of the smallest hyperparameter of each group, of LoRA of the largest rank."""
    value = pl.col(column)
    largest, least = value.max().over(group), value.min().over(group)
    extreme = pl.when(pl.col("method") == "lora").then(largest).otherwise(least)
    return frame.filter(value.is_null() | (value == extreme))


def _chosen(
    predictions: list[pl.DataFrame], items: str, methods: list[str], ours: list[str] | None
) -> pl.DataFrame:
    """Rows of one kind of item, some methods and some models of ours, each at its smallest hyperparameter."""
    shown = (pl.col("source") == "published") | pl.col("model").is_in(ours or [])
    frame = pl.concat(predictions)
    return smallest(frame.filter(pl.col("items") == items, pl.col("method").is_in(methods), shown))


@figure
def published_heatmaps(
    *,
    predictions: Predictions,
    items: Items,
    methods: Methods,
    hierarchies: Hierarchies,
    words: Words,
    ours: Ours = None,
) -> Figure:
    """Draw observed margins above the diagonal and the theory's below it, published models and ours.

    Margins of every model after training, averaged over seeds and reversals: observed above the diagonal,
    the theory's at the fitted gamma below it, mirrored; published models, and one of ours of each kind,
    marked so. Without an exception margins grow with the distance in rank; with one, red spreads from the
    framed exception to pairs next to it, as the theory says.
    """
    frame = _chosen(predictions, items, methods, ours)
    return heatmaps(frame, hierarchies, named(words), panel=1.35, shrink=0.4)


@figure
def published_predicted(
    *,
    predictions: Predictions,
    fits: Annotated[list[pl.DataFrame], FIT],
    items: Items,
    methods: Methods,
    hierarchies: Hierarchies,
    words: Words,
    ours: Ours = None,
) -> Figure:
    """Draw predicted against observed margins of untrained pairs, published models and ours.

    Each point is one untrained pair: the margin that the theory predicts at the fitted gamma and scale
    against the one observed, with its 95 % interval over seeds; the grey line is equality. Where points
    bend below the line at the right, logit differences saturate while ranks go on growing.
    """
    frame = _chosen(predictions, items, methods, ours).filter(UNTRAINED, pl.col("predicted").is_not_null())
    unit = "logit units; ours: target units"
    figure, cells = scatters(frame, hierarchies, named(words), panel=1.35, unit=unit)
    every = pl.concat(fits)
    for panel, pairs in cells:
        text = f"{gamma_label(pairs)}\nr = {fit_of(every, pairs)['correlation'][0]:.3f}"
        note(panel, 0.03, 0.97, text, 5, va="top")
    return figure


@figure
def published_accuracy(
    *, accuracy: Annotated[list[pl.DataFrame], ACCURACY], items: Items, hierarchies: Hierarchies, words: Words
) -> Figure:
    """Draw accuracy by pair class for every model and method, with 95 % intervals over seeds.

    Accuracy by pair class after training, of each model and method the weakest regularization run (of LoRA
    the largest rank), with 95 % intervals over seeds; open markers are this study's models. Read
    generalization beside the accuracy on trained pairs at the left: published LoRA runs often have not
    learned those.
    """
    group = ["source", "model", "method"]
    frame = _weakest(_after_training(accuracy, items), "hyperparameter", group)
    names = present(hierarchies, frame)
    runs = frame.select(group).unique().sort("source", "method", "model").rows()
    models = sorted({(source, model) for source, model, _ in runs})
    markers = {one: MARKERS[number % len(MARKERS)] for number, one in enumerate(models)}
    figure, axes = new_figure(len(names), 1, height=1.45 * len(names) + 0.7, sharex=False)
    for axis, name in zip(axes[:, 0], names, strict=True):
        rows = frame.filter(pl.col("hierarchy") == name)
        classes = [kind for kind in PAIR_CLASSES if kind in set(rows["pair_class"]) and kind != "loop"]
        for position, kind in enumerate(classes):
            for number, (source, model, method) in enumerate(runs):
                row = rows.filter(pair_class=kind, source=source, model=model, method=method)
                if not row.is_empty():
                    axis.errorbar(
                        position - 0.38 + 0.76 * (number + 0.5) / len(runs), row["accuracy"][0],
                        yerr=row["accuracy_half_width"][0] or 0.0, fmt=markers[source, model], ms=3,
                        mfc="white" if source == "study" else None, elinewidth=0.6,
                        color=OF_METHOD.get(method, PALETTE["green"]),
                    )  # fmt: skip
        level(axis, 0.5)
        axis.set_xticks(range(len(classes)), classes)
        axis.set(ylim=(-0.03, 1.05), ylabel="accuracy\n(share right)")
        axis.set_title(f"{named(words).get(name, name)}, {ITEMS.get(items, items)}", loc="left")
    handles = [key(METHODS[method], colour, "s") for method, colour in OF_METHOD.items()]
    handles.append(key("other", PALETTE["green"], "s"))
    for (source, model), marker in markers.items():
        ours, face = (" (ours)", "white") if source == "study" else ("", None)
        handles.append(key(f"{model_label(model)}{ours}", PALETTE["grey"], marker, mfc=face))
    legend(figure, handles, 6)
    return figure


@figure
def published_comparison(*, comparison: Annotated[pl.DataFrame, COMPARISON], words: Words) -> Figure:
    """Draw accuracy of our models against that of each published model, per pair class and hierarchy.

    Accuracy of our models against that of the published ones, one point per pair class and hierarchy, with
    95 % intervals over seeds; the grey line is equality. Our models are far smaller, and probes by ridge
    regression: directions are comparable, levels need not be.

    Shown are the smallest probe L2 and the largest LoRA rank of each published model.
    """
    frame = comparison.filter(pl.col("accuracy").is_not_null())
    frame = _weakest(frame, "published_hyperparameter", ["published_model", "method"])
    names = ["our_method", "model", "method"]
    panels = frame.select(names).unique().sort(names).rows()
    width = min(4, len(panels))
    depth = -(-len(panels) // width)
    figure, axes = new_figure(depth, width, height=1.9 * depth + 0.6, sharex=True, sharey=True)
    for axis, (our_method, model, method) in zip(axes.flat, panels, strict=False):
        rows = frame.filter(our_method=our_method, model=model, method=method)
        for kind, (colour, marker) in PAIR_CLASSES.items():
            of_kind = rows.filter(pair_class=kind)
            axis.errorbar(
                of_kind["published_accuracy"], of_kind["accuracy"],
                xerr=of_kind["published_accuracy_half_width"].fill_null(0.0),
                yerr=of_kind["accuracy_half_width"].fill_null(0.0), fmt=marker, ms=2.5, elinewidth=0.4,
                color=colour, alpha=0.6,
            )  # fmt: skip
        equality(axis, 0, 1)
        axis.set(xlim=(0, 1.04), ylim=(0, 1.04))
        labels = [named(words).get(our_method, our_method), METHODS.get(method, method)]
        axis.set_title(f"{model_label(model)}\n{labels[0]} v {labels[1]}", fontsize=6)
    for axis in axes.flat[len(panels) :]:
        axis.axis("off")
    figure.supxlabel("accuracy of a published model (share right)", fontsize=7)
    figure.supylabel("accuracy of ours", fontsize=7)
    legend(figure, class_keys(frame["pair_class"]), 7, side="upper")
    return figure


@figure
def published_regularization(
    *,
    accuracy: Annotated[pl.DataFrame, ACCURACY],
    fit: Annotated[pl.DataFrame, FIT],
    items: Items,
    hierarchies: Hierarchies,
    words: Words,
) -> Figure:
    """Draw what regularization does: accuracy, margin, gamma and memorization weight, against L2 and rank.

    From top to bottom: accuracy and margin by pair class, fitted gamma, and fitted memorization weight
    against the L2 of the probe, one line per model; fitted gamma against LoRA rank. Fits with gamma at an
    end of its range are left out. The theory says that gamma grows with regularization and the memorization
    weight falls; loop pairs have no accuracy.
    """
    rates = _after_training([accuracy], items)
    fits = fit.filter(pl.col("items") == items, pl.col("gamma_at_edge").is_null())
    names = present(hierarchies, rates)
    models = sorted(set(rates["model"]))
    looks = {model: (COLOURS[n % 8], MARKERS[n % 8]) for n, model in enumerate(models)}
    figure, axes = new_figure(5, len(names), height=7.6, sharex="row", sharey="row")
    for name, (rate, margin, gamma, weight, of_rank) in zip(names, axes.T, strict=True):
        of_name = pl.col("hierarchy") == name
        probes = rates.filter(of_name, pl.col("method") == "probe")
        for kind, look in PAIR_CLASSES.items():
            for model in models:
                rows = probes.filter(pair_class=kind, model=model)
                for axis, value in ((rate, "accuracy"), (margin, "margin")):
                    known = rows.filter(pl.col(value).is_not_null())
                    _draw_line(axis, known, value, *look, f"{value}_half_width")
        for model, look in looks.items():
            cell = fits.filter(of_name, pl.col("model") == model)
            probe, lora = cell.filter(method="probe"), cell.filter(method="lora")
            _draw_line(gamma, probe, "gamma", *look)
            _draw_line(weight, probe, "memorization_weight", *look)
            _draw_line(of_rank, lora, "gamma", *look)
        rate.set_title(named(words).get(name, name))
        level(rate, 0.5)
        level(margin, 0)
        for axis in (rate, margin, gamma, weight):
            axis.set(xscale="log", xlabel="probe L2")
        gamma.set_yscale("log")
        of_rank.set_xscale("log", base=2)
        of_rank.set(yscale="log", xlabel="LoRA rank")
    labels = ["accuracy\n(share right)", "margin\n(logit units)", "fitted γ", "memorization\nweight m"]
    for axis, label in zip(axes[:, 0], [*labels, "fitted γ"], strict=True):
        axis.set_ylabel(label)
    axes[3, 0].set_ylim(-0.5, 1.5)
    lines = [key(model_label(model), *look, lw=LINE) for model, look in looks.items()]
    legend(figure, [*class_keys(rates["pair_class"], lw=LINE), *lines], 6)
    return figure


def _draw_line(
    axis: Axes, rows: pl.DataFrame, value: str, colour: str, marker: str, error: str | None = None
) -> None:
    """A column against the hyperparameter, with its error where it has one."""
    rows = rows.sort("hyperparameter")
    axis.errorbar(
        rows["hyperparameter"], rows[value], yerr=None if error is None else rows[error].fill_null(0.0),
        lw=0.8, elinewidth=0.5, ms=2.5, color=colour, marker=marker,
    )  # fmt: skip


@figure
def published_explanations(
    *,
    summary: Annotated[pl.DataFrame, EXPLANATIONS_SUMMARY],
    items: Annotated[list[str], cyclopts.Parameter(help="Which kinds of item, from top to bottom.")],
    method: Method,
    hierarchies: Hierarchies,
    words: Words,
) -> Figure:
    """Draw how well each explanation predicts held-out seeds and pairs, beside the noise ceiling.

    Share of the variance of margins that each explanation predicts, in sample, for held-out seeds and for
    held-out pairs; medians over models of full finetuning. Black: what sampling noise leaves to be
    explained. One more parameter, a saturating link, earns its place where margins are large; other kernels
    and priors hardly do.
    """
    frame = summary.filter(pl.col("r2").is_not_null(), pl.col("items").is_in(items), source="published")
    frame = frame.filter(method=method)
    names = present(hierarchies, frame)
    kinds = [name for name in items if name in set(frame["items"])]
    explanations = frame.select("margins", "explanation").unique().sort("margins", "explanation").rows()
    height = 0.16 * len(explanations) * len(kinds) + 1.0
    figure, axes = new_figure(len(kinds), len(names), height=height, sharey=True, sharex="row")
    for across, kind in zip(axes, kinds, strict=True):
        for axis, name in zip(across, names, strict=True):
            rows = frame.filter(items=kind, hierarchy=name)
            for place, (margins, explanation) in enumerate(explanations):
                row = rows.filter(margins=margins, explanation=explanation)
                if row.is_empty():
                    continue
                ceiling = row["noise_ceiling"][0]
                if ceiling is not None:
                    axis.plot([ceiling, ceiling], [place - 0.4, place + 0.4], color=PALETTE["black"], lw=0.8)
                for value, (_, colour, marker) in SCORES.items():
                    axis.plot(row[value][0], place, marker, color=colour, ms=3)
            axis.set_title(f"{named(words).get(name, name)}, {ITEMS.get(kind, kind)}")
            axis.set_xlabel("r² (share of variance)")
            axis.set_xlim(max(axis.get_xlim()[0], -0.5), 1.02)
        labels = [f"{text.replace('_', ' ')} ({margins.replace('_', ' ')})" for margins, text in explanations]
        across[0].set_yticks(range(len(explanations)), labels, fontsize=5)
    axes[0, 0].invert_yaxis()
    legend(
        figure, [*(key(*look) for look in SCORES.values()), key("noise ceiling", PALETTE["black"], lw=LINE)]
    )
    return figure


@figure
def published_transfer(*, transfer: Annotated[pl.DataFrame, TRANSFER], words: Words) -> Figure:
    """Draw how well gamma fitted on one hierarchy predicts another, against a fit to the other itself.

    Each point is one model, method and pair of hierarchies: how much of the variance gamma explains when
    fitted on another hierarchy (only the scale is fitted again), against a fit to the hierarchy itself. On
    the grey line nothing is lost. Crosses: margins proportional to the distance in rank, without theory.
    """
    frame = transfer.filter(~pl.col("at_edge")).drop_nulls(["r2_own", "r2_rescaled"])
    columns = frame.select("source", "method").unique().sort("source", "method").rows()
    figure, axes = new_figure(2, len(columns), height=3.8, sharex=True, sharey=True)
    colours = dict(zip(sorted(set(frame["items"])), COLOURS, strict=False))
    for across, link in zip(axes, ("straight", "saturating"), strict=True):
        for axis, (source, method) in zip(across, columns, strict=True):
            for kind, colour in colours.items():
                rows = frame.filter(link=link, source=source, method=method, items=kind)
                axis.plot(rows["r2_own"], rows["r2_rescaled"], "o", ms=1.8, alpha=0.5, color=colour)
                axis.plot(rows["r2_own"], rows["r2_distance"], "x", ms=2, alpha=0.3, color=colour)
            equality(axis, -1, 1)
            axis.set(xlim=(-0.3, 1.03), ylim=(-0.6, 1.05))
            label = method_label({"source": source, "method": method}, named(words))
            axis.set_title(f"{label}{' (ours)' if source == 'study' else ''}", fontsize=6.5)
        across[0].set_ylabel(f"{link} link")
    figure.supxlabel("r² of γ fitted on the hierarchy itself (share of variance)", fontsize=7)
    figure.supylabel("r² carried over from another hierarchy", fontsize=7)
    handles = [key(ITEMS.get(str(kind), str(kind)), colour, "o") for kind, colour in colours.items()]
    legend(figure, [*handles, key("distance in rank, no theory", PALETTE["grey"], "x")], 4, side="upper")
    return figure


@figure
def published_equities(
    *, classes: Annotated[pl.DataFrame, EQUITY_CLASSES], suits: Annotated[pl.DataFrame, EQUITY_SUITS]
) -> Figure:
    """Draw differences by class of the two hands, and of sampled entries before and after fixing suits.

    Equities of pre-flop hands, the published matrix against ours, which are averaged over all legal suits:
    mean absolute difference (a) and share of entries beyond four standard errors (b) by class of the two
    hands. Sampled entries (c): the difference that is left once suits are fixed as comes nearest. Open: the
    nearest assignment gives both hands the same card, which no deck can deal; where labels share a rank, the
    matrix holds such deals.
    """
    figure, axes = new_figure(1, 3, height=2.5)
    one, two, three = axes[0]
    hands = ["first_class", "second_class"]
    names = classes.select(hands).unique(maintain_order=True).rows()[::-1]
    for sharing, (colour, marker, label) in SHARING.items():
        rows = classes.filter(pl.col("shares_rank") == sharing)
        places = [names.index(row) for row in rows.select(hands).rows()]
        one.plot(rows["mean_absolute_difference"], places, marker, color=colour, ms=3.5, label=label)
        two.plot(rows["share_beyond"], places, marker, color=colour, ms=3.5)
        entries = suits.filter(pl.col("shares_rank") == sharing)
        for twice, face in ((False, colour), (True, "white")):
            part = entries.filter(pl.col("deals_a_card_twice") == twice)
            off = [(part["published"] - part[name]).abs() for name in ("averaged", "nearest")]
            three.plot(*off, marker, color=colour, mfc=face, ms=2.6, mew=0.6, lw=0)
    for axis in (one, two):
        axis.set_yticks(range(len(names)), [f"{first} v {second}" for first, second in names])
    two.set_yticklabels([])
    one.set_xlabel("mean |published - ours|")
    one.set_xlim(left=0)
    one.xaxis.set_major_locator(MaxNLocator(3))
    two.set_xlabel("share beyond four standard errors")
    equality(three, 0, max(0.005, float((suits["published"] - suits["averaged"]).abs().max())))  # type: ignore[arg-type]
    three.plot([], [], "D", mfc="white", color=PALETTE["vermilion"], label="a card dealt twice", ms=3)
    three.set_xlabel("|published - ours|, suits averaged")
    three.set_ylabel("|published - ours|, suits fixed")
    panel_letters(axes[0])
    shown = [axis.get_legend_handles_labels()[0] for axis in (one, three)]
    legend(figure, [*shown[0], *shown[1]], 3)
    return figure
