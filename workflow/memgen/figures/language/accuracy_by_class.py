"""Accuracy by pair class of one method, the trained pairs beside those that were never trained."""

from matplotlib.lines import Line2D

from memgen.figures.method_grid import method_grid
from memgen.figures.style import PAIR_CLASSES, PALETTE, Drawn, Hierarchies, figure
from memgen.jobs.stage import Input
from memgen.language.responses.tables import ACCURACY


@figure
def accuracy_by_class(*, accuracy: Input, method: str, hierarchies: Hierarchies) -> Drawn:
    """Draw accuracy and paired accuracy by pair class, with seed-clustered and Wilson intervals.

    Accuracy by pair class after training ({method}). Grey: the pairs that were trained, beside which every
    generalization is to be read. Filled: share of right answers, thick bars 95 % over seeds, thin bars the
    Wilson interval that counts every answer. Open: share of pairs for which Yes is likelier in the right
    direction. Pairs within the exception's loop have no truth.

    Parameters
    ----------
    accuracy
        Accuracies of every cell.
    method
        Which method of training.
    hierarchies
        Which hierarchies, from left to right.
    """
    grid = method_grid(ACCURACY.read(accuracy), method, hierarchies, panel=1.35)
    for axis, found in grid.panels():
        present = {kind for _, rows in found for kind in rows["pair_class"]}
        classes = [kind for kind in PAIR_CLASSES if kind in present and kind != "loop"]
        for one, rows in found:
            for row in rows.iter_rows(named=True):
                if row["pair_class"] not in classes or row["accuracy"] is None:
                    continue
                place = classes.index(row["pair_class"]) - 0.36 + 0.72 * (one.place + 0.5) / len(grid.series)
                mean, low, high = row["accuracy"], row["accuracy_low"], row["accuracy_high"]
                axis.plot([place, place], [low, high], color=one.colour, lw=0.5)
                reach = row["accuracy_half_width"] or 0.0
                ends = [max(0, mean - reach), min(1, mean + reach)]
                axis.plot([place, place], ends, color=one.colour, lw=1.5)
                axis.plot(place, mean, one.marker, color=one.colour, ms=2.6)
                axis.plot(
                    place, row["paired_accuracy"], one.marker, color=one.colour, ms=2.6, mfc="white", mew=0.5
                )
        if "train" in classes:
            axis.axvspan(-0.5, classes.index("exception" if "exception" in classes else "train") + 0.5,
                         color=PALETTE["grey"], alpha=0.12, lw=0, zorder=0)  # fmt: skip
        axis.axhline(0.5, color=PALETTE["grey"], lw=0.5, zorder=0)
        axis.set_xticks(range(len(classes)), classes, rotation=30, ha="right", rotation_mode="anchor")
        axis.set(ylim=(-0.04, 1.06), xlim=(-0.5, len(classes) - 0.5))
    for across, kind in zip(grid.axes, grid.kinds, strict=True):
        across[0].set_ylabel(f"{kind}\naccuracy (share right)")
    black = PALETTE["black"]
    grid.finish(
        Line2D([], [], color=black, marker="o", lw=0, label="answers"),
        Line2D([], [], color=black, marker="o", mfc="white", lw=0, label="paired directions"),
        Line2D([], [], color=black, lw=1.5, label="95 % by seed"),
        Line2D([], [], color=black, lw=0.5, label="95 % Wilson"),
    )
    drawn = {accuracy: grid.frame.select(ACCURACY.held.cells)}
    return grid.figure, drawn
