"""Excess error against the share of singletons fitted: the price of not memorizing."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.longtail_names import prior_looks
from memgen.figures.style import COLUMN, figure, new_figure
from memgen.longtail.tables import TRADEOFF
from memgen.stage import Input


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
    looks = prior_looks(table["prior"].unique(maintain_order=True).to_list())
    figure, axes = new_figure(width=COLUMN, height=2.6)
    panel = axes[0, 0]
    for prior, (label, colour, marker) in looks.items():
        rows = table.filter(pl.col("prior") == prior)
        panel.plot(rows["fitted_closed"], rows["excess_closed"], color=colour, lw=0.8)
        panel.errorbar(
            rows["fitted_simulated"],
            rows["excess_simulated"],
            yerr=rows["standard_error"],
            fmt=marker,
            color=colour,
            lw=0,
            elinewidth=0.7,
            label=f"{label}, slope {rows['slope'][0]:.3f}",
        )
    panel.set(xlabel="share of singletons fitted", ylabel="excess error", xlim=(0, 1.02), ylim=(-0.005, None))
    size = table.row(0, named=True)
    panel.legend(
        title=f"N = {size['domain']:,}, n = {size['samples']:,}, {size['labels']} labels", title_fontsize=6
    )
    return figure
