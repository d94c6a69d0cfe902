"""Figures of what adversaries recover, what accuracy needs, and how both grow."""

from collections.abc import Mapping
from typing import Annotated, Any

import polars as pl
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullFormatter, ScalarFormatter

from memgen.errors import BadInput
from memgen.figures.irrelevant.recovery import size_words
from memgen.figures.labels import (
    ATTACKS,
    DEFENCES,
    LEARNERS,
    MEMORIES,
    PALETTE,
    SCALINGS,
    counted,
    defence_words,
    listed,
)
from memgen.figures.panels import draw_interval, equality, key, legend, panel_letters, reaches, shared_legend
from memgen.figures.style import PAGE, Drawn, figure, new_figure
from memgen.irrelevant.tables import LEAKAGE, MATCHED, SIMULATION

Leakage = Annotated[pl.DataFrame, LEAKAGE]

_SIZE = ["samples", "dimension", "rho"]
# Ticks of logarithmic axes.
_BITS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]


@figure
def irrelevant_attacks(*, leakage: Leakage) -> Drawn:
    """Draw the free bits that every attack recovers from every learner with every defence, as a table.

    Share of the free bits of samples seen once that attacks recover, with half its 95% interval over seeds;
    columns are attacks by what they know, rows learners and defences. Bold: the best attack of a row, at
    which the defence is to be judged; chance is 0.5. Last column: accuracy on fresh examples of clusters
    seen once. Black-box attacks that see early stopping, strong weight decay or the lack of momentum keep
    bits back are weak attacks: whoever knows the initial weights reads every bit. Samples seen once count
    twice in training, as in the authors' code, or once, as the headings say. Empty: not made.
    """
    table = leakage.filter(pl.col("task") == "clusters")
    several = table.group_by("run").agg(pl.col("attack").n_unique()).filter(pl.col("attack") > 1)["run"]
    table = table.filter(pl.col("run").is_in(several.to_list()))
    attacks = [name for name in ATTACKS if name in set(table["attack"])]
    if not attacks:
        raise BadInput("holds no run with several attacks; allowed: at least one")
    groups = list(table.group_by("run", *_SIZE, maintain_order=True))
    rows = sum(2 + part["defence"].n_unique() for _, part in groups)
    figure, axes = new_figure(1, 1, width=PAGE, height=0.8 + 0.155 * rows)
    panel, place, names = axes[0, 0], 0.0, []
    for _, part in groups:
        first = part.row(0, named=True)
        words = f"{LEARNERS[first['learner']][0]}, {size_words(first)}, {counted(first['singleton_weight'])}"
        panel.text(-0.5, place, words, fontsize=6, fontweight="bold", va="center")
        place += 1
        for defence in part["defence"].unique(maintain_order=True):
            cells = part.filter(pl.col("defence") == defence)
            for row in cells.iter_rows(named=True):
                _cell(panel, attacks.index(row["attack"]), place, row, "free_recovered", "YlOrRd")
            _cell(panel, len(attacks) + 0.2, place, {**row, "best": False}, "accuracy_singleton", "Blues")
            names.append((place, defence_words(row["kind"], row["strength"])))
            place += 1
        place += 0.5
    panel.set_yticks([at for at, _ in names], [text for _, text in names], fontsize=6)
    columns = [*(ATTACKS[name][0].replace(", ", ",\n") for name in attacks), "accuracy,\nclusters seen once"]
    panel.set_xticks([*range(len(attacks)), len(attacks) + 0.2], columns, fontsize=5)
    panel.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    panel.set(xlim=(-0.52, len(attacks) + 0.72), ylim=(place - 0.4, -0.6))
    for spine in panel.spines.values():
        spine.set_visible(False)
    return figure, {"leakage": table}


def _cell(panel: Axes, x: float, y: float, row: Mapping[str, Any], name: str, colours: str) -> None:
    """A cell of the table: a value, half its interval, and a colour from chance, or none, to all."""
    value, error = row[name], _reach(row, name)
    least = 0.5 if name == "free_recovered" else 0.0
    shade = 0.75 * max(0.0, min(1.0, (value - least) / (1 - least)))
    panel.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=colormaps[colours](shade), lw=0))
    text = f"{value:.3f}" + ("" if error is None else f" ± {error:.3f}")
    weight = "bold" if row["best"] else "normal"
    panel.text(x, y, text, fontsize=5, ha="center", va="center", fontweight=weight)


def _reach(row: Mapping[str, Any], name: str) -> float | None:
    """The longer half of a value's interval, where it has one."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return None if low is None or high is None else max(row[name] - low, high - row[name])


@figure
def irrelevant_tradeoff(*, simulation: Annotated[pl.DataFrame, SIMULATION], leakage: Leakage) -> Drawn:
    """Draw the accuracy on clusters seen once against the bits known of each of their samples.

    What accuracy needs. (a, b) Accuracy on fresh examples of clusters seen once against useless bits about
    each sample seen once. Lines: nearest neighbours that store some bits of each sample, or all bits with
    flips (closed forms), or all with Gaussian noise, at the bits that their signs tell (simulated); crosses:
    those that store sketches or codes, at all bits that they store, an upper bound. Points: trained learners
    with each defence, at the bits that the best attack recovers, a lower bound on what they hold; dotted
    lines join the strengths of one defence. A point left of the black and grey lines means that the attack
    is too weak, not that less need be stored: noisy weights are real numbers, like the noisy numbers of the
    red line, and whoever takes their signs loses up to a factor of π/2. (c) Accuracy of clipped, noisy
    training at each epsilon of its differential privacy. (d) The lookup learner of the other task, error
    against the share of bits of references seen once that it stores (line: closed form). Bars: 95% intervals.
    """
    best = leakage.filter(pl.col("best") & (pl.col("task") == "clusters"))
    defended = best.filter(pl.col("run").is_in(best.filter(pl.col("defence") != "none")["run"].to_list()))
    stores = simulation.filter(pl.col("learner") == "nearest")
    sizes = stores.select(_SIZE).unique(maintain_order=True).rows(named=True)[:2]
    if not sizes or not defended.height:
        raise BadInput("holds no defence at a size that is simulated; allowed: a run with defences")
    figure, axes = new_figure(2, 2, width=PAGE, height=5.2)
    for panel, size in zip(axes[0], sizes, strict=False):
        of_size = [pl.col(name) == value for name, value in size.items()]
        points = defended.filter(of_size)
        _draw_stores(panel, stores.filter(of_size))
        _draw_points(panel, points)
        learners = [LEARNERS[name][0] for name in points["learner"].unique(maintain_order=True)]
        panel.set_title(f"{' and '.join(learners) or 'stored samples'}\n{size_words(size)}")
        panel.set(xlabel="useless bits known of each sample seen once", ylim=(-0.03, 1.03))
        panel.set_ylabel("accuracy on clusters seen once")
    for unused in axes[0, len(sizes) :]:
        unused.set_axis_off()
    shown = defended.join(stores.select(_SIZE).unique(), on=_SIZE, how="semi")
    _draw_private(axes[1, 0], shown)
    lookup = simulation.filter(pl.col("learner") == "lookup").sort("stored_fraction")
    panel = axes[1, 1]
    panel.plot(lookup["stored_fraction"], lookup["error_closed"], color=PALETTE["black"], lw=0.8)
    found = lookup.rename({"error_simulated": "error"})
    draw_interval(panel, found, "stored_fraction", "error", fmt="o", color=PALETTE["grey"], lw=0)
    panel.set(xlabel="share of bits of references seen once stored, $\\varphi$", ylabel="next-symbol error")
    panel.set_title("lookup learner")
    panel_letters([*axes[0, : len(sizes)], *axes[1]])
    shared_legend(figure, axes[0, : len(sizes)], ncols=4)
    return figure, {"leakage": defended}


def _draw_stores(panel: Axes, stores: pl.DataFrame) -> None:
    """Learners that store their samples: closed forms as lines, simulations as points."""
    for memory, (words, colour, mark) in MEMORIES.items():
        rows = stores.filter(pl.col("memory") == memory).sort("bits")
        if not rows.height:
            continue
        if mark == "-" and rows["error_closed"].null_count():
            panel.plot(rows["bits"], 1 - rows["error_simulated"], color=colour, lw=0.8, label=words)
        elif rows["error_closed"].null_count():
            shown = rows.rename({"error_simulated": "error"})
            draw_interval(
                panel, shown, "bits", "error", missing=True, fmt=mark, color=colour, lw=0, label=words, ms=4
            )
        else:
            panel.plot(rows["bits"], 1 - rows["error_closed"], mark, color=colour, lw=1, label=words)


def _draw_points(panel: Axes, points: pl.DataFrame) -> None:
    """Trained learners with each defence, joined along its strength."""
    for kind, (words, colour, marker) in DEFENCES.items():
        rows = points.filter(pl.col("kind") == kind).sort("strength")
        if rows.height:
            draw_interval(
                panel, rows, "bits", "accuracy_singleton", xerr=reaches(rows, "bits"), fmt=f"{marker}:",
                lw=0.6, ms=8 if kind == "none" else 3.5, color=colour, label=words, zorder=3,
            )  # fmt: skip


def _draw_private(panel: Axes, defended: pl.DataFrame) -> None:
    """Accuracy at each epsilon, a line per learner; dotted, without privacy."""
    for learner, look in LEARNERS.items():
        rows = defended.filter((pl.col("learner") == learner) & pl.col("epsilon").is_finite()).sort("epsilon")
        if rows.height:
            draw_interval(panel, rows, "epsilon", "accuracy_singleton", look=look, fmt=f"{look[2]}-", lw=0.8)
            plain = defended.filter((pl.col("learner") == learner) & (pl.col("defence") == "none"))
            panel.axhline(plain["accuracy_singleton"][0], color=look[1], lw=0.8, ls=":")
    panel.set(xscale="log", ylim=(-0.03, 1.03), ylabel="accuracy on clusters seen once")
    panel.set_xlabel("$\\varepsilon$ of differential privacy")
    panel.set_title("clipped, noisy gradients; dotted: no defence")
    panel.legend(loc="center left")


@figure
def irrelevant_scaling(*, matched: Annotated[pl.DataFrame, MATCHED]) -> Drawn:
    """Draw the bits that learners of one accuracy hold, against the sizes and against what it needs.

    Useless bits that the best attack recovers of each sample seen once from logistic regression trained with
    as much noise as leaves one accuracy on clusters seen once. (a) Against the dimension: bits grow with it
    where the same useful information is spread thinner, and do not where every position stays as useful,
    though the samples hold ever more useless bits (dotted). (b) Against the number of samples, and of
    clusters. Lines: bits that a nearest neighbour with flipped bits needs for this accuracy. (c) Bits
    recovered against these needed bits. Below the line the attack is too weak: it takes signs of real
    weights. Bars: 95% intervals over seeds.
    """
    if not matched.height:
        raise BadInput("holds no size with noise levels that enclose the accuracy; allowed: at least one")
    figure, axes = new_figure(1, 3, width=PAGE, height=2.7)
    looks = listed(SCALINGS, matched["run"].unique(maintain_order=True).to_list())
    for panel, varied, words in (
        (axes[0, 0], "dimension", "dimension $d$"),
        (axes[0, 1], "samples", "samples $n$, as many clusters"),
    ):
        shown: set[int] = set()
        for run, look in looks.items():
            rows = matched.filter(pl.col("run") == run).sort(varied)
            if rows[varied].n_unique() > 1:
                shown |= set(rows[varied])
                draw_interval(panel, rows, varied, "bits", look=look)
                panel.plot(rows[varied], rows["needed"], color=look[1], lw=0.8)
                panel.plot(rows[varied], rows["free"], color=look[1], lw=0.8, ls=":")
        panel.set(xlabel=words)
        _plain_logarithms(panel, sorted(shown))
    panel = axes[0, 2]
    for run, look in looks.items():
        rows = matched.filter(pl.col("run") == run).drop_nulls("needed")
        draw_interval(panel, rows, "needed", "bits", look=look)
    known = matched["needed"].drop_nulls()
    if len(known):
        equality(panel, min(known), max(known))
    panel.set(xlabel="bits needed (closed form)")
    _plain_logarithms(panel, _BITS)
    axes[0, 0].set_ylabel(
        f"useless bits of each sample seen once,\nrecovered at accuracy {matched['accuracy'][0]:g}"
    )
    panel_letters(axes[0])
    black = PALETTE["black"]
    keys = [key(*look) for look in looks.values()]
    keys += [key("needed (closed form)", black, lw=0.8), key("all useless bits", black, lw=0.8, ls=":")]
    legend(figure, keys, 3)
    return figure, {"matched": matched}


def _plain_logarithms(panel: Axes, ticks: list[int]) -> None:
    """Logarithmic axes with few ticks, which are plain numbers."""
    panel.set(xscale="log", yscale="log")
    for axis, shown in ((panel.xaxis, ticks), (panel.yaxis, _BITS)):
        low, high = axis.get_view_interval()
        axis.set_major_formatter(ScalarFormatter())
        axis.set_minor_formatter(NullFormatter())
        axis.set_ticks([tick for tick in shown if low <= tick <= high])
