"""Finite networks against the kernel theory: deviation over width and scale, and margins at the widest."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memgen.figures.style import PAIR_CLASSES, PALETTE, class_handles, figure, new_figure, panel_letters
from memgen.jobs.stage import Input, Inputs
from memgen.relational.tables import (
    FINITE_WIDTH,
    FINITE_WIDTH_MARGINS,
    FINITE_WIDTH_SLOPES,
    FINITE_WIDTH_SUMMARY,
)

REGIMES = {"lazy": (PALETTE["blue"], "o"), "rich": (PALETTE["vermilion"], "s")}


def _draw_widths(axes: Axes, runs: pl.DataFrame, summary: pl.DataFrame, slopes: pl.DataFrame) -> None:
    """Every network, their mean with its standard error, and the fitted slope."""
    for regime, (colour, marker) in REGIMES.items():
        each = runs.filter(pl.col("regime") == regime)
        axes.plot(each["width"], each["deviation"], marker, ms=1.5, mew=0, color=colour, alpha=0.35)
        mean = summary.filter(pl.col("regime") == regime).sort("width")
        fitted = slopes.filter((pl.col("regime") == regime) & (pl.col("quantity") == "deviation"))
        slope, low, high = fitted.select("slope", "low", "high").row(0)
        axes.errorbar(
            mean["width"],
            mean["deviation"],
            yerr=mean["standard_error"],
            color=colour,
            marker=marker,
            elinewidth=0.8,
            label=f"{regime}: slope {slope:.2f} [{low:.2f}, {high:.2f}]",
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    widths = summary.filter(pl.col("regime") == "lazy")["width"].unique().sort().to_list()
    axes.set_xticks(widths, [str(width) for width in widths], rotation=45)
    axes.minorticks_off()
    axes.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
    axes.set(xlabel="hidden units", ylabel="deviation from theory\n(rms margin, target units)")
    axes.legend(loc="lower left")


def _draw_scales(axes: Axes, summary: pl.DataFrame) -> None:
    """Deviation of single networks and of their mean, from lazy (right) to rich (left)."""
    scan = summary.filter(pl.col("regime") == "scan").sort("scale")
    axes.errorbar(
        scan["scale"],
        scan["deviation"],
        yerr=scan["standard_error"],
        color=PALETTE["black"],
        marker="o",
        elinewidth=0.8,
        label="one network",
    )
    axes.plot(
        scan["scale"],
        scan["systematic"],
        "--",
        color=PALETTE["black"],
        marker="D",
        mfc="white",
        label=f"mean of {scan['seeds'][0]} networks",
    )
    axes.set_xscale("log")
    ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    low, high = float(scan["scale"].min()), float(scan["scale"].max())  # type: ignore[arg-type]
    axes.set_xlim(low / 1.2, high * 1.2)
    axes.set(xlabel=f"scale of the output, {scan['width'][0]} units\n(← rich, lazy →)", ylim=(0, None))
    axes.set_ylabel("deviation from theory\n(rms margin, target units)")
    axes.legend(loc="upper right")


def _draw_margins(axes: Axes, pairs: pl.DataFrame) -> None:
    """Margin of every pair, mean and standard error over seeds, against the theory's."""
    for name, (colour, marker) in PAIR_CLASSES.items():
        group = pairs.filter(pl.col("pair_class") == name)
        axes.errorbar(
            group["theory"],
            group["margin"],
            yerr=group["standard_error"],
            fmt=marker,
            ms=2.8,
            lw=0,
            elinewidth=0.7,
            color=colour,
        )
    both = pl.concat([pairs["theory"], pairs["margin"]])
    span = np.array([both.min(), both.max()], dtype=float)
    axes.plot(span, span, color=PALETTE["grey"], lw=0.6, zorder=0)
    axes.axhline(0, color=PALETTE["grey"], lw=0.4, ls=":", zorder=0)
    axes.set(xlabel="margin by theory (target units)", ylabel="margin of networks (target units)")


@figure
def finite_width(*, networks: Inputs, margins: Inputs, summary: Input, slopes: Input) -> Figure:
    """Draw how far finite networks are from the kernel theory, one row of panels per hierarchy.

    Networks with one hidden layer of ReLU units, trained by full-batch gradient descent, against the kernel
    theory at infinite width (NTK of depth 2). (a) Deviation of single networks (dots), mean and standard
    error over seeds, and slope of the logarithms with its 95 % interval. In the lazy regime the theory holds
    and the deviation falls as the inverse root of the width; in the rich regime it stops at a constant. (b)
    The same at one width over the scale of the output: what is left at scale 1 is chance, it averages out
    over seeds, while the deviation of rich networks does not. (c, d) Margins at the largest width, standard
    errors within the symbols: rich networks err on the same pairs, more strongly.

    Parameters
    ----------
    networks
        Finite width tables.
    margins
        Tables of their margins.
    summary
        Summary over seeds.
    slopes
        Fitted slopes.
    """
    runs = pl.concat([FINITE_WIDTH.read(path) for path in networks])
    pairs = pl.concat([FINITE_WIDTH_MARGINS.read(path) for path in margins])
    means, fits = FINITE_WIDTH_SUMMARY.read(summary), FINITE_WIDTH_SLOPES.read(slopes)
    names = runs["hierarchy"].unique(maintain_order=True).to_list()
    figure, axes = new_figure(2 * len(names), 2, height=4.9 * len(names))
    for number, name in enumerate(names):
        here = pl.col("hierarchy") == name
        upper, lower = axes[2 * number], axes[2 * number + 1]
        _draw_widths(upper[0], runs.filter(here), means.filter(here), fits.filter(here))
        _draw_scales(upper[1], means.filter(here))
        upper[0].set_title(name, loc="left")
        widest = pairs.filter(here & (pl.col("width") == pairs.filter(here)["width"].max()))
        for panel, regime in zip(lower, REGIMES, strict=True):
            _draw_margins(panel, widest.filter(pl.col("regime") == regime))
            panel.set_title(f"{regime}, {widest['width'][0]} units")
    panel_letters(axes.flat)
    present = set(pairs["pair_class"])
    handles = class_handles(present, lw=0)
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure
