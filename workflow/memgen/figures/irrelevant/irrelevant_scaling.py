"""What is recovered of samples of other sizes, with more and with less in common."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, ScalarFormatter

from memgen.errors import BadInput
from memgen.figures.irrelevant_names import draw_interval
from memgen.figures.style import PALETTE, Drawn, figure, new_figure, panel_letters
from memgen.irrelevant.tables import AVERAGES
from memgen.jobs.stage import Input

_MARKS = [("o", "-"), ("s", "--"), ("^", ":"), ("v", "-."), ("D", "-"), ("P", "--"), ("X", ":")]
_CURVES = {
    "bits_recovered": ("bits recovered", PALETTE["vermilion"]),
    "accuracy_singleton": ("accuracy on clusters seen once", PALETTE["blue"]),
}


@figure
def irrelevant_scaling(*, averages: Input) -> Drawn:
    """Draw recovery and accuracy against the dimension and against the share of fixed positions.

    Share of the bits of samples seen once that is recovered from logistic regression, and accuracy on their
    clusters, against the dimension and against the share of positions that a cluster fixes. Bits are
    recovered even where they are of no use: accuracy comes and goes, recovery stays. Bars: 95% intervals
    over seeds.

    Parameters
    ----------
    averages
        Averages table.
    """
    table = (
        AVERAGES.read(averages)
        .filter(
            pl.col("last")
            & pl.col("main")
            & (pl.col("multiplicity") == 1)
            & (pl.col("task") == "clusters")
            & (pl.col("learner") == "logistic")
            & (pl.col("defence") == "none")
        )
        .unique(["samples", "dimension", "rho"], keep="first", maintain_order=True)
    )
    if not table.height:
        raise BadInput(f"{averages}: holds no undefended logistic regression; allowed: a run of it")
    figure, axes = new_figure(1, 2, height=2.8, sharey=True)
    _draw(
        axes[0, 0],
        table.filter(pl.col("rho") > 0),
        "dimension",
        ["samples", "rho"],
        "$n$ = {}, $\\rho$ = {:g}",
    )
    _draw(axes[0, 1], table, "rho", ["samples", "dimension"], "$n$ = {}, $d$ = {}")
    axes[0, 0].set(xscale="log", xlabel="dimension $d$", ylabel="share", ylim=(-0.02, 1.04))
    axes[0, 0].xaxis.set_major_formatter(ScalarFormatter())
    axes[0, 0].xaxis.set_minor_formatter(NullFormatter())
    axes[0, 0].set_xticks(sorted(set(table["dimension"])))
    axes[0, 1].set(xlabel="share of fixed positions $\\rho$")
    panel_letters(axes[0])
    handles = [axes[0, 0].plot([], [], color=colour, label=words)[0] for words, colour in _CURVES.values()]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure, {averages: table.select(AVERAGES.held.cells)}


def _draw(panel: Axes, table: pl.DataFrame, x: str, fixed: list[str], words: str) -> None:
    """One line per setting of what stays fixed, where it has three points or more."""
    groups = [
        (key, rows.sort(x)) for key, rows in table.group_by(fixed, maintain_order=True) if rows.height > 2
    ]
    for (key, rows), (marker, style) in zip(sorted(groups), _MARKS, strict=False):
        for name, (_, colour) in _CURVES.items():
            draw_interval(panel, rows, x, name, fmt=f"{marker}{style}", lw=0.8, color=colour)
        panel.plot([], [], marker, ls=style, lw=0.8, color=PALETTE["grey"], label=words.format(*key))
    if groups:
        panel.legend(loc="lower right")
