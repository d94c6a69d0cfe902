"""From networks to behaviour: noisy answers, depth and nonlinearity, and networks of finite width."""

from typing import Annotated

import cyclopts
import polars as pl
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memgen.errors import BadInput
from memgen.figures.labels import PAIR_CLASSES, PALETTE
from memgen.figures.panels import LINE, class_keys, equality, key, label_of, legend, level, panel_letters
from memgen.figures.style import Conjunctivity, Hierarchy, Ridge, figure, new_figure
from memgen.relational.tables import (
    DEPTH,
    FINITE_WIDTH,
    FINITE_WIDTH_MARGINS,
    FINITE_WIDTH_SLOPES,
    FINITE_WIDTH_SUMMARY,
    READOUT,
)

KERNELS = {"nngp": ("--", "NNGP (last layer trained)"), "ntk": ("-", "NTK (all layers trained)")}
CHANCE = key("chance", PALETTE["grey"], ls=":", lw=0.8)
REGIMES = {"lazy": (PALETTE["blue"], "o"), "rich": (PALETTE["vermilion"], "s")}


@figure
def readout(
    *,
    table: Annotated[pl.DataFrame, READOUT],
    hierarchy: Hierarchy,
    ridge: Ridge,
    conjunctivity: Conjunctivity,
) -> Figure:
    """Draw accuracy against conjunctivity (above) and distance (below), a column per temperature.

    Expected accuracy when answers are drawn by softmax from the margins, for {hierarchy} at ridge {ridge};
    the temperature is in units of the target, and at 1 margins are logits. Above: against conjunctivity.
    Without noise accuracy moves in steps; with it errors are graded, and untrained pairs fall to chance as
    conjunctivity shrinks their margins. Below, at conjunctivity {conjunctivity}: against the distance
    between the items. Cross pairs show the distance effect, below chance for the pair next to the loop.
    """
    rows = table.filter((pl.col("hierarchy") == hierarchy) & (pl.col("ridge") == ridge))
    at_one = rows.filter((pl.col("alpha") == conjunctivity) & pl.col("distance").is_not_null())
    if at_one.is_empty():
        raise BadInput(f"holds no {hierarchy}, conjunctivity {conjunctivity} at ridge {ridge}")
    temperatures = rows["temperature"].unique().sort().to_list()
    figure, axes = new_figure(2, len(temperatures), height=3.4, sharey=True, sharex="row")
    for (upper, lower), value in zip(axes.T, temperatures, strict=True):
        noisy = pl.col("temperature") == value
        _draw_accuracy(upper, rows.filter(noisy & pl.col("distance").is_null()), "alpha")
        _draw_accuracy(lower, at_one.filter(noisy), "distance")
        upper.set(xlim=(0, 1), xlabel="conjunctivity α")
        upper.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
        lower.set(xlabel="distance (steps)")
        lower.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        upper.set_title("no noise" if value == 0 else f"temperature {value:g}")
    axes[0, 0].set_ylabel("accuracy")
    axes[1, 0].set_ylabel(f"accuracy at α = {conjunctivity:g}")
    panel_letters(axes[:, 0])
    legend(figure, [*class_keys(rows["pair_class"], lw=LINE), CHANCE])
    return figure


def _draw_accuracy(axes: Axes, rows: pl.DataFrame, across: str) -> None:
    """One line per pair class."""
    for name, (colour, marker) in PAIR_CLASSES.items():
        line = rows.filter(pl.col("pair_class") == name).sort(across)
        axes.plot(line[across], line["accuracy"], color=colour, marker=marker, ms=2.2, lw=0.9)
    level(axes, 0.5, ":")
    axes.set(ylim=(-0.03, 1.03))


@figure
def depth(
    *,
    table: Annotated[pl.DataFrame, DEPTH],
    hierarchy: Hierarchy,
    ridge: Annotated[float, cyclopts.Parameter(help="Which raw ridge; must be in the table.")],
) -> Figure:
    """Draw conjunctivity over depth and nonlinearity, and the behaviour of ReLU networks over depth.

    From architecture to behaviour. Conjunctivity of infinitely wide networks (a) rises with depth and with
    nonlinearity, faster when all layers are trained (NTK, solid) than when only the last one is (NNGP,
    dashed). What this does to {hierarchy} at raw ridge {ridge} with ReLU: the linear network cannot fit the
    exception; a few layers are enough to fit it and to make errors on boundary and then on cross pairs (b),
    while the margins of untrained pairs shrink (c).
    """
    rows = table.filter((pl.col("hierarchy") == hierarchy) & (pl.col("raw_ridge") == ridge))
    relu = rows.filter(pl.col("rho") == 1)
    if relu.is_empty():
        raise BadInput(f"holds no {hierarchy} with nonlinearity 1 at ridge {ridge}")
    relu = relu.filter(pl.col("pair_class") != "loop")
    figure, axes = new_figure(1, 3, height=2.6)
    left, middle, right = axes[0]
    colours = ScalarMappable(Normalize(0, 2), "viridis")
    one_class = rows.filter(pl.col("pair_class") == rows["pair_class"][0]).sort("depth")
    for (kernel, rho), line in one_class.group_by("kernel", "rho", maintain_order=True):
        left.plot(line["depth"], line["alpha"], KERNELS[str(kernel)][0], lw=0.9, color=colours.to_rgba(rho))
    left.set(xlabel="depth (layers)", ylabel="conjunctivity α", ylim=(-0.02, 1))
    left.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    figure.colorbar(colours, ax=left, label="nonlinearity ρ", location="top", aspect=30, pad=0.06)
    _draw_behaviour(middle, relu, "accuracy")
    level(middle, 0.5, ":")
    middle.set(ylabel="accuracy", ylim=(-0.03, 1.03))
    _draw_behaviour(right, relu, "margin")
    level(right, 0)
    right.set_yscale("symlog", linthresh=0.1)
    right.set_yticks([0, 0.1, 1], ["0", "0.1", "1"])
    right.minorticks_off()
    right.set_ylabel("mean margin (target units)")
    panel_letters(axes[0])
    styles = [key(name, PALETTE["grey"], ls=style, lw=LINE) for style, name in KERNELS.values()]
    legend(figure, [*styles, *class_keys(relu["pair_class"], lw=LINE), CHANCE], 4)
    return figure


def _draw_behaviour(axes: Axes, rows: pl.DataFrame, quantity: str) -> None:
    """A line per pair class and kernel, of ReLU networks."""
    for name, (colour, marker) in PAIR_CLASSES.items():
        for kernel, (style, _) in KERNELS.items():
            line = rows.filter((pl.col("pair_class") == name) & (pl.col("kernel") == kernel)).sort("depth")
            axes.plot(line["depth"], line[quantity], style, color=colour, marker=marker, ms=2.4, lw=0.9)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set(xlabel="depth (layers)", title="ReLU, ρ = 1")


@figure
def finite_width(
    *,
    networks: Annotated[list[pl.DataFrame], FINITE_WIDTH],
    margins: Annotated[list[pl.DataFrame], FINITE_WIDTH_MARGINS],
    summary: Annotated[pl.DataFrame, FINITE_WIDTH_SUMMARY],
    slopes: Annotated[pl.DataFrame, FINITE_WIDTH_SLOPES],
) -> Figure:
    """Draw how far finite networks are from the kernel theory, one row of panels per hierarchy.

    Networks with one hidden layer of ReLU units, trained by full-batch gradient descent, against the kernel
    theory at infinite width (NTK of depth 2). (a) Deviation of single networks (dots), mean and standard
    error over seeds, and slope of the logarithms with its 95 % interval. In the lazy regime the theory holds
    and the deviation falls as the inverse root of the width; in the rich regime it stops at a constant. (b)
    The same at one width over the scale of the output: the rest at scale 1 is chance and averages out
    over seeds, while the deviation of rich networks does not; its bars are standard errors at most. (c, d)
    Margins at the largest width, with standard errors, most of them within the symbols: rich networks err on
    the same pairs, more strongly.
    """
    runs, pairs = pl.concat(networks), pl.concat(margins)
    names = runs["hierarchy"].unique(maintain_order=True).to_list()
    figure, axes = new_figure(2 * len(names), 2, height=4.9 * len(names))
    for number, name in enumerate(names):
        here = pl.col("hierarchy") == name
        upper, lower = axes[2 * number], axes[2 * number + 1]
        _draw_widths(upper[0], runs.filter(here), summary.filter(here), slopes.filter(here))
        _draw_scales(upper[1], summary.filter(here))
        upper[0].set_title(label_of(runs.filter(here)), loc="left")
        widest = pairs.filter(here & (pl.col("width") == pairs.filter(here)["width"].max()))
        for panel, regime in zip(lower, REGIMES, strict=True):
            _draw_margins(panel, widest.filter(pl.col("regime") == regime))
            panel.set_title(f"{regime}, {widest['width'][0]} units")
    panel_letters(axes.flat)
    legend(figure, class_keys(pairs["pair_class"]))
    return figure


def _draw_widths(axes: Axes, runs: pl.DataFrame, summary: pl.DataFrame, slopes: pl.DataFrame) -> None:
    """Every network, their mean with its standard error, and the fitted slope."""
    for regime, (colour, marker) in REGIMES.items():
        each = runs.filter(pl.col("regime") == regime)
        axes.plot(each["width"], each["deviation"], marker, ms=1.5, mew=0, color=colour, alpha=0.35)
        mean = summary.filter(pl.col("regime") == regime).sort("width")
        fitted = slopes.filter((pl.col("regime") == regime) & (pl.col("quantity") == "deviation"))
        slope, low, high = fitted.select("slope", "low", "high").row(0)
        axes.errorbar(
            mean["width"], mean["deviation"], yerr=mean["standard_error"], color=colour, marker=marker,
            elinewidth=0.8, label=f"{regime}: slope {slope:.2f} [{low:.2f}, {high:.2f}]",
        )  # fmt: skip
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
    scale, black = scan["scale"], PALETTE["black"]
    axes.errorbar(
        scale, scan["deviation"], yerr=scan["standard_error"], color=black, marker="o", elinewidth=0.8,
        label="one network",
    )  # fmt: skip
    words = f"mean of {scan['seeds'][0]} networks"
    axes.errorbar(
        scale, scan["systematic"], yerr=scan["systematic_standard_error"], fmt="D--", color=black,
        mfc="white", elinewidth=0.8, label=words,
    )  # fmt: skip
    axes.set_xscale("log")
    ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    low, high = float(scale.min()), float(scale.max())  # type: ignore[arg-type]
    axes.set_xlim(low / 1.2, high * 1.2)
    axes.set(xlabel=f"scale of the output, {scan['width'][0]} units\n(← rich, lazy →)", ylim=(0, None))
    axes.set_ylabel("deviation from theory\n(rms margin, target units)")
    axes.legend(loc="best")


def _draw_margins(axes: Axes, pairs: pl.DataFrame) -> None:
    """Margin of every pair, mean and standard error over seeds, against the theory's."""
    for name, (colour, marker) in PAIR_CLASSES.items():
        group = pairs.filter(pl.col("pair_class") == name)
        axes.errorbar(
            group["theory"], group["margin"], yerr=group["standard_error"], fmt=marker, ms=2.8, lw=0,
            elinewidth=0.7, color=colour,
        )  # fmt: skip
    both = pl.concat([pairs["theory"], pairs["margin"]])
    equality(axes, float(both.min()), float(both.max()))  # type: ignore[arg-type]
    axes.axhline(0, color=PALETTE["grey"], lw=0.4, ls=":", zorder=0)
    axes.set(xlabel="margin by theory (target units)", ylabel="margin of networks (target units)")
