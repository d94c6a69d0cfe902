"""Noisy labels must be fitted as well: excess error of guessing singletons against the noise."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.longtail_names import prior_looks
from memgen.figures.style import COLUMN, figure, new_figure
from memgen.longtail.tables import NOISE
from memgen.stage import Input


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
    looks = prior_looks(table["prior"].unique(maintain_order=True).to_list())
    figure, axes = new_figure(width=COLUMN, height=2.6)
    panel = axes[0, 0]
    for prior, (label, colour, marker) in looks.items():
        rows = table.filter(pl.col("prior") == prior)
        panel.plot(rows["label_keep"], rows["excess_closed"], color=colour, lw=0.8)
        panel.errorbar(
            rows["label_keep"],
            rows["excess_simulated"],
            yerr=rows["standard_error"],
            fmt=marker,
            color=colour,
            lw=0,
            elinewidth=0.7,
            label=label,
        )
    panel.set(
        xlabel="probability that a training label is kept",
        ylabel="error of guessing singletons\nminus error of fitting them",
    )
    size = table.row(0, named=True)
    panel.legend(
        title=f"N = {size['domain']:,}, n = {size['samples']:,}, {size['labels']} labels", title_fontsize=6
    )
    return figure
