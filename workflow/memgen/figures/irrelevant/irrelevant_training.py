"""What is recovered and what is learned, step by step.

Reads the averages table and draws it; computes nothing.
"""

import polars as pl

from memgen.errors import BadInput
from memgen.figures.irrelevant_names import LEARNERS, draw_interval, size_words, undefended
from memgen.figures.style import PALETTE, new_figure, panel_letters, save
from memgen.irrelevant.tables import AVERAGES
from memgen.stage import Input, Output, stage

_CURVES = {
    "bits_recovered": ("bits of samples seen once, recovered", PALETTE["vermilion"], "o"),
    "accuracy_singleton": ("fresh examples of clusters seen once", PALETTE["blue"], "s"),
    "accuracy_represented": ("fresh examples of clusters seen", PALETTE["sky"], "^"),
    "accuracy_fresh": ("fresh examples", PALETTE["grey"], "v"),
}


@stage
def irrelevant_training(*, averages: Input, pdf: Output, png: Output) -> None:
    """Draw recovery errors and test errors against training steps, a panel per learner.

    Parameters
    ----------
    averages
        Averages table.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    table = AVERAGES.read(averages).filter(pl.col("main") & (pl.col("multiplicity") == 1))
    parts = {learner: undefended(table, learner) for learner in LEARNERS}
    parts = {learner: rows for learner, rows in parts.items() if rows.height}
    if not parts:
        raise BadInput(f"{averages}: holds no undefended learner; allowed: one with rho > 0")
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
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    save(figure, pdf=pdf, png=png, rows={averages: table.select(AVERAGES.held.cells)})
