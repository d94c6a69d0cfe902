"""Noisy labels must be fitted as well: excess error of guessing singletons against the noise.

Reads the noise table and draws it; computes nothing.
"""

import polars as pl

from memgen.figures.longtail_names import prior_looks
from memgen.figures.style import COLUMN, new_figure, save
from memgen.longtail.tables import NOISE
from memgen.stage import Input, Output, stage


@stage
def longtail_noise(*, noise: Input, pdf: Output, png: Output) -> None:
    """Draw what guessing singletons costs, against the share of labels kept.

    Parameters
    ----------
    noise
        Noise table.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
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
    save(figure, pdf=pdf, png=png)
