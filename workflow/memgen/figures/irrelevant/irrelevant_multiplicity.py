"""What is recovered of a sample whose cluster was seen several times."""

import polars as pl

from memgen.figures.irrelevant_names import ATTACKS, LEARNERS, draw_interval, of_undefended, size_words
from memgen.figures.style import PALETTE, Drawn, figure, new_figure, panel_letters, shared_legend
from memgen.irrelevant.tables import AVERAGES
from memgen.jobs.stage import Input


@figure
def irrelevant_multiplicity(*, averages: Input) -> Drawn:
    """Draw recovery against multiplicity with the formula of a majority, a panel per learner.

    Share of a training sample's bits that attacks recover, against the number of training samples of its
    cluster. Line: what the majority over these samples gives back. A sample seen alone is recovered whole;
    others share what is recovered. Bars: 95% intervals over seeds.

    Parameters
    ----------
    averages
        Averages table.
    """
    parts = of_undefended(averages, pl.col("last") & (pl.col("multiplicity") > 0))
    figure, axes = new_figure(1, len(parts), height=2.6, width=min(7.0, 3.4 * len(parts)), sharey=True)
    for panel, (learner, rows) in zip(axes[0], parts.items(), strict=True):
        formula = rows.unique("multiplicity").sort("multiplicity")
        panel.step(
            formula["multiplicity"], formula["expected"], where="mid", color=PALETTE["black"], lw=0.8,
            label="majority of the samples (formula)",
        )  # fmt: skip
        attacks = [name for name in ATTACKS if name in set(rows["attack"])]
        for index, attack in enumerate(attacks):
            words, colour, marker = ATTACKS[attack]
            apart = 0.12 * (index - (len(attacks) - 1) / 2)
            part = rows.filter(pl.col("attack") == attack).with_columns(pl.col("multiplicity") + apart)
            draw_interval(
                panel, part, "multiplicity", "bits_recovered", fmt=marker, lw=0, color=colour, label=words
            )
        panel.set(xlabel="samples of the cluster in training, $l$", xticks=formula["multiplicity"].to_list())
        panel.set_title(f"{LEARNERS[learner][0]}\n{size_words(rows)}")
    panel_letters(axes[0])
    axes[0, 0].set_ylabel("share of a sample's bits recovered")
    shared_legend(figure, axes[0], ncols=3)
    return figure, {averages: pl.concat(parts.values()).select(AVERAGES.held.cells)}
