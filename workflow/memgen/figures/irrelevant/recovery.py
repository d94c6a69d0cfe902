"""Figures of what attacks recover: by step, multiplicity, attack and size, and of samples never seen."""

from typing import Annotated

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from memgen.errors import BadInput
from memgen.figures.labels import ATTACKS, LEARNERS, Look
from memgen.figures.panels import draw_interval, legend, panel_letters, shared_legend
from memgen.figures.style import PAGE, PALETTE, Drawn, figure, new_figure
from memgen.irrelevant.tables import AVERAGES

Averages = Annotated[pl.DataFrame, AVERAGES]

_TRAINING = {
    "bits_recovered": ("bits of samples seen once, recovered", PALETTE["vermilion"], "o"),
    "accuracy_singleton": ("fresh examples of clusters seen once", PALETTE["blue"], "s"),
    "accuracy_represented": ("fresh examples of clusters seen", PALETTE["sky"], "^"),
    "accuracy_fresh": ("fresh examples", PALETTE["grey"], "v"),
}
_CONTROLS = {
    "free_recovered": ("free bits recovered", PALETTE["vermilion"], "o"),
    "fixed_recovered": ("bits fixed in the cluster recovered", PALETTE["blue"], "s"),
    "accuracy_singleton": ("accuracy on clusters seen once", PALETTE["grey"], "^"),
}
_SIZES = {
    "bits_recovered": ("bits recovered", PALETTE["vermilion"]),
    "accuracy_singleton": ("accuracy on clusters seen once", PALETTE["blue"]),
}
_MARKS = [("o", "-"), ("s", "--"), ("^", ":"), ("v", "-."), ("D", "-"), ("P", "--"), ("X", ":")]


def guessing(panel: Axes, share: float = 0.5) -> None:
    """Dotted line at what guessing gives."""
    panel.axhline(share, color=PALETTE["black"], lw=0.6, ls=":")


def title_with_size(panel: Axes, rows: pl.DataFrame) -> None:
    """Learner, n, d and rho as the title of a panel."""
    row = rows.row(0, named=True)
    size = f"$n$ = {row['samples']}, $d$ = {row['dimension']}, $\\rho$ = {row['rho']:g}"
    panel.set_title(f"{LEARNERS[row['learner']][0]}\n{size}")


def learner_panels(count: int, height: float) -> tuple[Figure, list[Axes]]:
    """Figure with a panel for each of some learners or runs, side by side, with one axis of shares."""
    figure, axes = new_figure(1, count, height=height, width=min(PAGE, 3.4 * count), sharey=True)
    return figure, list(axes[0])


def _undefended(averages: pl.DataFrame, shown: pl.Expr) -> dict[str, pl.DataFrame]:
    """Rows that are shown of each learner's largest undefended cluster task in which something is learned."""
    plain = averages.filter(
        shown & (pl.col("defence") == "none") & (pl.col("task") == "clusters") & (pl.col("rho") > 0)
    )
    parts = {}
    for learner in LEARNERS:
        rows = plain.filter(pl.col("learner") == learner)
        if rows.height:
            last = rows.sort("samples", "dimension", "seeds", maintain_order=True).row(-1, named=True)
            rows = rows.filter(pl.col(name) == last[name] for name in ("samples", "dimension"))
            # Of two runs of one size, the one with more steps and attacks.
            runs = rows.group_by("run", maintain_order=True).len().sort("len", maintain_order=True)
            parts[learner] = rows.filter(pl.col("run") == runs["run"][-1])
    if not parts:
        raise BadInput("holds no undefended learner; allowed: one with rho > 0")
    return parts


@figure
def irrelevant_training(*, averages: Averages) -> Drawn:
    """Draw recovery errors and test errors against training steps, a panel per learner.

    Training on the cluster task, attacked after each recorded step: shares of the bits of samples seen once
    that are not recovered, and test errors on fresh examples. Left: multinomial logistic regression,
    attacked bit by bit. Right: a network with one hidden layer, attacked by coordinate ascent. Bars: 95%
    intervals over seeds. Bits leak as clusters are learned.
    """
    parts = _undefended(averages, pl.col("main") & (pl.col("multiplicity") == 1))
    figure, panels = learner_panels(len(parts), 2.7)
    for panel, rows in zip(panels, parts.values(), strict=True):
        ordered = rows.filter(pl.col("step") > 0).sort("step")
        for name, look in _TRAINING.items():
            draw_interval(panel, ordered, "step", name, missing=True, look=look, fmt=f"{look[2]}-", lw=1)
        panel.set(xscale="log", yscale="log", xlabel="training steps", ylim=(2e-4, 1.3))
        title_with_size(panel, rows)
    panel_letters(panels)
    panels[0].set_ylabel("error (share wrong)")
    shared_legend(figure, panels[:1], ncols=2)
    return figure, {"averages": pl.concat(parts.values())}


@figure
def irrelevant_multiplicity(*, averages: Averages) -> Drawn:
    """Draw recovery against multiplicity with the formula of a majority, a panel per learner.

    Share of a training sample's bits that attacks recover, against the number of training samples of its
    cluster. Line: what the majority over these samples gives back. A sample seen alone is recovered whole;
    others share what is recovered. Bars: 95% intervals over seeds.
    """
    parts = _undefended(averages, pl.col("last") & (pl.col("multiplicity") > 0))
    figure, panels = learner_panels(len(parts), 2.6)
    for panel, rows in zip(panels, parts.values(), strict=True):
        formula = rows.unique("multiplicity").sort("multiplicity")
        panel.step(
            formula["multiplicity"], formula["expected"], where="mid", color=PALETTE["black"], lw=0.8,
            label="majority of the samples (formula)",
        )  # fmt: skip
        attacks = [name for name in ATTACKS if name in set(rows["attack"])]
        for index, attack in enumerate(attacks):
            apart = pl.col("multiplicity") + 0.12 * (index - (len(attacks) - 1) / 2)
            part = rows.filter(pl.col("attack") == attack).with_columns(apart)
            draw_interval(panel, part, "multiplicity", "bits_recovered", look=ATTACKS[attack])
        panel.set(xlabel="samples of the cluster in training, $l$", xticks=formula["multiplicity"].to_list())
        title_with_size(panel, rows)
    panel_letters(panels)
    panels[0].set_ylabel("share of a sample's bits recovered")
    shared_legend(figure, panels, ncols=3)
    return figure, {"averages": pl.concat(parts.values())}


@figure
def irrelevant_attacks(*, averages: Averages) -> Drawn:
    """Draw the free bits that each attack recovers of samples seen once, with its queries.

    Share of the free bits of samples seen once that each attack recovers from the same models, with the
    number of the model's answers that one sample needed. Black-box attacks see log-probabilities only. Bars:
    95% intervals over seeds; dotted, guessing.
    """
    parts = _undefended(averages, pl.col("last") & (pl.col("multiplicity") == 1))
    figure, axes = new_figure(1, len(parts), height=2.1, width=PAGE)
    for panel, rows in zip(axes[0], parts.values(), strict=True):
        attacks = [name for name in ATTACKS if name in set(rows["attack"])][::-1]
        for place, attack in enumerate(attacks):
            row = rows.filter(pl.col("attack") == attack).row(0, named=True)
            value, low, high = (row[f"free_recovered{end}"] for end in ("", "_low", "_high"))
            draw_across(panel, place, value, low, high, ATTACKS[attack])
            asked = row["queries"] > 0
            panel.annotate(
                f"{row['queries']:,.0f} answers" if asked else "reads weights or gradients",
                (value, place), xytext=(-6, 0), textcoords="offset points", ha="right",
                va="center", fontsize=5,
            )  # fmt: skip
        panel.axvline(0.5, color=PALETTE["black"], lw=0.6, ls=":")
        panel.set_yticks(range(len(attacks)), [ATTACKS[name][0] for name in attacks])
        panel.set(xlim=(0.48, 1.02), ylim=(-0.6, len(attacks) - 0.4), xlabel="share of free bits recovered")
        title_with_size(panel, rows)
    panel_letters(axes[0])
    return figure, {"averages": pl.concat(parts.values())}


def draw_across(
    panel: Axes, place: float, value: float, low: float | None, high: float | None, look: Look
) -> None:
    """Draw a value and its interval, where it has one, in the row of a place."""
    _, colour, marker = look
    reach = None if low is None or high is None else [[value - low], [high - value]]
    panel.errorbar(value, place, xerr=reach, fmt=marker, color=colour, elinewidth=0.6, capsize=1.5)


@figure
def irrelevant_controls(*, averages: Averages) -> Drawn:
    """Draw what attacks recover of trained and of never-seen samples, with and without something to learn.

    Controls. The same attack's guess against a sample of the same cluster that the model never saw: half of
    the free bits, as by guessing, and all that the cluster fixes. With rho = 0 no cluster has anything in
    common and nothing can be learned: samples are recovered all the same. Bars: 95% intervals over seeds;
    dotted, guessing.
    """
    table = averages.filter(
        pl.col("last") & pl.col("main") & (pl.col("task") == "clusters") & (pl.col("defence") == "none")
        & (pl.col("multiplicity") <= 1)
    )  # fmt: skip
    useless = table.filter(pl.col("rho") == 0)
    learners = [name for name in LEARNERS if name in set(useless["learner"])]
    if not learners:
        raise BadInput("holds no run with rho = 0; allowed: at least one")
    figure, panels = learner_panels(len(learners), 2.6)
    for panel, learner in zip(panels, learners, strict=True):
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
            for index, (name, look) in enumerate(_CONTROLS.items()):
                never_seen = name == "accuracy_singleton" and rows["multiplicity"][0] == 0
                if not rows[name].null_count() and not never_seen:
                    at = rows.with_columns(place=pl.lit(place + 0.2 * (index - 1)))
                    draw_interval(panel, at, "place", name, look=look, label=None)
        guessing(panel)
        panel.set_xticks(range(len(cases)), [words for _, words in cases])
        panel.set_xlim(-0.5, len(cases) - 0.5)
        panel.set_title(f"{LEARNERS[learner][0]}\n$n$ = {size['samples']}, $d$ = {size['dimension']}")
    panel_letters(panels)
    panels[0].set(ylabel="share", ylim=(-0.03, 1.05))
    looks = _CONTROLS.values()
    marks = [panels[0].plot([], [], marker, color=colour, label=words)[0] for words, colour, marker in looks]
    legend(figure, marks, 3)
    return figure, {"averages": table}


def _largest(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of the run with the largest sample and most seeds."""
    if not table.height:
        return table
    run = table.sort("samples", "dimension", "seeds", maintain_order=True).row(-1, named=True)
    return table.filter(pl.col(name) == run[name] for name in ("run", "samples", "dimension", "rho"))


@figure
def irrelevant_scaling(*, averages: Averages) -> Drawn:
    """Draw recovery and accuracy against the dimension and against the share of fixed positions.

    Share of the bits of samples seen once that is recovered from logistic regression, and accuracy on their
    clusters, against the dimension and against the share of positions that a cluster fixes. Bits are
    recovered even where they are of no use: accuracy comes and goes, recovery stays. Bars: 95% intervals
    over seeds.
    """
    chosen = averages.filter(
        pl.col("last") & pl.col("main") & (pl.col("multiplicity") == 1) & (pl.col("task") == "clusters")
        & (pl.col("learner") == "logistic") & (pl.col("defence") == "none")
    )  # fmt: skip
    table = chosen.unique(["samples", "dimension", "rho"], keep="first", maintain_order=True)
    if not table.height:
        raise BadInput("holds no undefended logistic regression; allowed: a run of it")
    figure, axes = new_figure(1, 2, height=2.8, sharey=True)
    left, right = axes[0]
    learned = table.filter(pl.col("rho") > 0)
    _draw_sizes(left, learned, "dimension", ["samples", "rho"], "$n$ = {}, $\\rho$ = {:g}")
    _draw_sizes(right, table, "rho", ["samples", "dimension"], "$n$ = {}, $d$ = {}")
    left.set(xscale="log", xlabel="dimension $d$", ylabel="share", ylim=(-0.02, 1.04))
    left.xaxis.set_major_formatter(ScalarFormatter())
    left.xaxis.set_minor_formatter(NullFormatter())
    left.set_xticks(sorted(set(table["dimension"])))
    right.set(xlabel="share of fixed positions $\\rho$")
    panel_letters(axes[0])
    legend(figure, [left.plot([], [], color=colour, label=words)[0] for words, colour in _SIZES.values()])
    return figure, {"averages": table}


def _draw_sizes(panel: Axes, table: pl.DataFrame, x: str, fixed: list[str], words: str) -> None:
    """One line per setting of what stays fixed, where it has three points or more."""
    settings = table.group_by(fixed, maintain_order=True)
    groups = sorted((setting, rows.sort(x)) for setting, rows in settings if rows.height > 2)
    for (setting, rows), (marker, style) in zip(groups, _MARKS, strict=False):
        for name, (_, colour) in _SIZES.items():
            draw_interval(panel, rows, x, name, fmt=f"{marker}{style}", lw=0.8, color=colour)
        panel.plot([], [], marker, ls=style, lw=0.8, color=PALETTE["grey"], label=words.format(*setting))
    if groups:
        panel.legend(loc="lower right")
