"""Figures of classifiers trained on the long tail: the trade-off, and what they memorize."""

from typing import Annotated

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memgen.errors import BadInput
from memgen.figures.labels import CLASSIFIERS, PAIR_CLASSES, PALETTE, STRUCTURE_LOOKS, STRUCTURES
from memgen.figures.panels import note, panel_letters, shared_legend
from memgen.figures.style import Conjunctivity, Hierarchy, figure, new_figure
from memgen.longtail.tables import CURVES, MEMORIZATION
from memgen.relational.tables import MEMORIZATION as OF_PAIRS


@figure
def longtail_classifiers(*, curves: Annotated[pl.DataFrame, CURVES]) -> Figure:
    """Draw excess test error against the share of singletons fitted, along each path of regularization.

    Classifiers trained on clustered data with Zipf frequencies, along their paths of regularization. Above:
    excess test error against the share of singletons fitted; dashed, what a learner pays that misfits
    singletons alone; numbers, the privacy spent. Below: against the theorem's bound, which counts all misfit
    training points. Bars: standard errors by seed. Nearest neighbours follow the bound; ridge and networks
    also err on clusters that they fit.
    """
    table = curves.sort("setting", maintain_order=True)
    structures = [name for name in STRUCTURES if name in set(table["structure"])]
    figure, axes = new_figure(2, len(structures), height=4.4, width=6.0)
    for upper, lower, structure in zip(*axes, structures, strict=True):
        part = table.filter(pl.col("structure") == structure)
        _draw_tradeoff(upper, part)
        _draw_bound(lower, part)
        upper.set_title(STRUCTURES[structure])
    panel_letters(axes.flat)
    shared_legend(figure, axes.flat[:1], ncols=3)
    return figure


def _draw_tradeoff(panel: Axes, part: pl.DataFrame) -> None:
    """Excess error against singletons fitted, with the line that a learner pays for these alone."""
    for learner, (words, colour, marker) in CLASSIFIERS.items():
        rows = part.filter(pl.col("learner") == learner)
        if not rows.height:
            continue
        panel.errorbar(
            rows["fitted_singletons"], rows["excess"], xerr=rows["fitted_standard_error"].fill_nan(0.0),
            yerr=rows["excess_standard_error"].fill_nan(0.0), fmt=marker, ls="-", lw=0.8, elinewidth=0.6,
            color=colour, label=words,
        )  # fmt: skip
        for row in rows.filter(pl.col("epsilon").is_not_null()).iter_rows(named=True):
            panel.annotate(
                f"$\\varepsilon$ = {row['epsilon']:.3g}", (row["fitted_singletons"], row["excess"]),
                xytext=(4, 2), textcoords="offset points", fontsize=4.5, color=colour,
            )  # fmt: skip
    guess, slope = 1 / part["labels"][0], part["singleton_mass"][0]
    share = np.array([guess, 1.0])
    words = "singletons alone: slope $\\tau_1 K_1$"
    panel.plot(share, slope * (1 - share), color=PALETTE["black"], ls="--", lw=0.8, label=words)
    panel.set(xlabel="share of singletons fitted", ylabel="excess test error", xlim=(0, 1.05))


def _draw_bound(panel: Axes, part: pl.DataFrame) -> None:
    """Excess error against the theorem's bound, from all misfit training points."""
    largest = float(part["bound_excess"].max())  # type: ignore[arg-type]
    panel.fill_between([0, largest], 0, [0, largest], color=PALETTE["grey"], alpha=0.3, lw=0)
    note(panel, 0.97, 0.05, "below the bound", 5.5, ha="right")
    for learner, (_, colour, marker) in CLASSIFIERS.items():
        rows = part.filter(pl.col("learner") == learner)
        panel.errorbar(
            rows["bound_excess"], rows["excess"], yerr=rows["slack_standard_error"].fill_nan(0.0), fmt=marker,
            lw=0, elinewidth=0.6, color=colour,
        )  # fmt: skip
    panel.set(xlabel="lower bound, $\\sum_l \\tau_l\\,\\mathrm{errn}_l$", ylabel="excess test error")


@figure
def longtail_memorization(*, memorization: Annotated[list[pl.DataFrame], MEMORIZATION]) -> Figure:
    """Draw the memorization score of trained classifiers by multiplicity, from subsampled retraining.

    Memorization scores of training examples, the gain of probability of the right answer from having been
    trained on the example, by how many examples its cluster has; from retraining on random subsamples.
    Black: a learner that gives every training example its label and guesses clusters that it has not seen.
    """
    table = pl.concat(memorization).filter(pl.col("method") == "subsampling")
    table = table.sort("setting", "multiplicity", maintain_order=True)
    structures = [name for name in STRUCTURES if name in set(table["structure"])]
    figure, axes = new_figure(1, len(structures), height=2.8, sharey=True)
    styles = ["-", "--", "-.", ":"]
    for panel, structure in zip(axes[0], structures, strict=True):
        part = table.filter(pl.col("structure") == structure)
        expected = part.unique("multiplicity", keep="first", maintain_order=True)
        panel.plot(
            expected["multiplicity"], expected["expected"], color=PALETTE["black"], marker="_", ms=9, lw=0,
            label="fits all it is trained on, guesses the rest",
        )  # fmt: skip
        for learner, (words, colour, marker) in CLASSIFIERS.items():
            name, _, setting_name = words.rstrip(")").partition(" (")
            rows = part.filter(pl.col("learner") == learner)
            for index, ((setting,), line) in enumerate(rows.group_by("setting", maintain_order=True)):
                panel.errorbar(
                    line["multiplicity"], line["score"], yerr=line["standard_error"].fill_nan(0.0),
                    fmt=marker, ls=styles[index % len(styles)], lw=0.7, elinewidth=0.6, color=colour,
                    alpha=max(0.35, 1 - 0.12 * index), label=f"{name}, {setting_name} {setting:g}",
                )  # fmt: skip
        ticks = sorted(part["multiplicity"].unique().to_list())
        panel.set_xticks(ticks, [*(str(tick) for tick in ticks[:-1]), f"{ticks[-1]} or more"])
        panel.set(title=STRUCTURES[structure], xlabel="training examples of the cluster")
    panel_letters(axes[0])
    axes[0, 0].set_ylabel("memorization score\n(gain of probability)")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center")
    return figure


@figure
def longtail_currency(
    *,
    relational: Annotated[pl.DataFrame, OF_PAIRS],
    longtail: Annotated[list[pl.DataFrame], MEMORIZATION],
    hierarchy: Hierarchy,
    conjunctivity: Conjunctivity,
) -> Figure:
    """Draw the memorization scores of exceptions and of singletons against the ridge.

    Memorization score: the gain of the answer to a training example from training on it. It is shown for
    exceptions and chain pairs of transitive inference, and for singletons and frequent clusters of the long
    tail, all learned by ridge regression. Left: gain of margin, the target's being 1. Right: gain
    of probability of the right answer.
    """
    at_alpha = (pl.col("alpha") - conjunctivity).abs() < 1e-9
    pairs = relational.filter((pl.col("hierarchy") == hierarchy) & at_alpha & (pl.col("ridge") > 0))
    leave_one_out = (pl.col("learner") == "ridge") & (pl.col("method") == "leave_one_out")
    singletons = pl.concat(longtail).filter(leave_one_out)
    if not pairs.height or not singletons.height:
        raise BadInput(
            f"no scores of {hierarchy} at conjunctivity {conjunctivity:g}, or no ridge classifier in the "
            "long-tail study; allowed: what the tables hold"
        )
    figure, axes = new_figure(1, 2, height=2.7)
    left, right = axes[0]
    _draw_pairs(left, pairs, "score")
    _draw_singletons(left, singletons, "margin_score", "margin_standard_error")
    _draw_pairs(right, pairs, "answer_gain")
    _draw_singletons(right, singletons, "score", "standard_error")
    left.set_ylabel("memorization score\n(gain of margin, target = 1)")
    right.set_ylabel("memorization score\n(gain of probability)")
    for panel in (left, right):
        panel.set(xscale="log", xlabel="ridge (units of the kernel)")
    panel_letters((left, right))
    shared_legend(figure, [left], ncols=3)
    return figure


def _draw_pairs(panel: Axes, pairs: pl.DataFrame, score: str) -> None:
    """Scores of exceptions and of chain pairs against the ridge."""
    for pair_class, words, width, size in (
        ("exception", "exception (transitive inference)", 0.8, 3.5),
        ("train", "chain pair", 0.4, 2),
    ):
        colour, marker = PAIR_CLASSES[pair_class]
        rows = pairs.filter(pl.col("pair_class") == pair_class).sort("ridge", maintain_order=True)
        for index, (_, line) in enumerate(rows.group_by("higher", "lower", maintain_order=True)):
            panel.plot(
                line["ridge"], line[score], marker, ls="-", lw=width, ms=size, color=colour,
                label=words if index == 0 else None,
            )  # fmt: skip


def _draw_singletons(panel: Axes, singletons: pl.DataFrame, gain: str, error: str) -> None:
    """Scores of singletons and of clusters seen often against the ridge."""
    most = max(singletons["multiplicity"].to_list())
    for structure, (colour, marker) in STRUCTURE_LOOKS.items():
        for multiplicity, style, words in ((1, "-", "singleton"), (most, ":", f"seen {most} times or more")):
            of_kind = (pl.col("structure") == structure) & (pl.col("multiplicity") == multiplicity)
            rows = singletons.filter(of_kind).sort("setting")
            if rows.height:
                panel.errorbar(
                    rows["setting"], rows[gain], yerr=rows[error].fill_nan(0.0), fmt=marker, ls=style, lw=0.8,
                    elinewidth=0.6, color=colour, label=f"{words} ({STRUCTURES[structure]})",
                )  # fmt: skip
