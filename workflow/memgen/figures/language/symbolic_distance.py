"""The symbolic distance effect of one method: accuracy and margin against the distance of two ranks."""

import polars as pl
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from memgen.figures.method_grid import method_grid
from memgen.figures.style import PALETTE, Drawn, Hierarchies, figure
from memgen.jobs.stage import Input
from memgen.language.responses.tables import DISTANCE


@figure
def symbolic_distance(*, distance: Input, method: str, hierarchies: Hierarchies) -> Drawn:
    """Draw accuracy and margin against distance, with 95 % intervals over seeds.

    The symbolic distance effect ({method}): accuracy and margin of pairs against the distance of their
    ranks, means over seeds with 95 % intervals. Open: trained pairs, neighbours and the exception. Pairs
    within the exception's loop are left out.

    Parameters
    ----------
    distance
        Averages by distance.
    method
        Which method of training.
    hierarchies
        Which hierarchies, from left to right.
    """
    grid = method_grid(DISTANCE.read(distance), method, hierarchies, panel=1.15, repeats=2)
    for repeat, value in enumerate(("accuracy", "margin")):
        for axis, found in grid.panels(repeat):
            for one, rows in found:
                shift = 0.3 * ((one.place + 0.5) / len(grid.series) - 0.5)
                for trained in (False, True):
                    part = rows.filter(pl.col("trained") == trained).drop_nulls(value).sort("distance")
                    if part.is_empty():
                        continue
                    axis.errorbar(
                        part["distance"] + shift,
                        part[value],
                        yerr=part[f"{value}_half_width"].fill_null(0.0),
                        fmt=one.marker if trained else f"{one.marker}-",
                        color=one.colour,
                        mfc="white" if trained else one.colour,
                        ms=2.4,
                        mew=0.5,
                        lw=0.7,
                        elinewidth=0.5,
                    )
            axis.axhline(0.5 if value == "accuracy" else 0.0, color=PALETTE["grey"], lw=0.5, zorder=0)
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            if value == "accuracy":
                axis.set_ylim(-0.04, 1.06)
    for row, kind in enumerate(grid.kinds):
        grid.axes[2 * row, 0].set_ylabel(f"{kind}\naccuracy\n(share right)")
        grid.axes[2 * row + 1, 0].set_ylabel("margin\n(logit or\ntarget units)")
    for axis in grid.axes[-1]:
        axis.set_xlabel("distance of ranks (steps)")
    grid.finish(Line2D([], [], color=PALETTE["black"], marker="o", mfc="white", lw=0, label="trained pairs"))
    drawn = {distance: grid.frame.select(DISTANCE.held.cells)}
    return grid.figure, drawn
