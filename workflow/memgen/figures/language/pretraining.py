"""Losses of the models that are pretrained in the study, one line per pretraining seed.

Reads the table of losses and draws it; computes nothing.
"""

import math

from memgen.figures.method_grid import LINES
from memgen.figures.style import COLUMN, PALETTE, new_figure, save
from memgen.language.models.tables import PRETRAINING
from memgen.stage import Input, Output, stage


@stage
def pretraining(*, losses: Input, pdf: Output, png: Output) -> None:
    """Draw the loss at the answers along pretraining.

    Parameters
    ----------
    losses
        Losses of every pretrained model.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    frame = PRETRAINING.read(losses)
    figure, axes = new_figure(width=COLUMN, height=2.2)
    axis = axes[0, 0]
    for place, ((model,), rows) in enumerate(frame.group_by("model", maintain_order=True)):
        colour, marker = LINES[place % len(LINES)]
        axis.plot(rows["step"], rows["answer_loss"], f"{marker}-", color=colour, ms=2.5, lw=0.9, label=model)
    axis.axhline(math.log(2), color=PALETTE["grey"], lw=0.6, zorder=0)
    where = ("axes fraction", "data")
    axis.annotate("a coin's", (0.99, math.log(2)), xycoords=where, fontsize=5.5, ha="right", va="bottom")
    axis.set(xlabel="step of pretraining", ylabel="cross-entropy at the answers (nats)")
    axis.legend()
    save(figure, pdf=pdf, png=png)
