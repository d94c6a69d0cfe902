"""Memorization scores of the exception and of regular pairs along conjunctivity."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.errors import BadInput
from memgen.figures.style import PAIR_CLASSES, PALETTE, figure, new_figure, panel_letters
from memgen.jobs.stage import Input
from memgen.relational.tables import MEMORIZATION

GROUPS = (
    ("exception", (pl.col("pair_class") == "exception"), PAIR_CLASSES["exception"][0]),
    ("regular, in the loop", (pl.col("pair_class") == "train") & pl.col("in_loop"), PALETTE["purple"]),
    ("regular, elsewhere", (pl.col("pair_class") == "train") & ~pl.col("in_loop"), PALETTE["black"]),
)


def _draw(axes: Axes, scores: pl.DataFrame) -> None:
    """One line per training pair."""
    for _, members, colour in GROUPS:
        pairs = scores.filter(members).sort("alpha")
        for _, line in pairs.group_by("higher", "lower", maintain_order=True):
            axes.plot(line["alpha"], line["score"], color=colour, lw=1.4 if members is GROUPS[0][1] else 0.8)
    axes.axhline(0, color=PALETTE["grey"], lw=0.5, zorder=0)
    axes.axhline(1, color=PALETTE["grey"], lw=0.5, ls=":", zorder=0)
    axes.set_ylim(bottom=-0.1)
    axes.set(xlabel="conjunctivity α", xlim=(0, 1))


@figure
def memorization(*, table: Input, hierarchy: str, ridge: list[float]) -> Figure:
    """Draw the memorization score of every training pair against conjunctivity, a panel per ridge.

    Leave-one-out memorization score of every training pair of {hierarchy}: how much its margin gains from
    training on it, both directions removed together (a gain of margin, not of probability; it may exceed 1).
    Ridge grows from left to right. Regular pairs have the larger score: without one of them the chain falls
    into two, and the last of the upper part, a loser there, is put behind the first of the lower part, a
    winner there. The exception's items are linked by the chain between them whether it is trained or not. At
    high conjunctivity every pair is memorized alone, and all scores meet at 1 / (1 + ridge).

    Parameters
    ----------
    table
        Memorization table.
    hierarchy
        Which hierarchy.
    ridge
        Which effective ridges, from left to right; each must be on the table's grid.
    """
    scores = MEMORIZATION.read(table).filter(pl.col("hierarchy") == hierarchy)
    missing = set(ridge) - set(scores["ridge"])
    if missing:
        raise BadInput(f"{table}: holds no {hierarchy} at ridge {min(missing)}")
    figure, axes = new_figure(1, len(ridge), height=2.5, sharey=True)
    for panel, value in zip(axes[0], ridge, strict=True):
        _draw(panel, scores.filter(pl.col("ridge") == value))
        panel.set_title(f"effective ridge {value:g}")
    panel_letters(axes[0])
    axes[0][0].set_ylabel("memorization score\n(gain of margin, target units)")
    handles = [Line2D([], [], color=colour, label=name) for name, _, colour in GROUPS]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure
