"""Figures of what language models answer: by pair class, by distance, with bias, and beside an exception."""

from typing import Annotated, Any

import cyclopts
import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from memgen.figures.cells import Series, cells_of_items, present, series
from memgen.figures.dots import Dots, dot_figure, with_interval
from memgen.figures.labels import ITEMS, PAIR_CLASSES, PALETTE, named
from memgen.figures.panels import key, legend, level
from memgen.figures.style import Drawn, Hierarchies, Items, Words, figure, new_figure
from memgen.language.responses.tables import ACCURACY, DISTANCE, EFFECTS

BLACK = PALETTE["black"]
Probes = Annotated[
    list[str], cyclopts.Parameter(help="Methods that train no network: their margins are in target units.")
]


def _after_training(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of our models after training."""
    return table.filter(phase="post", source="study")


@figure
def accuracy_by_class(
    *, accuracy: Annotated[pl.DataFrame, ACCURACY], hierarchies: Hierarchies, words: Words
) -> Drawn:
    """Draw accuracy by pair class, with intervals over seeds, a panel per kind of item and hierarchy.

    Accuracy by pair class after training. Grey: the pairs that were trained, beside which every
    generalization is to be read. Markers: share of right answers; thick bars: 95 % over seeds; thin bars: the
    Wilson interval, which counts every answer. Untrained models: a marker per initialization, without bars.
    Pairs inside the exception's loop have no right answer.
    """
    frame, called = _after_training(accuracy), named(words)
    parts = cells_of_items(frame, present(hierarchies, frame))
    every = series(frame, called)
    columns = min(2, len(parts))
    lines = -(-len(parts) // columns)
    figure, axes = new_figure(lines, columns, height=1.35 * lines + 0.7, sharey=True)
    for axis, (kind, name, rows) in zip(axes.flat, parts, strict=False):
        classes = [one for one in PAIR_CLASSES if one in set(rows["pair_class"]) and one != "loop"]
        for one in every:
            for place, pair_class in enumerate(classes):
                shown = one.rows.filter(items=kind, hierarchy=name, pair_class=pair_class)
                _draw_accuracy(axis, one, place + 0.76 * one.place, shown.drop_nulls("accuracy"))
        trained = sum(one in ("train", "exception") for one in classes)
        axis.axvspan(-0.5, trained - 0.5, color=PALETTE["grey"], alpha=0.12, lw=0, zorder=0)
        level(axis, 0.5)
        axis.set_xticks(range(len(classes)), classes)
        axis.set(ylim=(-0.04, 1.06), xlim=(-0.5, len(classes) - 0.5))
        axis.set_title(f"{ITEMS.get(kind, kind)}, {called.get(name, name)}")
    for axis in axes.flat[len(parts) :]:
        axis.axis("off")
    for axis in axes[:, 0]:
        axis.set_ylabel("accuracy (share right)")
    bars = [key("95 % by seed", BLACK, lw=1.5), key("95 % Wilson", BLACK, lw=0.5)]
    chance = key("chance", PALETTE["grey"], lw=0.5)
    legend(figure, [*(one.key for one in every), *bars, chance], 3)
    return figure, {"accuracy": frame}


def _draw_accuracy(axis: Axes, one: Series, place: float, rows: pl.DataFrame) -> None:
    """The accuracy of one series on the pairs of one class."""
    for row in rows.iter_rows(named=True):
        if len(rows) == 1:
            axis.plot([place, place], [row["accuracy_low"], row["accuracy_high"]], color=one.colour, lw=0.5)
            reach, mean = row["accuracy_half_width"] or 0.0, row["accuracy"]
            axis.plot([place, place], [max(0, mean - reach), min(1, mean + reach)], color=one.colour, lw=1.5)
        axis.plot(place, row["accuracy"], one.marker, color=one.colour, ms=2.6 if len(rows) == 1 else 1.6)


@figure
def symbolic_distance(
    *,
    distance: Annotated[pl.DataFrame, DISTANCE],
    items: Items,
    hierarchies: Hierarchies,
    probes: Probes,
    words: Words,
) -> Drawn:
    """Draw accuracy and margin against distance, with 95 % intervals over seeds.

    The symbolic distance effect with invented names: accuracy (first row) and margin (below, a row per unit)
    of pairs against the distance of their ranks, means over seeds with 95 % intervals. Open: trained pairs,
    neighbours and the exception. Untrained models: a line per initialization, without bars. Pairs inside the
    exception's loop are left out.
    """
    frame = _after_training(distance).filter(items=items)
    called, names = named(words), present(hierarchies, frame)
    of_probes = pl.col("method").is_in(probes)
    rows = [
        ("accuracy", "accuracy\n(share right)", 0.5, pl.lit(True)),
        ("margin", "margin of probes\n(target units)", 0.0, of_probes),
        ("margin", "margin, finetuned\n(logit units)", 0.0, ~of_probes),
    ]
    rows = [row for row in rows if not frame.filter(row[-1]).is_empty()]
    every = series(frame, called)
    figure, axes = new_figure(len(rows), len(names), height=1.4 * len(rows) + 0.6, sharex=True, sharey="row")
    for across, (value, label, none, of_row) in zip(axes, rows, strict=True):
        for axis, name in zip(across, names, strict=True):
            for one in every:
                for of_model in one.of_models:
                    shown = of_model.filter(of_row, hierarchy=name)
                    _draw_distance(axis, one, shown, value, len(one.of_models) == 1)
            level(axis, none)
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            if value == "accuracy":
                axis.set_ylim(-0.04, 1.06)
        across[0].set_ylabel(label)
    for top, bottom, name in zip(axes[0], axes[-1], names, strict=True):
        top.set_title(f"{ITEMS.get(items, items)}, {called.get(name, name)}")
        bottom.set_xlabel("distance of ranks (steps)")
    legend(figure, [*(one.key for one in every), key("trained pairs", BLACK, "o", mfc="white")], 3)
    return figure, {"distance": frame}


def _draw_distance(axis: Axes, one: Series, rows: pl.DataFrame, value: str, bars: bool) -> None:
    """One value of one model against the distance of the ranks."""
    for trained, line, face in ((False, "-", one.colour), (True, "", "white")):
        part = rows.filter(pl.col("trained") == trained).drop_nulls(value).sort("distance")
        look: dict[str, Any] = {"color": one.colour, "mfc": face, "ms": 2.4 if bars else 1.4, "mew": 0.5}
        axis.errorbar(
            part["distance"] + 0.3 * one.place, part[value],
            yerr=part[f"{value}_half_width"].fill_null(0.0) if bars else None,
            fmt=f"{one.marker}{line}", lw=0.7 if bars else 0.3, elinewidth=0.5, **look,
        )  # fmt: skip


@figure
def exception_effect(
    *, effects: Annotated[pl.DataFrame, EFFECTS], hierarchies: Hierarchies, probes: Probes, words: Words
) -> Drawn:
    """Draw the share of Yes, and what the exception does to cross pairs, with 95 % intervals over seeds.

    Bias and the exception's effect, a row per model, method and kind of item. (a) Share of answers that are
    Yes, one half without bias; open: before training. (b to d) What the exception does to the accuracy and
    the margin of cross pairs: the change from the plain hierarchy of the same size, paired by seed; left of
    the line the exception costs. Bars: 95 % intervals over seeds (Student's t). Untrained models: a marker
    per initialization, without bars. For names the two hierarchies share items and prompts, for poker only
    the seed.
    """
    frame = with_interval(effects.filter(source="study"), "yes_share")
    after, of_probes = pl.col("phase") == "post", pl.col("method").is_in(probes)
    shown = [
        Dots("yes_share", "share of answers\nthat are Yes", 0.5, ends=(-0.04, 1.04)),
        Dots("exception_accuracy_effect", "accuracy on cross pairs\n(change, share right)", 0.0, after),
        Dots("exception_margin_effect", "margin, probes\n(change, target units)", 0.0, after & of_probes),
        Dots("exception_margin_effect", "margin, finetuned\n(change, logit units)", 0.0, after & ~of_probes),
    ]
    filled = [one for one in shown if one.of is None or frame.filter(one.of)[one.value].count()]
    before = key("before training", PALETTE["grey"], "o", mfc="white")
    drawn = dot_figure(frame, filled, hierarchies, named(words), before, open_where=pl.col("phase") == "pre")
    return drawn, {"effects": frame}
