"""Figures of what is learned: the task, ranks along conjunctivity, the mechanism, memorization."""

import itertools
from collections.abc import Mapping
from typing import Annotated, Any

import cyclopts
import matplotlib as mpl
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import FancyArrowPatch, Patch, Rectangle

from memgen.errors import BadInput
from memgen.figures.labels import PAIR_CLASSES, PALETTE, item
from memgen.figures.panels import (
    LINE,
    frame_exceptions,
    key,
    label_of,
    legend,
    level,
    margin_bar,
    note,
    pair_axes,
    panel_letters,
)
from memgen.figures.style import MARGIN_COLOURS, NOTHING, Hierarchies, Hierarchy, Ridge, figure, new_figure
from memgen.relational.tables import MECHANISM, MEMORIZATION, RANKS, SWEEP, TASK

#: Below this the scales of ranks and margins are linear, beyond it logarithmic.
LINEAR = 0.02

Conjunctivities = Annotated[
    list[float], cyclopts.Parameter(help="Which conjunctivities, in this order; each must be on the grid.")
]
Ridges = Annotated[
    list[float], cyclopts.Parameter(help="Which effective ridges, in this order; each must be on the grid.")
]


@figure
def task(*, tasks: Annotated[list[pl.DataFrame], TASK]) -> Figure:
    """Draw each hierarchy as a directed graph beside the class of every pair.

    Transitive inference with exceptions. Items are ordered, I0 the strongest; an arrow leads from the winner
    to the loser of each trained pair. The exception (vermilion) violates the order and closes a loop (shaded
    items). Right: the class of every pair. Pairs inside a loop have no right answer unless they are trained;
    cross pairs span the loop and are where a learner that is too conjunctive errs.
    """
    figure, axes = new_figure(
        len(tasks), 2, height=1.6 * len(tasks) + 0.35, gridspec_kw={"width_ratios": [2.3, 1]}
    )
    present: set[str] = set()
    for row, table in zip(axes, tasks, strict=True):
        pairs = table.filter(pl.col("first") < pl.col("second"))
        _draw_graph(row[0], pairs)
        _draw_classes(row[1], pairs)
        row[0].set_title(label_of(pairs), loc="left")
        present |= set(pairs["pair_class"])
    panel_letters(axes[:, 0])
    patches = [Patch(color=PAIR_CLASSES[name][0], label=name) for name in PAIR_CLASSES if name in present]
    legend(figure, [key("beats (trained)", PAIR_CLASSES["train"][0], ">", lw=LINE), *patches])
    return figure


def _exception(words: str) -> str:
    """An exception such as 5:3 in words."""
    winner, loser = words.split(":")
    return f"{item(int(winner))} beats {item(int(loser))}"


def _draw_graph(axes: Axes, pairs: pl.DataFrame) -> None:
    """Items on a line, strongest left; an arrow leads from the winner to the loser of a trained pair."""
    n = pairs["n"][0]
    for row in pairs.filter(pl.col("pair_class").is_in(["train", "exception"])).iter_rows(named=True):
        exception = row["pair_class"] == "exception"
        winner, loser = (row["lower"], row["higher"]) if exception else (row["higher"], row["lower"])
        arrow = FancyArrowPatch(
            (winner, 0), (loser, 0), arrowstyle="-|>", mutation_scale=6, shrinkA=5, shrinkB=5,
            linewidth=1.2 if exception else 0.8, color=PAIR_CLASSES[row["pair_class"]][0],
            connectionstyle="arc3,rad=0.5" if exception else "arc3",
        )  # fmt: skip
        axes.add_patch(arrow)
    inside = set(pairs.filter(pl.col("pair_class") == "exception").select("higher", "lower").iter_rows())
    for rank in range(n):
        in_loop = any(high <= rank <= low for high, low in inside)
        axes.plot(rank, 0, "o", ms=10, mfc="#F3DDEA" if in_loop else "white", mec=PALETTE["grey"], mew=0.6)
        axes.text(rank, 0, item(rank), ha="center", va="center", fontsize=5)
    reach = max((low - high for high, low in inside), default=0)
    axes.set(xlim=(-0.7, n - 0.3), ylim=(-0.8, 0.8 + 0.28 * reach))
    axes.set_aspect("equal")
    axes.axis("off")


def _draw_classes(axes: Axes, pairs: pl.DataFrame) -> None:
    """One square per pair, coloured by its class."""
    n = pairs["n"][0]
    for name, high, low in pairs.select("pair_class", "higher", "lower").iter_rows():
        corner = (low - 0.5, high - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fc=PAIR_CLASSES[name][0], ec="white", lw=0.5))
    axes.set(xlim=(0.5, n - 0.5), ylim=(n - 1.5, -0.5))
    pair_axes(axes, range(1, n), range(n - 1), 4.5)
    axes.set_xlabel("lower-ranked item", fontsize=5.5)
    axes.set_ylabel("higher-ranked item", fontsize=5.5)
    axes.set_aspect("equal")


@figure
def rank_profiles(
    *,
    ranks: Annotated[pl.DataFrame, RANKS],
    margins: Annotated[pl.DataFrame, SWEEP],
    hierarchies: Hierarchies,
    conjunctivity: Conjunctivities,
    ridge: Ridge,
) -> Figure:
    """Draw rank profiles, and margin matrices at a few conjunctivities, one row per hierarchy.

    Exact ranks and margins of kernel ridge regression at ridge {ridge}. Left: one rank profile per
    conjunctivity. Right: the margin of every pair, higher-ranked item by row, blue where the answer follows
    the order and red where it does not; the exception is framed, grey holds no pair. Without an
    exception every pair is answered right. With one, the ranks around it are bent; as conjunctivity grows,
    red spreads to pairs that were never trained.
    """
    chosen = pl.col("hierarchy").is_in(hierarchies) & (pl.col("ridge") == ridge)
    chosen &= pl.col("alpha").is_in(conjunctivity)
    profiles, matrices = ranks.filter(chosen), margins.filter(chosen)
    expected = {(name, alpha) for name in hierarchies for alpha in conjunctivity}
    if absent := expected - set(matrices.select("hierarchy", "alpha").iter_rows()):
        raise BadInput(f"holds no hierarchy, conjunctivity {sorted(absent)[0]} at ridge {ridge}")
    figure, axes = new_figure(
        len(hierarchies), 1 + len(conjunctivity), height=1.65 * len(hierarchies) + 0.3,
        gridspec_kw={"width_ratios": [1.7] + [1] * len(conjunctivity)},
    )  # fmt: skip
    colours = dict(
        zip(conjunctivity, mpl.colormaps["viridis"](np.linspace(0, 0.9, len(conjunctivity))), strict=True)
    )
    limit = float(matrices["margin"].abs().max())  # type: ignore[arg-type]
    for row, name in zip(axes, hierarchies, strict=True):
        of_name = pl.col("hierarchy") == name
        _draw_profiles(row[0], profiles.filter(of_name), colours)
        row[0].set_title(label_of(profiles.filter(of_name)), loc="left")
        for panel, alpha in zip(row[1:], conjunctivity, strict=True):
            image = _draw_margins(panel, matrices.filter(of_name & (pl.col("alpha") == alpha)), limit)
            panel.set_title(f"conjunctivity {alpha:g}", fontsize=6.5)
    panel_letters(axes[:, 0])
    margin_bar(figure, image, axes[:, -1], "margin, ±1 trained", (0.1, 1))
    keys = [key(f"conjunctivity {alpha:g}", colour, "o", lw=LINE) for alpha, colour in colours.items()]
    legend(figure, keys)
    return figure


def _draw_profiles(axes: Axes, ranks: pl.DataFrame, colours: Mapping[float, Any]) -> None:
    """One line per conjunctivity."""
    for (alpha,), profile in ranks.sort("alpha", "item").group_by("alpha", maintain_order=True):
        axes.plot(profile["item"], profile["rank"], "o-", ms=2, lw=0.9, color=colours[alpha])
    n = ranks["n"][0]
    level(axes, 0)
    axes.set_xticks(range(n), [item(rank) for rank in range(n)])
    _scale_ranks(axes)
    axes.set(xlabel="item", ylabel="rank r (target units)")


def _draw_margins(axes: Axes, margins: pl.DataFrame, limit: float) -> AxesImage:
    """Upper triangle: margin of each pair, blue where the answer follows the order."""
    n = margins["n"][0]
    grid = np.full((n, n), np.nan)
    grid[margins["higher"].to_numpy(), margins["lower"].to_numpy()] = margins["margin"].to_numpy()
    scale = SymLogNorm(LINEAR, linscale=0.5, vmin=-limit, vmax=limit)
    axes.set_facecolor(NOTHING)
    image = axes.imshow(grid, cmap=MARGIN_COLOURS, norm=scale)
    frame_exceptions(axes, margins, 1.2)
    pair_axes(axes, range(1, n, 2), range(0, n - 1, 2))
    return image


@figure
def mechanism(
    *,
    table: Annotated[pl.DataFrame, MECHANISM],
    hierarchy: Hierarchy,
    conjunctivity: Conjunctivities,
    ridge: Ridge,
) -> Figure:
    """Draw the ranks of one hierarchy as the sum that they are, one row per conjunctivity.

    The mechanism, for {hierarchy} at ridge {ridge}: the ranks (c) are those of plain transitive inference
    (a) plus one dipole at the exception (b), its strength being what the ranks leave unexplained of the
    exception. One number, gamma, sets how fast both decay along the chain. See how the dipole is flat
    outside the loop at conjunctivity 0, so that it only flattens the loop, and how with growing
    conjunctivity it stays sharp while the chain's own ranks vanish: beyond the critical point the items next
    to the loop change order.
    """
    chosen = table.filter((pl.col("hierarchy") == hierarchy) & (pl.col("ridge") == ridge))
    if missing := set(conjunctivity) - set(chosen["alpha"]):
        raise BadInput(f"holds no {hierarchy}, conjunctivity {min(missing)} at ridge {ridge}")
    names = chosen["part"].unique(maintain_order=True).to_list()
    height = 1.35 * len(conjunctivity) + 0.35
    figure, axes = new_figure(len(conjunctivity), len(names), height=height, sharex=True, sharey=True)
    dipoles = itertools.cycle(PALETTE[name] for name in ("vermilion", "purple", "orange", "green"))
    colours = [PALETTE["grey"], *itertools.islice(dipoles, len(names) - 2), PALETTE["blue"]]
    for row, alpha in zip(axes, conjunctivity, strict=True):
        of_row = chosen.filter(pl.col("alpha") == alpha)
        for panel, name, colour in zip(row, names, colours, strict=True):
            part = of_row.filter(pl.col("part") == name).sort("item")
            _draw_part(panel, part, colour)
            if part["strength"][0] is not None:
                note(panel, 0.98, 0.03, f"strength {part['strength'][0]:.3f}", ha="right", va="bottom")
        row[0].set_ylabel(f"conjunctivity {alpha:g}\nrank (target units)")
        note(row[-1], 0.98, 0.96, f"γ = {of_row['gamma'][0]:.3g}", ha="right", va="top")
    axes[0][0].set_title("chain alone")
    for panel, name in zip(axes[0][1:], names[1:], strict=True):
        panel.set_title("= ranks" if name == "ranks" else f"+ dipole: {_exception(name)}")
    panel_letters(axes[0])
    for panel in axes[-1]:
        panel.set_xlabel("item")
    return figure


def _draw_part(axes: Axes, part: pl.DataFrame, colour: str) -> None:
    """Stems from zero: what a part gives to each item."""
    level(axes, 0)
    axes.vlines(part["item"], 0, part["value"], color=colour, lw=1.6)
    axes.plot(part["item"], part["value"], "o", color=colour, ms=3)
    ticks = range(0, part["n"][0], 2)
    axes.set_xticks(ticks, [item(rank) for rank in ticks])
    _scale_ranks(axes)


def _scale_ranks(axes: Axes) -> None:
    """Logarithms on both sides of zero, with few ticks."""
    axes.set_yscale("symlog", linthresh=LINEAR, linscale=0.5)
    axes.set_yticks([-1, -0.1, 0, 0.1, 1], ["−1", "−0.1", "0", "0.1", "1"])
    axes.minorticks_off()


@figure
def memorization(
    *, table: Annotated[pl.DataFrame, MEMORIZATION], hierarchy: Hierarchy, ridge: Ridges
) -> Figure:
    """Draw the memorization score of every training pair against conjunctivity, a panel per ridge.

    Leave-one-out memorization score of every training pair of {hierarchy}: how much its margin gains from
    training on it, both directions removed together (a gain of margin, not of probability; it may exceed 1).
    Ridge grows from left to right. Regular pairs have the larger score: without one of them the chain falls
    into two, and the last of the upper part, a loser there, is put behind the first of the lower part, a
    winner there. The exception's items are linked by the chain between them whether it is trained or not. At
    high conjunctivity every pair is memorized alone, and all scores meet at 1 / (1 + ridge).
    """
    scores = table.filter(pl.col("hierarchy") == hierarchy)
    if missing := set(ridge) - set(scores["ridge"]):
        raise BadInput(f"holds no {hierarchy} at ridge {min(missing)}")
    trained = pl.col("pair_class") == "train"
    groups = (
        ("exception", pl.col("pair_class") == "exception", PAIR_CLASSES["exception"][0], 1.4),
        ("regular, in the loop", trained & pl.col("in_loop"), PALETTE["purple"], 0.8),
        ("regular, elsewhere", trained & ~pl.col("in_loop"), PALETTE["black"], 0.8),
    )
    figure, axes = new_figure(1, len(ridge), height=2.5, sharey=True)
    for panel, value in zip(axes[0], ridge, strict=True):
        for _, members, colour, width in groups:
            pairs = scores.filter((pl.col("ridge") == value) & members).sort("alpha")
            for _, line in pairs.group_by("higher", "lower", maintain_order=True):
                panel.plot(line["alpha"], line["score"], color=colour, lw=width)
        level(panel, 0)
        level(panel, 1, ":")
        panel.set_ylim(bottom=-0.1)
        panel.set(xlabel="conjunctivity α", xlim=(0, 1), title=f"effective ridge {value:g}")
    panel_letters(axes[0])
    axes[0][0].set_ylabel("memorization score\n(gain of margin, target units)")
    legend(figure, [key(name, colour, lw=LINE) for name, _, colour, _ in groups])
    return figure
