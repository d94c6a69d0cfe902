"""Memorization scores of training examples, by how often their cluster is seen."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.longtail_names import CLASSIFIERS, STRUCTURES
from memgen.figures.style import PALETTE, figure, new_figure, panel_letters
from memgen.jobs.stage import Inputs
from memgen.longtail.tables import MEMORIZATION


@figure
def longtail_memorization(*, memorization: Inputs) -> Figure:
    """Draw the memorization score of trained classifiers by multiplicity, from subsampled retraining.

    Memorization scores of training examples, the gain of probability of the right answer from having been
    trained on the example, by how many examples its cluster has; from retraining on random subsamples.
    Black: a learner that gives every training example its label and guesses clusters that it has not seen.

    Parameters
    ----------
    memorization
        Memorization tables.
    """
    table = pl.concat([MEMORIZATION.read(path) for path in memorization])
    table = table.filter(pl.col("method") == "subsampling").sort(
        "setting", "multiplicity", maintain_order=True
    )
    structures = [name for name in STRUCTURES if name in set(table["structure"])]
    figure, axes = new_figure(1, len(structures), height=2.8, sharey=True)
    styles = ["-", "--", "-.", ":"]
    for panel, structure in zip(axes[0], structures, strict=True):
        part = table.filter(pl.col("structure") == structure)
        expected = part.unique("multiplicity", keep="first", maintain_order=True)
        panel.plot(
            expected["multiplicity"],
            expected["expected"],
            color=PALETTE["black"],
            marker="_",
            ms=9,
            lw=0,
            label="fits all it is trained on, guesses the rest",
        )
        for learner, (words, colour, marker) in CLASSIFIERS.items():
            rows = part.filter(pl.col("learner") == learner)
            for index, ((setting,), line) in enumerate(rows.group_by("setting", maintain_order=True)):
                panel.errorbar(
                    line["multiplicity"],
                    line["score"],
                    yerr=line["standard_error"].fill_nan(0.0),
                    fmt=marker,
                    ls=styles[index % len(styles)],
                    lw=0.7,
                    elinewidth=0.6,
                    color=colour,
                    alpha=max(0.35, 1 - 0.12 * index),
                    label=f"{words.partition(' (')[0]}, {words.partition('(')[2].rstrip(')')} {setting:g}",
                )
        ticks = sorted(part["multiplicity"].unique().to_list())
        panel.set_xticks(ticks, [*(str(tick) for tick in ticks[:-1]), f"{ticks[-1]} or more"])
        panel.set(title=STRUCTURES[structure], xlabel="training examples of the cluster")
    panel_letters(axes[0])
    axes[0, 0].set_ylabel("memorization score\n(gain of probability)")
    handles, words = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside right center")
    return figure
