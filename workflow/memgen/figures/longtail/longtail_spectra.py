"""How much of a domain is seen once, twice, …: spectra of four priors."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.longtail_names import prior_looks
from memgen.figures.style import figure, new_figure, panel_letters
from memgen.jobs.arguments import Count
from memgen.jobs.stage import Input
from memgen.longtail.tables import SPECTRA


@figure
def longtail_spectra(*, spectra: Input, largest: Count = 100) -> Figure:
    """Draw the expected number and mass of the points that a sample holds l times.

    Expected number :math:`K_l` (a) and probability :math:`M_l` (b) of the points that a sample holds
    :math:`l` times, for four priors of the frequencies. Under Zipf's law a sample is full of points that
    were seen once; under a geometric prior there are next to none.

    Parameters
    ----------
    spectra
        Spectra table.
    largest
        Largest multiplicity drawn.
    """
    table = SPECTRA.read(spectra).filter(pl.col("multiplicity") <= largest)
    looks = prior_looks(table["prior"])
    figure, axes = new_figure(1, 2, height=2.5)
    for panel, column, words in (
        (axes[0, 0], "points", "expected points seen $l$ times, $K_l$"),
        (axes[0, 1], "mass", "their probability, $M_l$"),
    ):
        floor = 1e-3 if column == "points" else 1e-5
        for prior, (label, colour, marker) in looks.items():
            rows = table.filter((pl.col("prior") == prior) & (pl.col(column) >= floor))
            panel.plot(rows["multiplicity"], rows[column], marker, color=colour, label=label, ls="-", lw=0.8)
        panel.set_xscale("symlog", linthresh=1, linscale=0.4)
        panel.set_yscale("log")
        panel.set(xlabel="times seen, $l$", ylabel=words, xlim=(-0.2, largest * 1.15))
        panel.set_xticks([0, 1, 2, 5, 10, 20, 50, 100], ["0", "1", "2", "5", "10", "20", "50", "100"])
        panel.minorticks_off()
    panel_letters(axes[0])
    size = table.row(0, named=True)
    axes[0, 1].legend(title=f"N = {size['domain']:,}, n = {size['samples']:,}", title_fontsize=6)
    return figure
