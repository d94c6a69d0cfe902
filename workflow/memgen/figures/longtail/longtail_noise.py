"""Noisy labels must be fitted as well: excess error of guessing singletons against the noise."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.longtail_names import draw_excess, legend_with_size, prior_looks
from memgen.figures.style import COLUMN, figure, new_figure
from memgen.jobs.stage import Input
from memgen.longtail.tables import NOISE


@figure
def longtail_noise(*, noise: Input) -> Figure:
    r"""Draw what guessing singletons costs, against the share of labels kept.

    Even noisy labels must be fitted: what guessing singletons costs over giving their observed labels,
    against the probability that a training label is kept (else uniform); errors are against the true labels.
    Lines: closed form :math:`\kappa (1 - 1/m) M_1`; markers: drawn samples, with standard errors.

    Parameters
    ----------
    noise
        Noise table.
    """
    table = NOISE.read(noise).sort("label_keep", maintain_order=True)
    figure, axes = new_figure(width=COLUMN, height=2.6)
    panel = axes[0, 0]
    for prior, look in prior_looks(table["prior"]).items():
        draw_excess(panel, table.filter(pl.col("prior") == prior), "label_keep", "label_keep", look)
    panel.set(
        xlabel="probability that a training label is kept",
        ylabel="error of guessing singletons\nminus error of fitting them",
    )
    legend_with_size(panel, table)
    return figure
