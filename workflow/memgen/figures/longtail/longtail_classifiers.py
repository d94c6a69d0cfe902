"""Trained classifiers on clustered data trace the trade-off that the theory predicts."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memgen.figures.longtail_names import CLASSIFIERS, STRUCTURES
from memgen.figures.style import PALETTE, figure, new_figure, panel_letters, shared_legend
from memgen.jobs.stage import Input
from memgen.longtail.tables import CURVES


@figure
def longtail_classifiers(*, curves: Input) -> Figure:
    """Draw excess test error against the share of singletons fitted, along each path of regularization.

    Classifiers trained on clustered data with Zipf frequencies, along their paths of regularization. Above:
    excess test error against the share of singletons fitted; dashed, what a learner pays that misfits
    singletons alone; numbers, the privacy spent. Below: against the theorem's bound, which counts all misfit
    training points. Bars: standard errors by seed. Nearest neighbours follow the bound; ridge and networks
    also err on clusters that they fit.

    Parameters
    ----------
    curves
        Curves table.
    """
    table = CURVES.read(curves).sort("setting", maintain_order=True)
    structures = [name for name in STRUCTURES if name in set(table["structure"])]
    figure, axes = new_figure(2, len(structures), height=4.4, width=6.0)
    for column, structure in enumerate(structures):
        part = table.filter(pl.col("structure") == structure)
        upper, lower = axes[0, column], axes[1, column]
        _draw_tradeoff(upper, part)
        _draw_bound(lower, part)
        upper.set_title(STRUCTURES[structure])
    panel_letters(axes.flat)
    shared_legend(figure, axes.flat[:1], ncols=3)
    return figure


def _draw_tradeoff(panel: Axes, part: pl.DataFrame) -> None:
    """Excess error against singletons fitted, with the line that a learner pays for these alone."""
    for learner, (words, colour, marker) in CLASSIFIERS.items():
        rows = part.filter(pl.col("learner") == learner)
        if not rows.height:
            continue
        panel.errorbar(
            rows["fitted_singletons"],
            rows["excess"],
            xerr=rows["fitted_standard_error"].fill_nan(0.0),
            yerr=rows["excess_standard_error"].fill_nan(0.0),
            fmt=marker,
            ls="-",
            lw=0.8,
            elinewidth=0.6,
            color=colour,
            label=words,
        )
        for row in rows.filter(pl.col("epsilon").is_not_null()).iter_rows(named=True):
            panel.annotate(
                f"$\\varepsilon$ = {row['epsilon']:.3g}",
                (row["fitted_singletons"], row["excess"]),
                xytext=(4, 2),
                textcoords="offset points",
                fontsize=4.5,
                color=colour,
            )
    guess, slope = 1 / part["labels"][0], part["singleton_mass"][0]
    share = np.array([guess, 1.0])
    panel.plot(
        share,
        slope * (1 - share),
        color=PALETTE["black"],
        ls="--",
        lw=0.8,
        label="singletons alone: slope $\\tau_1 K_1$",
    )
    panel.set(xlabel="share of singletons fitted", ylabel="excess test error", xlim=(0, 1.05))


def _draw_bound(panel: Axes, part: pl.DataFrame) -> None:
    """Excess error against the theorem's bound, from all misfit training points."""
    largest = float(part["bound_excess"].max())  # type: ignore[arg-type]
    panel.fill_between([0, largest], 0, [0, largest], color=PALETTE["grey"], alpha=0.3, lw=0)
    panel.text(0.97, 0.05, "below the bound", transform=panel.transAxes, ha="right", fontsize=5.5)
    for learner, (_, colour, marker) in CLASSIFIERS.items():
        rows = part.filter(pl.col("learner") == learner)
        panel.errorbar(
            rows["bound_excess"],
            rows["excess"],
            yerr=rows["slack_standard_error"].fill_nan(0.0),
            fmt=marker,
            lw=0,
            elinewidth=0.6,
            color=colour,
        )
    panel.set(xlabel="lower bound, $\\sum_l \\tau_l\\,\\mathrm{errn}_l$", ylabel="excess test error")
