"""Two controls: samples that the model never saw, and clusters that have nothing in common."""

import polars as pl

from memgen.errors import BadInput
from memgen.figures.irrelevant_names import LEARNERS, draw_interval
from memgen.figures.style import PALETTE, Drawn, figure, new_figure, panel_letters
from memgen.irrelevant.tables import AVERAGES
from memgen.jobs.stage import Input

_BITS = {
    "free_recovered": ("free bits recovered", PALETTE["vermilion"], "o"),
    "fixed_recovered": ("bits fixed in the cluster recovered", PALETTE["blue"], "s"),
    "accuracy_singleton": ("accuracy on clusters seen once", PALETTE["grey"], "^"),
}


@figure
def irrelevant_controls(*, averages: Input) -> Drawn:
    """Draw what attacks recover of trained and of never-seen samples, with and without something to learn.

    Controls. The same attack's guess against a sample of the same cluster that the model never saw: half of
    the free bits, as by guessing, and all that the cluster fixes. With rho = 0 no cluster has anything in
    common and nothing can be learned: samples are recovered all the same. Bars: 95% intervals over seeds;
    dotted, guessing.

    Parameters
    ----------
    averages
        Averages table.
    """
    table = AVERAGES.read(averages).filter(
        pl.col("last")
        & pl.col("main")
        & (pl.col("task") == "clusters")
        & (pl.col("defence") == "none")
        & (pl.col("multiplicity") <= 1)
    )
    useless = table.filter(pl.col("rho") == 0)
    learners = [name for name in LEARNERS if name in set(useless["learner"])]
    if not learners:
        raise BadInput(f"{averages}: holds no run with rho = 0; allowed: at least one")
    figure, axes = new_figure(1, len(learners), height=2.6, width=min(7.0, 3.4 * len(learners)), sharey=True)
    for panel, learner in zip(axes[0], learners, strict=True):
        zero = _largest(useless.filter(pl.col("learner") == learner))
        size = zero.row(0, named=True)
        same = (pl.col("samples") == size["samples"]) & (pl.col("dimension") == size["dimension"])
        some = _largest(table.filter((pl.col("learner") == learner) & (pl.col("rho") > 0) & same))
        cases = [
            (rows.filter(pl.col("multiplicity") == multiplicity), f"{words}\n$\\rho$ = {rows['rho'][0]:g}")
            for rows in (some, zero)
            if rows.height
            for multiplicity, words in ((1, "trained on"), (0, "never seen"))
        ]
        for place, (rows, _) in enumerate(cases):
            for index, (name, (_, colour, marker)) in enumerate(_BITS.items()):
                never_seen = name == "accuracy_singleton" and rows["multiplicity"][0] == 0
                if rows[name].null_count() or never_seen:
                    continue
                at = rows.with_columns(place=pl.lit(place + 0.2 * (index - 1)))
                draw_interval(panel, at, "place", name, fmt=marker, lw=0, color=colour)
        panel.axhline(0.5, color=PALETTE["black"], lw=0.6, ls=":")
        panel.set_xticks(range(len(cases)), [words for _, words in cases])
        panel.set_xlim(-0.5, len(cases) - 0.5)
        panel.set_title(f"{LEARNERS[learner][0]}\n$n$ = {size['samples']}, $d$ = {size['dimension']}")
    panel_letters(axes[0])
    axes[0, 0].set(ylabel="share", ylim=(-0.03, 1.05))
    handles = [
        axes[0, 0].plot([], [], marker, color=colour, label=words)[0]
        for words, colour, marker in _BITS.values()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure, {averages: table.select(AVERAGES.held.cells)}


def _largest(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of the run with the largest sample and most seeds."""
    if not table.height:
        return table
    run = table.sort("samples", "dimension", "seeds", maintain_order=True).row(-1, named=True)
    keys = ("run", "samples", "dimension", "rho")
    return table.filter(pl.all_horizontal(pl.col(key) == run[key] for key in keys))
