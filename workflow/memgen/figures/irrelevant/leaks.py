"""Figures of what leaks: with defences, in bits, by completion, from a language model, and in theory."""

import math
from collections.abc import Callable, Mapping
from itertools import cycle
from typing import Annotated, Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memgen.errors import BadInput
from memgen.figures.irrelevant.recovery import (
    Averages,
    draw_across,
    guessing,
    learner_panels,
    title_with_size,
)
from memgen.figures.labels import DEFENCES, LEARNERS, MODELS, PAIR_CLASSES, prior_looks
from memgen.figures.longtail.theory import draw_excess
from memgen.figures.panels import draw_interval, panel_letters, reaches, shared_legend
from memgen.figures.style import COLUMN, PAGE, PALETTE, SERIES, Drawn, Hierarchy, Ridge, figure, new_figure
from memgen.irrelevant.tables import EXTRACTION, LEAKAGE, SIMULATION
from memgen.longtail.tables import TRADEOFF
from memgen.relational.tables import MEMORIZATION

_COMPLETED = {
    "bits_recovered": ("all bits", PALETTE["black"], "D"),
    "fixed_recovered": ("bits as the reference has them", PALETTE["blue"], "s"),
    "free_recovered": ("bits that noise flipped", PALETTE["vermilion"], "o"),
}
_LOOKS = tuple(zip(SERIES, "vosD^<>P", strict=True))


@figure
def irrelevant_defences(*, averages: Averages) -> Drawn:
    """Draw the accuracy on singletons against their recovered bits, along every defence.

    Accuracy on fresh examples of clusters seen once against the share of the bits of their one training
    sample that is recovered, with defences of increasing strength, the last step of training each. Numbers:
    differential privacy spent. Bars: 95% intervals over seeds. What keeps the bits back costs the accuracy
    that they buy.
    """
    table = averages.filter(
        pl.col("last") & pl.col("main") & (pl.col("multiplicity") == 1) & (pl.col("task") == "clusters")
    )
    runs = table.filter(pl.col("defence") != "none")["run"].unique(maintain_order=True).to_list()
    if not runs:
        raise BadInput("holds no defence; allowed: a run with defences")
    figure, panels = learner_panels(len(runs), 2.8)
    for panel, run in zip(panels, runs, strict=True):
        rows = table.filter(pl.col("run") == run)
        _draw_defences(panel, rows, _epsilon)
        title_with_size(panel, rows)
        panel.set(xlabel="share of bits recovered", xlim=(0.48, 1.02), ylim=(-0.03, 1.03))
    panel_letters(panels)
    panels[0].set_ylabel("accuracy on fresh examples\nof clusters seen once")
    shared_legend(figure, panels, ncols=3)
    return figure, {"averages": table}


def _draw_defences(panel: Axes, rows: pl.DataFrame, words: Callable[[Mapping[str, Any]], str]) -> None:
    """Every defence of a run joined along its strength, and beside each row what there is to say of it."""
    for kind, (label, colour, marker) in DEFENCES.items():
        part = rows.filter(pl.col("kind") == kind).sort("strength")
        if not part.height:
            continue
        draw_interval(
            panel, part, "bits_recovered", "accuracy_singleton", xerr=reaches(part, "bits_recovered"),
            fmt=f"{marker}:", lw=0.7, ms=7 if kind == "none" else 3.5, color=colour, label=label,
        )  # fmt: skip
        for row in part.iter_rows(named=True):
            if text := words(row):
                panel.annotate(
                    text, (row["bits_recovered"], row["accuracy_singleton"]), xytext=(5, -6),
                    textcoords="offset points", fontsize=5, color=colour,
                )  # fmt: skip


def _epsilon(row: Mapping[str, Any]) -> str:
    """What the noise of a private run guarantees."""
    spent = row["epsilon"]
    if spent is None or not math.isfinite(spent):
        return ""
    return f"$\\varepsilon$ = {spent:,.0f}" if spent >= 10 else f"$\\varepsilon$ = {spent:.2g}"


def _strength(row: Mapping[str, Any]) -> str:
    return "" if row["strength"] is None else f"{row['strength']:g}"


@figure
def irrelevant_completion(*, averages: Averages) -> Drawn:
    """Draw what prefix queries recover of samples never seen, seen once, and seen several times.

    A small causal transformer trained on noisy prefixes of reference strings, given a reference and asked to
    go on: share of the bits of its samples that it says, those that noise flipped apart. What no fresh
    example has, the flips of one sample, comes back as well. Never seen: a fresh noisy copy of the same
    prefix. Bars: 95% intervals over seeds; dotted, guessing.
    """
    every = averages.filter(pl.col("last") & (pl.col("learner") == "transformer"))
    table = every.filter(pl.col("defence") == "none")
    if not table.height:
        raise BadInput("holds no transformer; allowed: its run")
    figure, axes = new_figure(1, 1, height=2.6, width=COLUMN)
    panel = axes[0, 0]
    for index, (name, look) in enumerate(_COMPLETED.items()):
        rows = table.filter(pl.col(name).is_not_null()).sort("multiplicity")
        apart = rows.with_columns(pl.col("multiplicity") + 0.15 * (index - 1))
        draw_interval(panel, apart, "multiplicity", name, look=look)
    guessing(panel)
    shown = sorted(set(table["multiplicity"]))
    panel.set_xticks(shown, ["never seen" if times == 0 else str(times) for times in shown])
    row = table.row(0, named=True)
    panel.set(
        xlabel="samples of the reference in training", ylabel="share of bits recovered", ylim=(-0.03, 1.05),
        title=f"transformer, $n$ = {row['samples']}, $d$ = {row['dimension']}",
    )  # fmt: skip
    shared_legend(figure, [panel], ncols=2)
    return figure, {"averages": every}


@figure
def irrelevant_leakage(*, leakage: Annotated[pl.DataFrame, LEAKAGE]) -> Drawn:
    """Draw leaked bits against n d, and their share of it with every defence.

    Left: bits of irrelevant information that leak from undefended learners, against the size of their
    sample; a share 1/e of samples are seen once when there are as many clusters as samples. Right: leaked
    bits as a share of the sample, with each defence, its strength and the accuracy left on clusters seen
    once. Bars: 95% intervals over seeds.
    """
    table = leakage.filter(pl.col("task") == "clusters")
    figure, axes = new_figure(1, 2, height=3.2, width_ratios=[1, 1.15])
    left, right = axes[0]
    plain = table.filter(pl.col("defence") == "none")
    sizes = np.array([plain["storage_bits"].min(), plain["storage_bits"].max()], dtype=float)
    black = PALETTE["black"]
    left.plot(sizes, sizes, color=black, lw=0.8, label="$n\\,d$, the whole sample")
    left.plot(sizes, sizes / np.e, color=black, lw=0.8, ls="--", label="$n\\,d / e$, its singletons")
    _draw_leaked(left, plain)
    left.set(ylabel="leaked bits")
    left.legend(loc="upper left")
    names, place = [], 0.0
    for run in table.filter(pl.col("defence") != "none")["run"].unique(maintain_order=True):
        rows = table.filter(pl.col("run") == run)
        for row in rows.iter_rows(named=True):
            look, scale = DEFENCES[row["kind"]], row["storage_bits"]
            ends = [row[f"leaked_bits_{end}"] for end in ("low", "high")]
            low, high = (None if end is None else end / scale for end in ends)
            draw_across(right, place, row["leaked_share"], low, high, look)
            strength = f" {_strength(row)}".rstrip()
            names.append((place, f"{look[0]}{strength}, {row['accuracy_singleton']:.2f}"))
            place -= 1
        right.annotate(
            LEARNERS[rows["learner"][0]][0], (0.98, place + 0.8), fontsize=6,
            xycoords=("axes fraction", "data"), ha="right", va="center", fontweight="bold",
        )  # fmt: skip
        place -= 1.2
    right.set(xlabel="leaked bits / $n\\,d$", xlim=(0, None))
    right.set_yticks([at for at, _ in names], [text for _, text in names], fontsize=5)
    right.set_title("defence, accuracy on clusters seen once", fontsize=6)
    panel_letters((left, right))
    return figure, {"leakage": table}


def _draw_leaked(panel: Axes, plain: pl.DataFrame) -> None:
    """Leaked bits of undefended learners against their sample's size; open where nothing can be learned."""
    for learner, (words, colour, marker) in LEARNERS.items():
        for zero, face, added in ((False, colour, ""), (True, "none", ", $\\rho$ = 0")):
            rows = plain.filter((pl.col("learner") == learner) & ((pl.col("rho") == 0) == zero))
            if rows.height:
                look = (f"{words}{added}", colour, marker)
                draw_interval(panel, rows, "storage_bits", "leaked_bits", look=look, mfc=face)
    panel.set(xscale="log", yscale="log", xlabel="size of the sample $n\\,d$, bits")


@figure
def irrelevant_storage(*, simulation: Annotated[pl.DataFrame, SIMULATION]) -> Figure:
    """Draw the errors of the nearest neighbour and the lookup learner against what is stored.

    Learners that store their sample. Left: nearest neighbours that store some positions of each sample, or
    flip stored bits; accuracy on clusters seen once. Right: error of the lookup learner in next-symbol
    prediction when it stores a share of the bits of references seen once. Lines: closed forms; points:
    simulations with 95% intervals.
    """
    table = simulation.rename({"error_simulated": "error"})
    nearest, lookup = (table.filter(pl.col("learner") == name) for name in ("nearest", "lookup"))
    whole = nearest["dimension"][0]
    whole_bits, unflipped = nearest.filter(pl.col("stored") == whole), nearest.filter(pl.col("flip") == 0)
    panels = (
        (unflipped, "stored", f"positions stored of {whole}", True),
        (whole_bits, "flip", "probability that a stored bit is flipped", True),
        (lookup, "stored_fraction", "share of singletons' bits stored, $\\varphi$", False),
    )
    figure, axes = new_figure(1, 3, height=2.4)
    for panel, (rows, x, words, accuracy) in zip(axes[0], panels, strict=True):
        ordered = rows.sort(x)
        closed = 1 - ordered["error_closed"] if accuracy else ordered["error_closed"]
        panel.plot(ordered[x], closed, color=PALETTE["black"], lw=0.8, label="closed form")
        look = ("simulated", PALETTE["vermilion"], "o")
        draw_interval(panel, ordered, x, "error", missing=accuracy, look=look)
        panel.set(xlabel=words)
        if accuracy:
            panel.set(ylabel="accuracy on clusters seen once", ylim=(0, 1.02), title="nearest neighbour")
    panel_letters(axes[0])
    axes[0, 2].set(ylabel="next-symbol error", title="lookup learner")
    axes[0, 2].legend(loc="best")
    return figure


@figure
def irrelevant_extraction(*, extraction: Annotated[pl.DataFrame, EXTRACTION]) -> Figure:
    """Draw exposure against the sentences that carried a number, for all weights and for adapters.

    The last layers of a pretrained decoder are finetuned on short letters, some of which complain, until
    the words have the same loss in every training; each letter carries an account number of no use.
    Exposure: log2 of how many numbers there are, less log2 of a number's rank among those of no letter by
    likelihood after what all letters begin with. Shaded: 90% of the numbers never seen, if nothing is known
    of them; dotted: their mean; line: first of all. With noise each letter's gradient is clipped, and
    training ends with its epochs. Bars: 95% intervals over seeds, Student's t.
    """
    shown = sorted(set(extraction["multiplicity"]))
    place = pl.col("multiplicity").replace_strict(shown, range(len(shown)), return_dtype=pl.Float64)
    table = extraction.with_columns(place=place).sort("place", maintain_order=True)
    row = table.row(0, named=True)
    figure, axes = new_figure(1, 1, width=COLUMN, height=3.0)
    panel = axes[0, 0]
    panel.axhspan(row["chance_low"], row["chance_high"], color=PALETTE["grey"], alpha=0.15, lw=0)
    guessing(panel, row["chance"])
    panel.axhline(math.log2(row["candidates"]), color=PALETTE["black"], lw=0.6)
    trainings = table.select("training", "adapter_rank", "noise").unique(maintain_order=True).rows()
    for index, (training, looks) in enumerate(zip(trainings, cycle(_LOOKS), strict=False)):
        name, rank, noise = training
        rows = table.filter(
            pl.col("training") == name,
            pl.col("adapter_rank").eq_missing(rank),
            pl.col("noise").eq_missing(noise),
        )
        apart = rows.with_columns(pl.col("place") + 0.5 * ((index + 0.5) / len(trainings) - 0.5))
        loss = f", loss {rows['loss_words'][0]:.2f}"
        draw_interval(panel, apart, "place", "exposure", look=(_trained(*training) + loss, *looks), ms=3)
    panel.set_xticks(range(len(shown)), ["never" if number == 0 else str(number) for number in shown])
    panel.set(
        xlabel="training sentences with the number", ylabel=f"exposure of {row['digits']} digits, bits",
        title=MODELS.get(row["model"], row["model"]), ylim=(0, math.log2(row["candidates"]) + 0.5),
    )  # fmt: skip
    shared_legend(figure, [panel], ncols=1 if len(trainings) < 5 else 2)
    return figure


def _trained(training: str, rank: int | None, noise: float | None) -> str:
    """How a language model was trained, in words."""
    words = {"none": "before training", "full": "all weights"}.get(training, f"LoRA, rank {rank}")
    return words if noise is None else f"{words}, noise {noise:g}" if noise else f"{words}, clipped"


@figure
def three_studies(
    *,
    memorization: Annotated[pl.DataFrame, MEMORIZATION],
    tradeoff: Annotated[pl.DataFrame, TRADEOFF],
    leakage: Annotated[pl.DataFrame, LEAKAGE],
    hierarchy: Hierarchy,
    ridge: Ridge,
) -> Drawn:
    """Draw the memorization of an exception, the price of forgetting singletons, and the bits that leak.

    Three studies of one question. (a) What is memorized: how much the margin of a training pair gains from
    having been trained on it, for the exception to an order and for the pairs of its chain, along the
    conjunctivity of the representation (exact). (b) What forgetting costs: excess error against the share of
    examples seen once that are fitted, for four lists of frequencies (lines exact, markers simulated, bars
    standard errors). (c) What is leaked: bits of no use for any answer that attacks recover from accurate
    learners, against the size of the sample (bars 95% intervals over seeds); open markers (rho = 0), tasks
    in which nothing can be learned.
    """
    pairs = memorization.filter((pl.col("hierarchy") == hierarchy) & (pl.col("ridge") == ridge))
    if not pairs.height:
        raise BadInput(f"holds no {hierarchy} at ridge {ridge:g}; allowed: what it holds")
    figure, axes = new_figure(1, 3, width=PAGE, height=2.5)
    memorized, cost, leaked = axes[0]
    for pair_class, words, width in (("train", "chain pairs", 0.7), ("exception", "the exception", 1.6)):
        rows = pairs.filter(pl.col("pair_class") == pair_class).sort("alpha")
        for index, (_, line) in enumerate(rows.group_by("higher", "lower", maintain_order=True)):
            label, colour = words if index == 0 else None, PAIR_CLASSES[pair_class][0]
            memorized.plot(line["alpha"], line["score"], color=colour, lw=width, label=label)
    memorized.set(
        xlabel="conjunctivity α", ylabel="memorization score\n(gain of margin, target = 1)", xlim=(0, 1),
        title="what is memorized",
    )  # fmt: skip
    memorized.legend()
    table = tradeoff.sort("fitted_closed", maintain_order=True)
    for prior, look in prior_looks(table["prior"]).items():
        draw_excess(cost, table.filter(pl.col("prior") == prior), "fitted_closed", "fitted_simulated", look)
    cost.set(
        xlabel="share of singletons fitted", ylabel="excess error", xlim=(0, 1.05), ylim=(-0.005, None),
        title="what forgetting costs",
    )  # fmt: skip
    cost.legend(title="frequencies", title_fontsize=6)
    plain = leakage.filter(pl.col("defence") == "none")
    ends = [plain["storage_bits"].min(), plain["storage_bits"].max()]
    leaked.plot(ends, ends, color=PALETTE["black"], lw=0.8, label="the whole sample")
    _draw_leaked(leaked, plain)
    leaked.set(ylabel="irrelevant bits recovered", title="what it leaks")
    leaked.legend(loc="upper left", fontsize=5)
    panel_letters(axes[0])
    return figure, {"leakage": plain}
