"""The task as a directed graph, and the class of every pair."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch, Rectangle

from memgen.figures.style import PAIR_CLASSES, PALETTE, figure, item, new_figure, panel_letters
from memgen.jobs.stage import Inputs
from memgen.relational.tables import TASK


def _draw_graph(axes: Axes, pairs: pl.DataFrame) -> None:
    """Items on a line, strongest left; an arrow leads from the winner to the loser of a trained pair."""
    n = pairs["n"][0]
    for row in pairs.filter(pl.col("pair_class").is_in(["train", "exception"])).iter_rows(named=True):
        exception = row["pair_class"] == "exception"
        winner, loser = (row["lower"], row["higher"]) if exception else (row["higher"], row["lower"])
        axes.add_patch(
            FancyArrowPatch(
                (winner, 0),
                (loser, 0),
                arrowstyle="-|>",
                mutation_scale=6,
                shrinkA=5,
                shrinkB=5,
                linewidth=1.2 if exception else 0.8,
                color=PAIR_CLASSES[row["pair_class"]][0],
                connectionstyle="arc3,rad=0.5" if exception else "arc3",
            )
        )
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
    for row in pairs.iter_rows(named=True):
        colour, _ = PAIR_CLASSES[row["pair_class"]]
        axes.add_patch(
            Rectangle((row["lower"] - 0.5, row["higher"] - 0.5), 1, 1, fc=colour, ec="white", lw=0.5)
        )
    axes.set(xlim=(0.5, n - 0.5), ylim=(n - 1.5, -0.5), xticks=range(1, n), yticks=range(n - 1))
    axes.set_xticklabels([item(rank) for rank in range(1, n)])
    axes.set_yticklabels([item(rank) for rank in range(n - 1)])
    axes.tick_params(length=0, labelsize=4.5, pad=1)
    axes.set(xlabel="lower-ranked item", ylabel="higher-ranked item")
    axes.xaxis.label.set_fontsize(5.5)
    axes.yaxis.label.set_fontsize(5.5)
    axes.set_aspect("equal")
    for spine in axes.spines.values():
        spine.set_visible(False)


@figure
def task(*, tasks: Inputs) -> Figure:
    """Draw each hierarchy as a directed graph beside the class of every pair.

    Transitive inference with exceptions. Items are ordered, I0 the strongest; an arrow leads from the winner
    to the loser of each trained pair. The exception (vermilion) violates the order and closes a loop (shaded
    items). Right: the class of every pair. Pairs inside a loop have no right answer unless they are trained;
    cross pairs span the loop and are where a learner that is too conjunctive errs.

    Parameters
    ----------
    tasks
        Pair tables, one per hierarchy, from top to bottom.
    """
    frames = [TASK.read(path).filter(pl.col("first") < pl.col("second")) for path in tasks]
    figure, axes = new_figure(
        len(frames), 2, height=1.6 * len(frames) + 0.35, gridspec_kw={"width_ratios": [2.3, 1]}
    )
    present: set[str] = set()
    for row, pairs in zip(axes, frames, strict=True):
        _draw_graph(row[0], pairs)
        _draw_classes(row[1], pairs)
        words = [text.split(":") for text in pairs["exceptions"][0].split()]
        exceptions = (
            "; ".join(f"{item(int(winner))} beats {item(int(loser))}" for winner, loser in words)
            or "no exception"
        )
        row[0].set_title(f"{pairs['hierarchy'][0]}: {pairs['n'][0]} items, {exceptions}", loc="left")
        present |= set(pairs["pair_class"])
    panel_letters(axes[:, 0])
    handles = [Patch(color=PAIR_CLASSES[name][0], label=name) for name in PAIR_CLASSES if name in present]
    arrows = [Line2D([], [], color=PAIR_CLASSES["train"][0], marker=">", label="beats (trained)")]
    figure.legend(handles=[*arrows, *handles], loc="outside lower center", ncols=len(handles) + 1)
    return figure
