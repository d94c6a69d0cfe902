"""The conjunctivity of a model's representation against the gamma of its behaviour, one point per cell.

Reads the table of measured representations and draws it; computes nothing but the theory's curve.
"""

import numpy as np
import polars as pl

from memgen.figures.names import spoken
from memgen.figures.style import PAGE, PALETTE, new_figure, save
from memgen.language.fits.tables import RELATION
from memgen.language.responses.tables import GEOMETRY
from memgen.stage import Input, Output, stage

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


COLOURS = ("blue", "vermilion", "green", "purple", "orange", "sky", "black", "grey")


@stage
def conjunctivity(*, geometry: Input, relation: Input, pdf: Output, png: Output) -> None:
    """Draw the measured conjunctivity, before and after training, against the fitted gamma.

    Parameters
    ----------
    geometry
        Measures of every cell, and its gamma.
    relation
        Rank correlations of the two over cells.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    frame = GEOMETRY.read(geometry).drop_nulls(["alpha", "gamma"])
    related = RELATION.read(relation)
    models = frame["model"].unique(maintain_order=True).to_list()
    methods = frame["method"].unique(maintain_order=True).to_list()
    figure, axes = new_figure(1, 2, width=PAGE, height=3.0, sharey=True)
    titles = {"pre": "before training", "post": "after training"}
    for axis, (phase, title) in zip(axes[0], titles.items(), strict=True):
        curve = np.linspace(0, 0.99, 200)
        axis.plot(curve, 2 * curve / (1 - curve), color=PALETTE["grey"], lw=0.8, zorder=0)
        for row in frame.filter(pl.col("phase") == phase).iter_rows(named=True):
            low, high = row["gamma_low"], row["gamma_high"]
            gamma = row["gamma"]
            error = None if low is None else [[max(gamma - low, 0)], [max(high - gamma, 0)]]
            axis.errorbar(
                row["alpha"],
                gamma,
                xerr=row["alpha_standard_error"],
                yerr=error,
                fmt=MARKERS[models.index(row["model"]) % len(MARKERS)],
                color=PALETTE[COLOURS[methods.index(row["method"]) % len(COLOURS)]],
                ms=3,
                elinewidth=0.4,
                lw=0,
            )
        over_all = related.filter(pl.col("phase") == phase, pl.col("method").is_null()).row(0, named=True)
        if over_all["spearman"] is not None:
            told = (
                "finetuned: rank correlation {spearman:.2f}\n"
                "[{spearman_low:.2f}, {spearman_high:.2f}], {n_cells} cells"
            ).format(**over_all)
            axis.text(0.97, 0.03, told, transform=axis.transAxes, ha="right", fontsize=5.5)
        axis.set_yscale("log")
        axis.set_ylim(5e-4, 2e2)
        axis.set_title(title)
        axis.set_xlabel("conjunctivity of the representation, alpha")
    axes[0, 0].set_ylabel("gamma fitted to behaviour")
    for index, model in enumerate(models):
        axes[0, 1].plot([], [], MARKERS[index % len(MARKERS)], color=PALETTE["black"], label=spoken(model))
    for index, method in enumerate(methods):
        axes[0, 1].plot([], [], "s", color=PALETTE[COLOURS[index % len(COLOURS)]], label=method)
    figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside right center")
    save(figure, pdf=pdf, png=png)
