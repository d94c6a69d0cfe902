"""Margins that the theory predicts for pairs that it has not seen, against the margins found."""

import numpy as np
from matplotlib.figure import Figure

from memgen.figures.names import spoken
from memgen.figures.style import PAGE, PALETTE, figure, new_figure
from memgen.jobs.stage import Input
from memgen.language.claims.tables import HELD_OUT

TITLES = {
    "measured": "probes, gamma measured:\nall untrained pairs",
    "elsewhere": "gamma fitted elsewhere:\npairs beside the exception",
}
COLOURS = ("blue", "vermilion", "green", "purple", "orange", "sky", "black")


@figure
def held_out_margins(*, held_out: Input) -> Figure:
    """Draw margins that the theory predicts for pairs it has not seen against those found.

    Each point is one pair of one model, kind of item and method, with the exception 5:3 among 9 items. Left:
    ridge probes; the conjunctivity measured on the features and the known ridge give gamma, hence every
    margin, and nothing is fitted. Right: gamma and the scale are fitted to all other untrained pairs of the
    other seeds; margins are divided by the largest of the cell, so that models share one axis. Bars are one
    standard error over seeds. On the grey line prediction and finding agree; in the lower left quarter the
    predicted mistakes are made.

    Parameters
    ----------
    held_out
        Margins predicted and found.
    """
    table = HELD_OUT.read(held_out)
    cells = table.select("method", "model", "items").unique().sort("method", "model", "items").rows()
    methods = list(dict.fromkeys((method, model) for method, model, _ in cells))
    picture, axes = new_figure(1, 2, width=PAGE, height=3.1)
    for axis, (kind, title) in zip(axes[0], TITLES.items(), strict=True):
        rows = table.filter(prediction=kind)
        for cell in cells:
            part = rows.filter(method=cell[0], model=cell[1], items=cell[2])
            if part.is_empty():
                continue
            unit = 1.0 if kind == "measured" else float(np.abs(part["found"].to_numpy()).max())
            place = methods.index(cell[:2])
            axis.errorbar(
                part["predicted"] / unit,
                part["found"] / unit,
                yerr=part["standard_error"].fill_nan(None).fill_null(0) / unit,
                fmt="osD^"[(place // len(COLOURS)) % 4],
                color=PALETTE[COLOURS[place % len(COLOURS)]],
                ms=2.2,
                mew=0,
                lw=0,
                elinewidth=0.4,
                alpha=0.8,
            )
        low = min(*axis.get_xlim(), *axis.get_ylim())
        high = max(*axis.get_xlim(), *axis.get_ylim())
        axis.plot([low, high], [low, high], color=PALETTE["grey"], lw=0.8, zorder=0)
        axis.axhline(0, color=PALETTE["grey"], lw=0.4, zorder=0)
        axis.axvline(0, color=PALETTE["grey"], lw=0.4, zorder=0)
        axis.set_title(title)
        axis.set_xlabel("predicted margin" + ("" if kind == "measured" else ", share of the largest"))
    axes[0, 0].set_ylabel("margin found")
    for place, (method, model) in enumerate(methods):
        axes[0, 1].plot(
            [],
            [],
            "osD^"[(place // len(COLOURS)) % 4],
            color=PALETTE[COLOURS[place % len(COLOURS)]],
            label=f"{method}, {spoken(model)}",
        )
    picture.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside right center")
    return picture
