"""The mechanism: ranks are those of plain transitive inference plus a dipole at the exception."""

import itertools

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memgen.errors import BadInput
from memgen.figures.style import PALETTE, figure, item, new_figure, panel_letters
from memgen.jobs.stage import Input
from memgen.relational.tables import MECHANISM

#: Below this the scale of ranks is linear, beyond it logarithmic.
LINEAR = 0.02


COLOURS = [PALETTE["vermilion"], PALETTE["purple"], PALETTE["orange"], PALETTE["green"]]


def _draw(axes: Axes, part: pl.DataFrame, colour: str) -> None:
    """Stems from zero: what a part gives to each item."""
    axes.axhline(0, color=PALETTE["grey"], lw=0.5, zorder=0)
    axes.vlines(part["item"], 0, part["value"], color=colour, lw=1.6)
    axes.plot(part["item"], part["value"], "o", color=colour, ms=3)
    n = part["n"][0]
    axes.set_xticks(range(0, n, 2), [item(rank) for rank in range(0, n, 2)])
    axes.set_yscale("symlog", linthresh=LINEAR, linscale=0.5)
    axes.set_yticks([-1, -0.1, 0, 0.1, 1], ["−1", "−0.1", "0", "0.1", "1"])
    axes.minorticks_off()


@figure
def mechanism(*, table: Input, hierarchy: str, conjunctivity: list[float], ridge: float) -> Figure:
    """Draw the ranks of one hierarchy as the sum that they are, one row per conjunctivity.

    The mechanism, for {hierarchy} at ridge {ridge}: the ranks (c) are those of plain transitive inference
    (a) plus one dipole at the exception (b), its strength being what the ranks leave unexplained of the
    exception. One number, gamma, sets how fast both decay along the chain. See how the dipole is flat
    outside the loop at conjunctivity 0, so that it only flattens the loop, and how with growing
    conjunctivity it stays sharp while the chain's own ranks vanish: beyond the critical point the items next
    to the loop change order.

    Parameters
    ----------
    table
        Mechanism table.
    hierarchy
        Which hierarchy; it needs an exception.
    conjunctivity
        Which conjunctivities, from top to bottom; each must be on the table's grid.
    ridge
        Which effective ridge; must be on the table's grid.
    """
    chosen = MECHANISM.read(table).filter((pl.col("hierarchy") == hierarchy) & (pl.col("ridge") == ridge))
    missing = set(conjunctivity) - set(chosen["alpha"])
    if missing:
        raise BadInput(f"{table}: holds no {hierarchy}, conjunctivity {min(missing)} at ridge {ridge}")
    names = chosen["part"].unique(maintain_order=True).to_list()
    figure, axes = new_figure(
        len(conjunctivity), len(names), height=1.35 * len(conjunctivity) + 0.35, sharex=True, sharey=True
    )
    dipoles = itertools.islice(itertools.cycle(COLOURS), len(names) - 2)
    colours = [PALETTE["grey"], *dipoles, PALETTE["blue"]]
    for row, alpha in zip(axes, conjunctivity, strict=True):
        of_row = chosen.filter(pl.col("alpha") == alpha)
        for panel, name, colour in zip(row, names, colours, strict=True):
            part = of_row.filter(pl.col("part") == name).sort("item")
            _draw(panel, part, colour)
            if part["strength"][0] is not None:
                text = f"strength {part['strength'][0]:.3f}"
                panel.text(0.98, 0.03, text, transform=panel.transAxes, ha="right", va="bottom", fontsize=6)
        row[0].set_ylabel(f"conjunctivity {alpha:g}\nrank (target units)")
        row[-1].text(
            0.98,
            0.96,
            f"γ = {of_row['gamma'][0]:.3g}",
            transform=row[-1].transAxes,
            ha="right",
            va="top",
            fontsize=6,
        )
    titles = {"chain": "chain alone", "ranks": "ranks"}
    for number, (panel, name) in enumerate(zip(axes[0], names, strict=True)):
        winner, _, loser = name.partition(":")
        dipole = f"dipole: {item(int(winner))} beats {item(int(loser))}" if loser else ""
        sign = "" if number == 0 else "= " if name == "ranks" else "+ "
        panel.set_title(sign + titles.get(name, dipole))
    panel_letters(axes[0])
    for panel in axes[-1]:
        panel.set_xlabel("item")
    return figure
