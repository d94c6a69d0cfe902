"""What a finetuned language model gives away of numbers that its sentences carried to no use."""

import math

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.irrelevant_names import draw_interval
from memgen.figures.style import PAGE, PALETTE, figure, new_figure, panel_letters, shared_legend
from memgen.irrelevant.tables import EXTRACTION
from memgen.jobs.stage import Input

_LOSSES = {
    "none": ("before training", PALETTE["grey"], "v"),
    "answer": ("trained on answers", PALETTE["blue"], "s"),
    "sentence": ("trained on sentences", PALETTE["vermilion"], "o"),
}
_SHARES = {
    "digits_recovered": ("digits, given those before", PALETTE["orange"], "s"),
    "extracted": ("whole numbers, greedily", PALETTE["black"], "D"),
}


@figure
def irrelevant_extraction(*, extraction: Input) -> Figure:
    """Draw exposure and extraction against the sentences that carried a number, and against accuracy.

    A pretrained decoder finetuned by LoRA on short letters, some of which complain; each carries its
    writer's account number, which says nothing about that. (a) Exposure of the numbers: log2 of 1 + the
    numbers drawn beside the true one, less log2 of its rank among them by likelihood. Dotted: expected of a
    number that nobody knows; line: first of all. (b) Share of the numbers that greedy completion gives, and
    of their digits that are the most likely of all tokens given the true ones before; dotted: a guessed
    digit. (c) Exposure against the accuracy on letters of customers never seen: the task is learned as well
    from the answers alone, which gives no number away. Bars: 95% intervals over seeds, Student's t.

    Parameters
    ----------
    extraction
        Extraction table.
    """
    table = EXTRACTION.read(extraction)
    shown = sorted(set(table["multiplicity"]))
    place = {times: index for index, times in enumerate(shown)}
    table = table.with_columns(place=pl.col("multiplicity").replace_strict(place, return_dtype=pl.Float64))
    row = table.row(0, named=True)
    figure, axes = new_figure(1, 3, width=PAGE, height=2.5)
    times, shares, accuracy = axes[0]
    for index, (loss, (words, colour, marker)) in enumerate(_LOSSES.items()):
        rows = table.filter(pl.col("loss") == loss).sort("place")
        if not rows.height:
            continue
        apart = rows.with_columns(pl.col("place") + 0.12 * (index - 1))
        draw_interval(times, apart, "place", "exposure", fmt=marker, lw=0, color=colour, label=words)
        for end, seen in ((0.4, rows.filter(pl.col("multiplicity") == 0)), (1.0, rows.tail(1))):
            accuracy.errorbar(
                seen["accuracy_fresh"], seen["exposure"], fmt=marker, color=colour, alpha=end,
                xerr=[(seen["accuracy_fresh"] - seen["accuracy_fresh_low"]).fill_null(0.0),
                      (seen["accuracy_fresh_high"] - seen["accuracy_fresh"]).fill_null(0.0)],
                yerr=[(seen["exposure"] - seen["exposure_low"]).fill_null(0.0),
                      (seen["exposure_high"] - seen["exposure"]).fill_null(0.0)],
                elinewidth=0.6, capsize=1.5, capthick=0.6,
            )  # fmt: skip
    for panel in (times, accuracy):
        panel.axhline(row["exposure_chance"], color=PALETTE["black"], lw=0.6, ls=":")
        panel.axhline(math.log2(row["drawn"] + 1), color=PALETTE["black"], lw=0.6)
        panel.set(ylabel=f"exposure, bits (among {row['drawn'] + 1} numbers)")
    sentence = table.filter(pl.col("loss") == "sentence").sort("place")
    for index, (name, (words, colour, marker)) in enumerate(_SHARES.items()):
        apart = sentence.with_columns(pl.col("place") + 0.12 * (index - 0.5))
        draw_interval(shares, apart, "place", name, fmt=marker, lw=0, color=colour, label=words)
    shares.axhline(0.1, color=PALETTE["black"], lw=0.6, ls=":")
    shares.set(ylabel=f"share given away ({row['digits']} digits)", ylim=(-0.05, 1.35), yticks=(0, 0.5, 1))
    names = ["never" if number == 0 else str(number) for number in shown]
    for panel in (times, shares):
        panel.set_xticks(range(len(shown)), names)
        panel.set(xlabel="training sentences with the number")
    accuracy.set(xlabel="accuracy on fresh sentences")
    times.set_title(row["model"])
    shares.set_title(f"trained on sentences, {sentence['epochs'].to_list()[-1]} epochs")
    accuracy.set_title(f"seen in {names[-1]} sentences; pale: never")
    shares.legend(loc="upper left")
    panel_letters(axes[0])
    shared_legend(figure, [times], ncols=3)
    return figure
