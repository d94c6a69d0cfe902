"""Memorization in one currency: exceptions of transitive inference beside singletons of the long tail."""

from pathlib import Path

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memgen.errors import BadInput
from memgen.figures.longtail_names import STRUCTURES
from memgen.figures.style import PAIR_CLASSES, PALETTE, figure, new_figure, panel_letters, shared_legend
from memgen.jobs.stage import Input, Inputs
from memgen.longtail.tables import MEMORIZATION

_NEEDED = ("hierarchy", "higher", "lower", "pair_class", "alpha", "ridge", "score", "answer_gain")


_SINGLETONS = {"gaussian": (PALETTE["orange"], "^"), "hypercube": (PALETTE["green"], "v")}


@figure
def longtail_currency(*, relational: Input, longtail: Inputs, hierarchy: str, conjunctivity: float) -> Figure:
    """Draw the memorization scores of exceptions and of singletons against the ridge.

    Memorization in one currency: how much the answer to a training example gains from having been trained on
    it, for exceptions and chain pairs of transitive inference, and for singletons and frequent clusters of
    the long tail, all learned by ridge regression. Left: gain of margin, the target's being 1. Right: gain
    of probability of the right answer.

    Parameters
    ----------
    relational
        Memorization scores of the training pairs of transitive inference: columns hierarchy, higher, lower,
        pair_class, alpha, ridge, score (gain of margin) and answer_gain (gain of probability of the right
        answer).
    longtail
        Memorization tables of the long-tail study.
    hierarchy
        Hierarchy drawn.
    conjunctivity
        Conjunctivity drawn.
    """
    pairs = _pairs(relational).filter(
        (pl.col("hierarchy") == hierarchy)
        & ((pl.col("alpha") - conjunctivity).abs() < 1e-9)
        & (pl.col("ridge") > 0)
    )
    singletons = pl.concat([MEMORIZATION.read(path) for path in longtail]).filter(
        (pl.col("learner") == "ridge") & (pl.col("method") == "leave_one_out")
    )
    if not pairs.height or not singletons.height:
        raise BadInput(
            f"{relational}: no scores of {hierarchy} at conjunctivity {conjunctivity:g}, or no ridge "
            "classifier in the long-tail study; allowed: what the tables hold"
        )
    figure, axes = new_figure(1, 2, height=2.7)
    left, right = axes[0]
    _draw(left, pairs, "score", singletons, "margin_score", "margin_standard_error")
    _draw(right, pairs, "answer_gain", singletons, "score", "standard_error")
    left.set_ylabel("memorization score\n(gain of margin, target = 1)")
    right.set_ylabel("memorization score\n(gain of probability)")
    for panel in (left, right):
        panel.set(xscale="log", xlabel="ridge (units of the kernel)")
    panel_letters((left, right))
    shared_legend(figure, [left], ncols=3)
    return figure


def _pairs(path: Path) -> pl.DataFrame:
    try:
        table = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{path}: cannot be read as memorization scores ({reason})") from None
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        raise BadInput(f"{path}: missing columns {missing}; allowed: memorization scores of training pairs")
    return table


def _draw(
    panel: Axes, pairs: pl.DataFrame, score: str, singletons: pl.DataFrame, gain: str, error: str
) -> None:
    """Scores of one kind against the ridge: exceptions and steps, singletons and clusters seen often."""
    for pair_class, words in (("exception", "exception (transitive inference)"), ("train", "chain pair")):
        colour, marker = PAIR_CLASSES[pair_class]
        rows = pairs.filter(pl.col("pair_class") == pair_class).sort("ridge", maintain_order=True)
        for index, (_, line) in enumerate(rows.group_by("higher", "lower", maintain_order=True)):
            panel.plot(
                line["ridge"],
                line[score],
                marker,
                ls="-",
                lw=0.8 if pair_class == "exception" else 0.4,
                ms=3.5 if pair_class == "exception" else 2,
                color=colour,
                label=words if index == 0 else None,
            )
    most = sorted(singletons["multiplicity"].unique().to_list())[-1]
    for structure, (colour, marker) in _SINGLETONS.items():
        for multiplicity, style, words in ((1, "-", "singleton"), (most, ":", f"seen {most} times or more")):
            rows = singletons.filter(
                (pl.col("structure") == structure) & (pl.col("multiplicity") == multiplicity)
            ).sort("setting")
            if not rows.height:
                continue
            panel.errorbar(
                rows["setting"],
                rows[gain],
                yerr=rows[error].fill_nan(0.0),
                fmt=marker,
                ls=style,
                lw=0.8,
                elinewidth=0.6,
                color=colour,
                label=f"{words} ({STRUCTURES[structure]})",
            )
