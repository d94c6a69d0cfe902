"""Response bias: how often a model says Yes, whatever is asked, before and after training."""

import polars as pl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.figures.dots import Dots, dot_figure, with_interval
from memgen.figures.style import PALETTE, Hierarchies, figure
from memgen.jobs.stage import Input
from memgen.language.responses.tables import EFFECTS


@figure
def response_bias(*, effects: Input, hierarchies: Hierarchies) -> Figure:
    """Draw the share of Yes and the mean logit difference of every cell, with 95 % intervals over seeds.

    Response bias: share of answers that are Yes, which would be one half without bias, and mean logit
    difference over all ordered pairs. Open: before training. Bars: 95 % over seeds. Numbers at the right:
    mean accuracy on the trained pairs.

    Parameters
    ----------
    effects
        Effects of every cell.
    hierarchies
        Which hierarchies.
    """
    frame = EFFECTS.read(effects)
    frame = with_interval(with_interval(frame, "yes_share"), "bias")
    shown = [
        Dots("yes_share", "yes_share_low", "yes_share_high", "share of answers that are Yes", 0.5),
        Dots("bias", "bias_low", "bias_high", "mean answer (logit units; ridge probes: target units)", 0.0),
    ]
    figure, handles = dot_figure(
        frame, shown, hierarchies, open_where=pl.col("phase") == "pre", beside=("train_accuracy", "train")
    )
    handles.append(
        Line2D([], [], color=PALETTE["grey"], marker="o", mfc="white", lw=0, label="before training")
    )
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure
