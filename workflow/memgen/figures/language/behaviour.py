"""Figures of what language models answer: by pair class, by distance, with bias, and beside an exception."""

from typing import Annotated, Any

import polars as pl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memgen.figures.cells import method_grid
from memgen.figures.dots import Dots, dot_figure, with_interval
from memgen.figures.labels import PAIR_CLASSES
from memgen.figures.panels import key, level
from memgen.figures.style import PALETTE, Drawn, Hierarchies, Method, figure
from memgen.language.responses.tables import ACCURACY, DISTANCE, EFFECTS

BLACK = PALETTE["black"]


@figure
def accuracy_by_class(
    *, accuracy: Annotated[pl.DataFrame, ACCURACY], method: Method, hierarchies: Hierarchies
) -> Drawn:
    """Draw accuracy and paired accuracy by pair class, with seed-clustered and Wilson intervals.

    Accuracy by pair class after training ({method}). Grey: the pairs that were trained, beside which every
    generalization is to be read. Filled: share of right answers, thick bars 95 % over seeds, thin bars the
    Wilson interval that counts every answer. Open: share of pairs for which Yes is likelier in the right
    direction. Pairs within the exception's loop have no truth.
    """
    grid = method_grid(accuracy, method, hierarchies, panel=1.35)
    for axis, found in grid.panels():
        present = {kind for _, rows in found for kind in rows["pair_class"]}
        classes = [kind for kind in PAIR_CLASSES if kind in present and kind != "loop"]
        for one, rows in found:
            look: dict[str, Any] = {"color": one.colour, "ms": 2.6}
            for row in rows.iter_rows(named=True):
                if row["pair_class"] not in classes or row["accuracy"] is None:
                    continue
                place = classes.index(row["pair_class"]) - 0.36 + 0.72 * (one.place + 0.5) / len(grid.series)
                mean, low, high = row["accuracy"], row["accuracy_low"], row["accuracy_high"]
                axis.plot([place, place], [low, high], color=one.colour, lw=0.5)
                reach = row["accuracy_half_width"] or 0.0
                ends = [max(0, mean - reach), min(1, mean + reach)]
                axis.plot([place, place], ends, color=one.colour, lw=1.5)
                axis.plot(place, mean, one.marker, **look)
                axis.plot(place, row["paired_accuracy"], one.marker, **look, mfc="white", mew=0.5)
        if "train" in classes:
            last = classes.index("exception" if "exception" in classes else "train")
            axis.axvspan(-0.5, last + 0.5, color=PALETTE["grey"], alpha=0.12, lw=0, zorder=0)
        level(axis, 0.5)
        axis.set_xticks(range(len(classes)), classes, rotation=30, ha="right", rotation_mode="anchor")
        axis.set(ylim=(-0.04, 1.06), xlim=(-0.5, len(classes) - 0.5))
    for across, kind in zip(grid.axes, grid.kinds, strict=True):
        across[0].set_ylabel(f"{kind}\naccuracy (share right)")
    grid.finish(
        key("answers", BLACK, "o"),
        key("paired directions", BLACK, "o", mfc="white"),
        key("95 % by seed", BLACK, lw=1.5),
        key("95 % Wilson", BLACK, lw=0.5),
    )
    return grid.figure, {"accuracy": grid.frame}


@figure
def symbolic_distance(
    *, distance: Annotated[pl.DataFrame, DISTANCE], method: Method, hierarchies: Hierarchies
) -> Drawn:
    """Draw accuracy and margin against distance, with 95 % intervals over seeds.

    The symbolic distance effect ({method}): accuracy and margin of pairs against the distance of their
    ranks, means over seeds with 95 % intervals. Open: trained pairs, neighbours and the exception. Pairs
    within the exception's loop are left out.
    """
    grid = method_grid(distance, method, hierarchies, panel=1.15, repeats=2)
    for repeat, (value, none) in enumerate((("accuracy", 0.5), ("margin", 0.0))):
        for axis, found in grid.panels(repeat):
            for one, rows in found:
                shift = 0.3 * ((one.place + 0.5) / len(grid.series) - 0.5)
                for trained, line, face in ((False, "-", one.colour), (True, "", "white")):
                    part = rows.filter(pl.col("trained") == trained).drop_nulls(value).sort("distance")
                    if not part.is_empty():
                        axis.errorbar(
                            part["distance"] + shift, part[value],
                            yerr=part[f"{value}_half_width"].fill_null(0.0), fmt=f"{one.marker}{line}",
                            color=one.colour, mfc=face, ms=2.4, mew=0.5, lw=0.7, elinewidth=0.5,
                        )  # fmt: skip
            level(axis, none)
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            if value == "accuracy":
                axis.set_ylim(-0.04, 1.06)
    for row, kind in enumerate(grid.kinds):
        grid.axes[2 * row, 0].set_ylabel(f"{kind}\naccuracy\n(share right)")
        grid.axes[2 * row + 1, 0].set_ylabel("margin\n(logit or\ntarget units)")
    for axis in grid.axes[-1]:
        axis.set_xlabel("distance of ranks (steps)")
    grid.finish(key("trained pairs", BLACK, "o", mfc="white"))
    return grid.figure, {"distance": grid.frame}


@figure
def response_bias(*, effects: Annotated[pl.DataFrame, EFFECTS], hierarchies: Hierarchies) -> Figure:
    """Draw the share of Yes and the mean logit difference of every cell, with 95 % intervals over seeds.

    Response bias: share of answers that are Yes, which would be one half without bias, and mean logit
    difference over all ordered pairs. Open: before training. Bars: 95 % over seeds. Numbers at the right:
    mean accuracy on the trained pairs.
    """
    frame = with_interval(with_interval(effects, "yes_share"), "bias")
    shown = [
        Dots("yes_share", "share of answers that are Yes", 0.5),
        Dots("bias", "mean answer (logit units; ridge probes: target units)", 0.0),
    ]
    before = key("before training", PALETTE["grey"], "o", mfc="white")
    return dot_figure(frame, shown, hierarchies, before, open_where=pl.col("phase") == "pre")


@figure
def exception_effect(*, effects: Annotated[pl.DataFrame, EFFECTS], hierarchies: Hierarchies) -> Drawn:
    """Draw the exception's effect on margin and accuracy of cross pairs, with 95 % intervals over seeds.

    What the exception does to cross pairs: the change of their margin and accuracy from the plain hierarchy
    of the same size, paired by seed, with 95 % intervals over seeds (Student's t). Left of the line, the
    exception costs. Numbers at the right: mean accuracy on the trained pairs. For teams the two hierarchies
    share items and prompts, for poker only the seed.
    """
    frame = effects.filter(pl.col("phase") == "post").drop_nulls("exception_margin_effect")
    unit = "logit units; ridge probes: target units"
    shown = [
        Dots("exception_margin_effect", f"change of the margin of cross pairs ({unit})", 0.0),
        Dots("exception_accuracy_effect", "change of the accuracy on cross pairs (share right)", 0.0),
    ]
    return dot_figure(frame, shown, hierarchies), {"effects": frame}
