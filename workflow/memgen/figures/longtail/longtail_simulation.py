"""Simulated against closed-form error of every learner."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.longtail_names import LEARNERS, prior_looks
from memgen.figures.style import PALETTE, figure, new_figure, panel_letters
from memgen.jobs.stage import Input
from memgen.longtail.tables import SIMULATION


@figure
def longtail_simulation(*, simulation: Input) -> Figure:
    r"""Draw simulated against closed-form error, one panel per prior, one point per learner and size.

    Error of every learner on drawn samples against its closed form :math:`\sum_l e_l M_l`. Bars: standard
    errors over samples, mostly smaller than the markers. Each learner appears at two sizes and several
    strengths.

    Parameters
    ----------
    simulation
        Simulation table.
    """
    table = SIMULATION.read(simulation)
    looks = prior_looks(table["prior"])
    figure, axes = new_figure(1, len(looks), height=2.35)
    for panel, (prior, (label, _, _)) in zip(axes[0], looks.items(), strict=True):
        part = table.filter(pl.col("prior") == prior)
        low, high = part["error_closed"].min(), part["error_closed"].max()
        panel.plot([low, high], [low, high], color=PALETTE["grey"], lw=0.6, zorder=0)
        for learner, (_, colour, marker) in LEARNERS.items():
            rows = part.filter(pl.col("learner") == learner)
            panel.errorbar(
                rows["error_closed"],
                rows["error_simulated"],
                yerr=rows["standard_error"],
                fmt=marker,
                ms=3,
                lw=0,
                elinewidth=0.6,
                color=colour,
            )
        panel.set(title=label, xlabel="closed-form error")
        panel.set_box_aspect(1)
    panel_letters(axes[0])
    axes[0, 0].set_ylabel("simulated error")
    present = set(table["learner"])
    handles = [
        axes[0, 0].plot([], [], marker, color=colour, label=words)[0]
        for learner, (words, colour, marker) in LEARNERS.items()
        if learner in present
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure
