"""Figures of what attacks recover, by training step and by multiplicity."""

from collections.abc import Mapping
from typing import Annotated, Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from memgen.errors import BadInput
from memgen.figures.labels import ATTACKS, LEARNERS, PALETTE, counted
from memgen.figures.panels import draw_interval, panel_letters, shared_legend
from memgen.figures.style import PAGE, Drawn, figure, new_figure
from memgen.irrelevant.tables import AVERAGES

Averages = Annotated[pl.DataFrame, AVERAGES]

_TRAINING = {
    "bits_recovered": ("bits of samples seen once, recovered", PALETTE["vermilion"], "o"),
    "accuracy_singleton": ("fresh examples of clusters seen once", PALETTE["blue"], "s"),
    "accuracy_represented": ("fresh examples of clusters seen", PALETTE["sky"], "^"),
    "accuracy_fresh": ("fresh examples", PALETTE["grey"], "v"),
}


def guessing(panel: Axes, share: float = 0.5) -> None:
    """Dotted line at what guessing gives."""
    panel.axhline(share, color=PALETTE["black"], lw=0.6, ls=":")


def size_words(row: Mapping[str, Any]) -> str:
    """Size of a cluster task."""
    return f"$n$ = {row['samples']}, $d$ = {row['dimension']}, $\\rho$ = {row['rho']:g}"


def _panels(parts: list[pl.DataFrame], height: float) -> tuple[Figure, list[Axes]]:
    """Figure with a panel for each learner, side by side, with one axis of shares and the size as title."""
    figure, axes = new_figure(1, len(parts), height=height, width=min(PAGE, 3.4 * len(parts)), sharey=True)
    for panel, rows in zip(axes[0], parts, strict=True):
        row = rows.row(0, named=True)
        panel.set_title(
            f"{LEARNERS[row['learner']][0]}\n{size_words(row)}\n{counted(row['singleton_weight'])}"
        )
    return figure, list(axes[0])


def _undefended(averages: pl.DataFrame, shown: pl.Expr) -> list[pl.DataFrame]:
    """Rows that are shown of each learner's largest undefended cluster task in which something is learned.

    Apart where samples seen once count once or more often.
    """
    plain = averages.filter(
        shown & (pl.col("defence") == "none") & (pl.col("task") == "clusters") & (pl.col("rho") > 0)
    )
    parts = []
    for learner in LEARNERS:
        for once in (False, True):
            same = (pl.col("learner") == learner) & ((pl.col("singleton_weight") == 1) == once)
            rows = plain.filter(same)
            if rows.height:
                last = rows.sort("samples", "dimension", "seeds", maintain_order=True).row(-1, named=True)
                rows = rows.filter(pl.col(name) == last[name] for name in ("samples", "dimension"))
                # Of two runs of one size, the one with more steps and attacks.
                runs = rows.group_by("run", maintain_order=True).len().sort("len", maintain_order=True)
                parts.append(rows.filter(pl.col("run") == runs["run"][-1]))
    if not parts:
        raise BadInput("holds no undefended learner; allowed: one with rho > 0")
    return parts


@figure
def irrelevant_training(*, averages: Averages) -> Drawn:
    """Draw recovery errors and test errors against training steps, a panel per learner.

    Training on the cluster task, attacked after each recorded step: shares of the bits of samples seen once
    that are not recovered, and test errors on fresh examples. Left: multinomial logistic regression,
    attacked bit by bit; right: a network with one hidden layer, attacked by coordinate ascent. Samples seen
    once count twice in training, as in the authors' code, or once, as the titles say. Bars: 95% intervals
    over seeds. To these attacks, which ask for probabilities, bits appear as clusters are learned.
    """
    parts = _undefended(averages, pl.col("main") & (pl.col("multiplicity") == 1))
    figure, panels = _panels(parts, 2.7)
    for panel, rows in zip(panels, parts, strict=True):
        ordered = rows.filter(pl.col("step") > 0).sort("step")
        for name, look in _TRAINING.items():
            draw_interval(panel, ordered, "step", name, missing=True, look=look, fmt=f"{look[2]}-", lw=1)
        panel.set(xscale="log", yscale="log", xlabel="training steps", ylim=(2e-4, 1.3))
        panel.xaxis.set_minor_formatter(NullFormatter())
    panel_letters(panels)
    panels[0].set_ylabel("error (share wrong)")
    shared_legend(figure, panels[:1], ncols=2)
    return figure, {"averages": pl.concat(parts)}


@figure
def irrelevant_multiplicity(*, averages: Averages) -> Drawn:
    """Draw recovery against multiplicity with the formula of a majority, a panel per learner.

    Share of a sample's bits that attacks recover, against the number of training samples of its cluster.
    Line: the share that the majority over these samples recovers. A sample seen alone is recovered
    completely, others in part. Of samples never seen, fresh ones of clusters seen once, attacks know what the
    cluster fixes and guess the rest (dotted). Bars: 95% intervals over seeds.
    """
    parts = _undefended(averages, pl.col("last"))
    figure, panels = _panels(parts, 2.6)
    for panel, rows in zip(panels, parts, strict=True):
        formula = rows.filter(pl.col("multiplicity") > 0).unique("multiplicity").sort("multiplicity")
        panel.step(
            formula["multiplicity"], formula["expected"], where="mid", color=PALETTE["black"], lw=0.8,
            label="majority of the samples (formula)",
        )  # fmt: skip
        guessing(panel, (1 + rows["rho"][0]) / 2)
        attacks = [name for name in ATTACKS if name in set(rows["attack"])]
        for index, attack in enumerate(attacks):
            apart = pl.col("multiplicity") + 0.1 * (index - (len(attacks) - 1) / 2)
            part = rows.filter(pl.col("attack") == attack).with_columns(apart)
            draw_interval(panel, part, "multiplicity", "bits_recovered", look=ATTACKS[attack])
        times = formula["multiplicity"].to_list()
        panel.set(xlabel="samples of the cluster in training", ylim=(None, 1.02))
        panel.set_xticks([0, *times], ["never\nseen", *map(str, times)])
    panel_letters(panels)
    panels[0].set_ylabel("share of a sample's bits recovered")
    shared_legend(figure, panels, ncols=3)
    return figure, {"averages": pl.concat(parts)}
