"""How well the theory predicts held-out pairs, beside its baselines: one row per cell."""

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.errors import BadInput
from memgen.figures.dots import row_label
from memgen.figures.style import PAGE, PALETTE, Hierarchies, figure, new_figure, panel_letters
from memgen.jobs.stage import Input
from memgen.language.fits.tables import BASELINES
from memgen.language.responses.tables import KEY

#: What the legend calls a predictor, its colour and its marker.
LOOKS = {
    "theory": ("theory", PALETTE["blue"], "o"),
    "plain": ("without the exception", PALETTE["vermilion"], "s"),
    "wrong_exception_best": ("best wrong exception", PALETTE["orange"], "D"),
    "wrong_exception": ("wrong exception, mean", PALETTE["purple"], "v"),
    "distance": ("distance alone", PALETTE["green"], "^"),
    "free_ranks": ("free ranks", PALETTE["black"], "P"),
}


@figure
def baselines(*, baselines: Input, hierarchies: Hierarchies) -> Figure:
    """Draw how well every predictor foretells held-out pairs, and the theory's lead seed by seed.

    How well each predictor foretells margins of pairs that it has not seen, a row per cell. Left:
    correlation of predicted and observed margins, averaged over seeds, every untrained pair predicted by a
    fit without it and its mirror image; the bar is the highest correlation that the noise of the seeds
    allows (split halves). Right: the theory's correlation minus the baseline's, seed by seed, with 95 %
    intervals by Student's t; right of zero the theory predicts better. Free ranks give each item a number of
    its own and are the ceiling of every model by ranks.

    Parameters
    ----------
    baselines
        Scores of every cell and predictor.
    hierarchies
        Which hierarchies, from top to bottom.
    """
    frame = BASELINES.read(baselines).filter(pl.col("source") == "study")
    names = [name for name in hierarchies if name in set(frame["hierarchy"])]
    if not names:
        raise BadInput(
            f"nothing to draw: no rows of {', '.join(hierarchies)}; allowed: hierarchies that were run"
        )
    groups = [frame.filter(pl.col("hierarchy") == name) for name in names]
    counts = [group.select(KEY).n_unique() for group in groups]
    figure, axes = new_figure(
        len(names), 2, width=PAGE, height=0.115 * sum(counts) + 0.45 * len(names) + 0.6, sharex="col",
        height_ratios=[count + 1 for count in counts],
    )  # fmt: skip
    for across, group, name in zip(axes, groups, names, strict=True):
        _draw(across, group)
        across[0].set_title(name, loc="left")
    axes[-1][0].set_xlabel("correlation with held-out margins")
    axes[-1][1].set_xlabel("theory's correlation minus the baseline's, by seed")
    panel_letters(axes[0])
    handles = [
        Line2D(
            [], [], color=colour, marker=marker, mfc="none" if name == "theory" else colour, lw=0, label=label
        )
        for name, (label, colour, marker) in LOOKS.items()
        if name in set(frame["predictor"])
    ]
    ceiling = Line2D([], [], color=PALETTE["grey"], marker="|", ms=7, lw=0, label="ceiling by split halves")
    figure.legend(handles=[*handles, ceiling], loc="outside lower center", ncols=4)
    return figure


def _draw(across: np.ndarray, group: pl.DataFrame) -> None:
    """Both panels of one hierarchy."""
    left, right = across
    order = ["method", "hyperparameter", "items", "model", "source"]
    cells = group.select(order).unique().sort(order, nulls_last=False)
    for place, cell in enumerate(cells.iter_rows(named=True)):
        height = len(cells) - 1 - place
        rows = group.join(pl.DataFrame([cell], schema=cells.schema), on=order, how="semi", nulls_equal=True)
        for row in rows.iter_rows(named=True):
            value = row["held_out_correlation"]
            if value is None:
                continue
            if row["predictor"] == "split_half":
                left.plot(value, height, "|", color=PALETTE["grey"], ms=7)
                continue
            step = list(LOOKS).index(row["predictor"])
            _, colour, marker = LOOKS[row["predictor"]]
            # The theory is drawn around the others, which often lie on it.
            theory = {"ms": 4.5, "mfc": "none", "mew": 0.9, "zorder": 4} if step == 0 else {"ms": 2.4}
            left.plot(value, height, marker, color=colour, **theory)
            if row["difference_to_theory"] is not None:
                right.errorbar(
                    row["difference_to_theory"],
                    height + 0.3 - 0.12 * step,
                    xerr=row["difference_to_theory_half_width"],
                    fmt=marker,
                    color=colour,
                    ms=2,
                    elinewidth=0.5,
                )
    right.axvline(0, color=PALETTE["grey"], lw=0.6, zorder=0)
    labels = [f"{row_label(cell)}, {cell['items']}" for cell in cells.reverse().iter_rows(named=True)]
    left.set_yticks(range(len(cells)), labels, fontsize=5)
    right.set_yticks(range(len(cells)), [])
    for axis in across:
        axis.set_ylim(-0.6, len(cells) - 0.4)
        for line in np.arange(len(cells) - 1) + 0.5:
            axis.axhline(line, color=PALETTE["grey"], lw=0.2, alpha=0.5, zorder=0)
