"""Figures of what leaks by completion and from a language model, and of all three studies."""

import math
from itertools import cycle
from typing import Annotated

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from memgen.errors import BadInput
from memgen.figures.irrelevant.recovery import Averages, guessing
from memgen.figures.labels import LEARNERS, MODELS, PAIR_CLASSES, PALETTE, prior_looks
from memgen.figures.longtail.theory import draw_excess
from memgen.figures.panels import draw_interval, panel_letters, shared_legend
from memgen.figures.style import COLUMN, PAGE, SERIES, Drawn, Hierarchy, Ridge, figure, new_figure
from memgen.irrelevant.tables import EXTRACTION, LEAKAGE
from memgen.longtail.tables import TRADEOFF
from memgen.relational.tables import MEMORIZATION

_COMPLETED = {
    "bits_recovered": ("all bits", PALETTE["black"], "D"),
    "fixed_recovered": ("bits as the reference has them", PALETTE["blue"], "s"),
    "free_recovered": ("bits that noise flipped", PALETTE["vermilion"], "o"),
}
# Of more than eight trainings the next have the same colours with other markers.
_LOOKS = tuple(zip(SERIES * 2, "vosD^<>P" + "osD^<>Pv", strict=True))


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


def _draw_leaked(panel: Axes, plain: pl.DataFrame) -> None:
    """Leaked bits of undefended learners against their sample's size; open where nothing can be learned."""
    for learner, (words, colour, marker) in LEARNERS.items():
        for zero, face, added in ((False, colour, ""), (True, "none", ", $\\rho$ = 0")):
            rows = plain.filter((pl.col("learner") == learner) & ((pl.col("rho") == 0) == zero))
            if rows.height:
                look = (f"{words}{added}", colour, marker)
                draw_interval(panel, rows, "storage_bits", "leaked_bits", look=look, mfc=face)
    panel.set(xscale="log", yscale="log", xlabel="size of the sample $n\\,d$, bits")
    panel.xaxis.set_minor_formatter(NullFormatter())


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
    trainings = table.select("training", "lora_rank", "noise").unique(maintain_order=True).rows()
    for index, (training, looks) in enumerate(zip(trainings, cycle(_LOOKS), strict=False)):
        name, rank, noise = training
        rows = table.filter(
            pl.col("training") == name,
            pl.col("lora_rank").eq_missing(rank),
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
    standard errors). (c) What is leaked: bits of no use for any answer that the best attack recovers,
    against the size of the sample (bars 95% intervals over seeds); open markers (rho = 0), tasks in which
    nothing can be learned.
    """
    pairs = memorization.filter((pl.col("hierarchy") == hierarchy) & (pl.col("ridge") == ridge))
    if not pairs.height:
        raise BadInput(f"holds no {hierarchy} at ridge {ridge:g}; allowed: what it holds")
    figure, axes = new_figure(1, 3, width=PAGE, height=2.5)
    memorized, cost, leaked = axes[0]
    trained = pl.col("pair_class") == "train"
    for words, members, colour, width in (
        ("the exception", ~trained, PAIR_CLASSES["exception"][0], 1.6),
        ("pairs in its loop", trained & pl.col("in_loop"), PAIR_CLASSES["loop"][0], 0.7),
        ("pairs elsewhere", trained & ~pl.col("in_loop"), PAIR_CLASSES["train"][0], 0.7),
    ):
        rows = pairs.filter(members).sort("alpha")
        for index, (_, line) in enumerate(rows.group_by("higher", "lower", maintain_order=True)):
            label = words if index == 0 else None
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
    plain = leakage.filter(pl.col("best") & (pl.col("defence") == "none"))
    ends = [plain["storage_bits"].min(), plain["storage_bits"].max()]
    leaked.plot(ends, ends, color=PALETTE["black"], lw=0.8, label="the whole sample")
    _draw_leaked(leaked, plain)
    leaked.set(ylabel="irrelevant bits recovered", title="what it leaks")
    leaked.legend(loc="upper left", fontsize=5)
    panel_letters(axes[0])
    return figure, {"leakage": plain}
