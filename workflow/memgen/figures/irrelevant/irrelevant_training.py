"""What is recovered and what is learned, step by step."""

import polars as pl

from memgen.figures.irrelevant_names import LEARNERS, draw_interval, of_undefended, size_words
from memgen.figures.style import PALETTE, Drawn, figure, new_figure, panel_letters, shared_legend
from memgen.irrelevant.tables import AVERAGES
from memgen.jobs.stage import Input

_CURVES = {
    "bits_recovered": ("bits of samples seen once, recovered", PALETTE["vermilion"], "o"),
    "accuracy_singleton": ("fresh examples of clusters seen once", PALETTE["blue"], "s"),
    "accuracy_represented": ("fresh examples of clusters seen", PALETTE["sky"], "^"),
    "accuracy_fresh": ("fresh examples", PALETTE["grey"], "v"),
}


@figure
def irrelevant_training(*, averages: Input) -> Drawn:
    """Draw recovery errors and test errors against training steps, a panel per learner.

    Training on the cluster task, attacked after each recorded step: shares of the bits of samples seen once
    that are not recovered, and test errors on fresh examples. Left: multinomial logistic regression,
    attacked bit by bit. Right: a network with one hidden layer, attacked by coordinate ascent. Bars: 95%
    intervals over seeds. Bits leak as clusters are learned.

    Parameters
    ----------
    averages
        Averages table.
    """
    parts = of_undefended(averages, pl.col("main") & (pl.col("multiplicity") == 1))
    figure, axes = new_figure(1, len(parts), height=2.7, width=min(7.0, 3.4 * len(parts)), sharey=True)
    for panel, (learner, rows) in zip(axes[0], parts.items(), strict=True):
        ordered = rows.filter(pl.col("step") > 0).sort("step")
        for name, (words, colour, marker) in _CURVES.items():
            draw_interval(
                panel,
                ordered,
                "step",
                name,
                missing=True,
                fmt=f"{marker}-",
                lw=1,
                color=colour,
                label=words,
            )
        panel.set(xscale="log", yscale="log", xlabel="training steps", ylim=(2e-4, 1.3))
        panel.set_title(f"{LEARNERS[learner][0]}\n{size_words(rows)}")
    panel_letters(axes[0])
    axes[0, 0].set_ylabel("error (share wrong)")
    shared_legend(figure, axes.flat[:1], ncols=2)
    return figure, {averages: pl.concat(parts.values()).select(AVERAGES.held.cells)}
