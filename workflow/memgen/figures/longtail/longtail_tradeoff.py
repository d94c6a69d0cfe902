"""Excess error against the share of singletons fitted: the price of not memorizing."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.longtail_names import draw_excess, legend_with_size, prior_looks
from memgen.figures.style import COLUMN, figure, new_figure
from memgen.jobs.stage import Input
from memgen.longtail.tables import TRADEOFF


@figure
def longtail_tradeoff(*, tradeoff: Input) -> Figure:
    r"""Draw excess error against the share of singletons fitted; the lines have slope tau_1 K_1.

    The price of not memorizing: excess error against the share of singletons that a learner fits. Lines:
    closed form, of slope :math:`\tau_1 K_1`; markers: drawn samples, with standard errors.

    Parameters
    ----------
    tradeoff
        Trade-off table.
    """
    table = TRADEOFF.read(tradeoff).sort("fitted_closed", maintain_order=True)
    looks = prior_looks(table["prior"])
    figure, axes = new_figure(width=COLUMN, height=2.6)
    panel = axes[0, 0]
    for prior, (label, colour, marker) in looks.items():
        rows = table.filter(pl.col("prior") == prior)
        look = (f"{label}, slope {rows['slope'][0]:.3f}", colour, marker)
        draw_excess(panel, rows, "fitted_closed", "fitted_simulated", look)
    panel.set(xlabel="share of singletons fitted", ylabel="excess error", xlim=(0, 1.02), ylim=(-0.005, None))
    legend_with_size(panel, table)
    return figure
