"""Excess error under label differential privacy, with what it must be."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.longtail_names import LEARNERS, draw_excess, prior_looks
from memgen.figures.style import PALETTE, figure, new_figure, panel_letters, shared_legend
from memgen.jobs.stage import Input
from memgen.longtail.tables import PRIVACY


@figure
def longtail_privacy(*, privacy: Input) -> Figure:
    r"""Draw excess error against epsilon, one panel per prior, with the lower bounds.

    Excess error of two label-private learners. Randomized response acts on singletons only and memorizes the
    rest; the exponential mechanism protects every label. Lines: closed forms; markers: drawn samples;
    dotted: what any label-private learner pays on singletons; grey: the paper's bound :math:`(1 - 1/m -
    (e^\varepsilon - 1)) M_1`, which says nothing beyond :math:`\varepsilon \approx 0.64`.

    Parameters
    ----------
    privacy
        Privacy table.
    """
    table = PRIVACY.read(privacy).sort("epsilon", maintain_order=True)
    looks = prior_looks(table["prior"])
    figure, axes = new_figure(1, len(looks), height=2.7)
    for panel, (prior, (label, _, _)) in zip(axes[0], looks.items(), strict=True):
        part = table.filter(pl.col("prior") == prior)
        for learner in ("exponential", "randomized_response"):
            words, colour, marker = LEARNERS[learner]
            rows = part.filter(pl.col("learner") == learner)
            words += ", singletons only" if learner == "randomized_response" else ""
            draw_excess(panel, rows, "epsilon", "epsilon", (words, colour, marker))
        panel.plot(
            rows["epsilon"],
            rows["optimum"],
            color=PALETTE["black"],
            ls=":",
            label="least of any private learner",
        )
        panel.fill_between(
            rows["epsilon"],
            0,
            rows["bound"],
            color=PALETTE["grey"],
            alpha=0.5,
            lw=0,
            label="paper's lower bound",
        )
        panel.set(title=label, xscale="log", xlabel="label privacy, $\\varepsilon$", ylim=(0, None))
    panel_letters(axes[0])
    axes[0, 0].set_ylabel("excess error")
    shared_legend(figure, axes.flat[:1], ncols=4)
    return figure
