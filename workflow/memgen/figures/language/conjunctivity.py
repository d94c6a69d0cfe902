"""The conjunctivity of a model's representation against the gamma of its behaviour, one point per cell."""

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from memgen.figures.names import spoken
from memgen.figures.style import PAGE, PALETTE, figure, new_figure
from memgen.jobs.stage import Input
from memgen.language.fits.tables import GAMMA_RANGE, RELATION
from memgen.language.responses.tables import GEOMETRY

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


COLOURS = ("blue", "vermilion", "green", "purple", "orange", "sky", "black", "grey")


def _reach(row: dict[str, float | None]) -> list[list[float]] | None:
    """Lengths of gamma's interval below and above it, to the end of the range where it is open."""
    gamma, low, high = row["gamma"], row["gamma_low"], row["gamma_high"]
    if gamma is None or (low is None and high is None):
        return None
    ends = (GAMMA_RANGE[0] if low is None else low, GAMMA_RANGE[1] if high is None else high)
    return [[max(gamma - ends[0], 0.0)], [max(ends[1] - gamma, 0.0)]]


@figure
def conjunctivity(*, geometry: Input, relation: Input) -> Figure:
    """Draw the measured conjunctivity, before and after training, against the fitted gamma.

    Each point is one model, kind of item, hierarchy and method: the conjunctivity alpha measured from the
    hidden states of its prompts, with its standard error over seeds, against the gamma fitted to its
    answers, with its 95 % profile interval (errors by seed); a bar that reaches an end of the range is open
    there, and a hollow point lies at that end: the answers bound its gamma on one side only. A point's shape
    is the model, its colour the method. The grey curve is the theory without ridge, gamma = 2 alpha / (1 -
    alpha); a ridge lies above it. The rank correlation is that of the finetuned cells, its interval a
    bootstrap in which networks are drawn, each with all its cells.

    Parameters
    ----------
    geometry
        Measures of every cell, and its gamma.
    relation
        Rank correlations of the two over cells.
    """
    end = pl.col("gamma_at_edge").replace_strict(["low", "high"], GAMMA_RANGE, return_dtype=pl.Float64)
    frame = GEOMETRY.read(geometry).with_columns(pl.coalesce("gamma", end).alias("gamma"))
    frame = frame.drop_nulls(["alpha", "gamma"])
    related = RELATION.read(relation)
    models = frame["model"].unique(maintain_order=True).to_list()
    methods = frame["method"].unique(maintain_order=True).to_list()
    figure, axes = new_figure(1, 2, width=PAGE, height=3.0, sharey=True)
    titles = {"pre": "before training", "post": "after training"}
    for axis, (phase, title) in zip(axes[0], titles.items(), strict=True):
        curve = np.linspace(0, 0.99, 200)
        axis.plot(curve, 2 * curve / (1 - curve), color=PALETTE["grey"], lw=0.8, zorder=0)
        for row in frame.filter(pl.col("phase") == phase).iter_rows(named=True):
            gamma = row["gamma"]
            colour = PALETTE[COLOURS[methods.index(row["method"]) % len(COLOURS)]]
            error = _reach(row)
            axis.errorbar(
                row["alpha"],
                gamma,
                xerr=row["alpha_standard_error"],
                yerr=error,
                fmt=MARKERS[models.index(row["model"]) % len(MARKERS)],
                color=colour,
                mfc="white" if row["gamma_at_edge"] else colour,
                mew=0.6,
                ms=3,
                elinewidth=0.4,
                lw=0,
            )
        over_all = related.filter(pl.col("phase") == phase, pl.col("method").is_null()).row(0, named=True)
        if over_all["spearman"] is not None:
            text = "finetuned: rank correlation {spearman:.2f}".format(**over_all)
            if over_all["spearman_low"] is not None:
                text += "\n[{spearman_low:.2f}, {spearman_high:.2f}]".format(**over_all)
            text += "\n{n_cells} cells of {n_networks} networks".format(**over_all)
            axis.text(0.97, 0.03, text, transform=axis.transAxes, ha="right", fontsize=5.5)
        axis.set_yscale("log")
        axis.set_ylim(GAMMA_RANGE[0] / 2, 2 * GAMMA_RANGE[1])
        axis.set_title(title)
        axis.set_xlabel("conjunctivity of the representation, alpha")
    axes[0, 0].set_ylabel("gamma fitted to behaviour")
    for index, model in enumerate(models):
        axes[0, 1].plot([], [], MARKERS[index % len(MARKERS)], color=PALETTE["black"], label=spoken(model))
    for index, method in enumerate(methods):
        axes[0, 1].plot([], [], "s", color=PALETTE[COLOURS[index % len(COLOURS)]], label=method)
    figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside right center")
    return figure
