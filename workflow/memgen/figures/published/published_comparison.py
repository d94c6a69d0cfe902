"""Accuracy of our models against that of the published ones."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.names import spoken
from memgen.figures.style import PAIR_CLASSES, PALETTE, class_handles, figure, new_figure
from memgen.jobs.stage import Input
from memgen.published.tables import COMPARISON


@figure
def published_comparison(*, comparison: Input) -> Figure:
    """Draw accuracy of our models against that of each published model, per pair class and hierarchy.

    Accuracy of our models against that of the published ones, one point per pair class and hierarchy, with
    95 % intervals over seeds; the grey line is equality. Our models are far smaller, and probes by ridge
    regression: directions are comparable, levels need not be.

    Of each published model the smallest probe L2 and the largest LoRA rank are shown.

    Parameters
    ----------
    comparison
        Our responses beside the published ones.
    """
    frame = COMPARISON.read(comparison).filter(pl.col("accuracy").is_not_null())
    published = pl.col("published_hyperparameter")
    group = ["published_model", "method"]
    largest, smallest = published.max().over(group), published.min().over(group)
    extreme = pl.when(pl.col("method") == "lora").then(largest).otherwise(smallest)
    frame = frame.filter(published.is_null() | (published == extreme))
    names = ["our_method", "model", "method"]
    panels = frame.select(names).unique().sort(names).rows()
    width = min(4, len(panels))
    depth = -(-len(panels) // width)
    figure, axes = new_figure(depth, width, height=1.9 * depth + 0.6, sharex=True, sharey=True)
    for axis, (our_method, model, method) in zip(axes.flat, panels, strict=False):
        rows = frame.filter(our_method=our_method, model=model, method=method)
        for kind, (colour, marker) in PAIR_CLASSES.items():
            of_kind = rows.filter(pair_class=kind)
            axis.errorbar(
                of_kind["published_accuracy"],
                of_kind["accuracy"],
                xerr=of_kind["published_accuracy_half_width"].fill_null(0.0),
                yerr=of_kind["accuracy_half_width"].fill_null(0.0),
                fmt=marker,
                ms=2.5,
                elinewidth=0.4,
                color=colour,
                alpha=0.6,
            )
        axis.plot([0, 1], [0, 1], color=PALETTE["grey"], lw=0.6, zorder=0)
        axis.set(xlim=(0, 1.04), ylim=(0, 1.04))
        axis.set_title(f"{spoken(model)} {our_method} v {method}", fontsize=6.5)
    for axis in list(axes.flat)[len(panels) :]:
        axis.axis("off")
    figure.supxlabel("accuracy of a published model (share right)", fontsize=7)
    figure.supylabel("accuracy of ours", fontsize=7)
    present = set(frame["pair_class"])
    handles = class_handles(present, lw=0)
    figure.legend(handles=handles, loc="outside upper center", ncols=7)
    return figure
