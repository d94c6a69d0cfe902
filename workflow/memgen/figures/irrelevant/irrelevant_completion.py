"""A transformer asked to complete its samples of next-symbol prediction."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from matplotlib.axes import Axes

from memgen.errors import BadInput
from memgen.figures.defence_curves import draw_defences
from memgen.figures.irrelevant_names import draw_interval
from memgen.figures.style import (
    COLUMN,
    PAGE,
    PALETTE,
    Drawn,
    figure,
    new_figure,
    panel_letters,
    shared_legend,
)
from memgen.irrelevant.tables import AVERAGES
from memgen.jobs.stage import Input

_BITS = {
    "bits_recovered": ("all bits", PALETTE["black"], "D"),
    "fixed_recovered": ("bits as the reference has them", PALETTE["blue"], "s"),
    "free_recovered": ("bits that noise flipped", PALETTE["vermilion"], "o"),
}


@figure
def irrelevant_completion(*, averages: Input) -> Drawn:
    """Draw what prefix queries recover of samples never seen, seen once, and seen several times.

    A small causal transformer trained on noisy prefixes of reference strings, given a reference and asked to
    go on: share of the bits of its samples that it says, those that noise flipped apart. What no fresh
    example has, the flips of one sample, comes back as well. Never seen: a fresh noisy copy of the same
    prefix. Bars: 95% intervals over seeds; dotted, guessing.

    Parameters
    ----------
    averages
        Averages table.
    """
    every = AVERAGES.read(averages).filter(pl.col("last") & (pl.col("learner") == "transformer"))
    table = every.filter(pl.col("defence") == "none")
    if not table.height:
        raise BadInput(f"{averages}: holds no transformer; allowed: its run")
    once = every.filter(pl.col("multiplicity") == 1)
    defended = once["defence"].n_unique() > 1
    figure, axes = new_figure(1, 1 + defended, height=2.6, width=PAGE if defended else COLUMN)
    panel = axes[0, 0]
    for index, (name, (words, colour, marker)) in enumerate(_BITS.items()):
        rows = table.filter(pl.col(name).is_not_null()).sort("multiplicity")
        apart = rows.with_columns(pl.col("multiplicity") + 0.15 * (index - 1))
        draw_interval(panel, apart, "multiplicity", name, fmt=marker, lw=0, color=colour, label=words)
    panel.axhline(0.5, color=PALETTE["black"], lw=0.6, ls=":")
    shown = sorted(set(table["multiplicity"]))
    panel.set_xticks(shown, ["never seen" if times == 0 else str(times) for times in shown])
    row = table.row(0, named=True)
    panel.set(
        xlabel="samples of the reference in training", ylabel="share of bits recovered", ylim=(-0.03, 1.05),
        title=f"transformer, $n$ = {row['samples']}, $d$ = {row['dimension']}",
    )  # fmt: skip
    if defended:
        _defences(axes[0, 1], once)
        panel_letters((panel, axes[0, 1]))
    shared_legend(figure, [panel], ncols=3 if defended else 2)
    return figure, {averages: every.select(AVERAGES.held.cells)}


def _defences(panel: Axes, once: pl.DataFrame) -> None:
    """Accuracy on references seen once against the recovered bits of their samples, along every defence."""

    def strength(row: Mapping[str, Any]) -> str | None:
        return None if row["strength"] is None else f"{row['strength']:g}"

    draw_defences(panel, once, strength)
    panel.set(
        xlabel="share of bits recovered, seen once",
        ylabel="accuracy on fresh examples\nof references seen once",
        title="defences, with their strength",
    )  # fmt: skip
    panel.legend(loc="best")
