"""A transformer asked to complete its samples of next-symbol prediction.

Reads the averages table and draws it; computes nothing.
"""

import polars as pl

from memgen.errors import BadInput
from memgen.figures.irrelevant_names import draw_interval
from memgen.figures.style import COLUMN, PALETTE, new_figure, save
from memgen.irrelevant.tables import AVERAGES
from memgen.stage import Input, Output, stage

_BITS = {
    "bits_recovered": ("all bits", PALETTE["black"], "D"),
    "fixed_recovered": ("bits as the reference has them", PALETTE["blue"], "s"),
    "free_recovered": ("bits that noise flipped", PALETTE["vermilion"], "o"),
}


@stage
def irrelevant_completion(*, averages: Input, pdf: Output, png: Output) -> None:
    """Draw what prefix queries recover of samples never seen, seen once, and seen several times.

    Parameters
    ----------
    averages
        Averages table.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    table = AVERAGES.read(averages).filter(pl.col("last") & (pl.col("learner") == "transformer"))
    if not table.height:
        raise BadInput(f"{averages}: holds no transformer; allowed: its run")
    figure, axes = new_figure(height=2.6, width=COLUMN)
    panel = axes[0, 0]
    for index, (name, (words, colour, marker)) in enumerate(_BITS.items()):
        rows = table.filter(pl.col(name).is_not_null()).sort("multiplicity")
        apart = rows.with_columns(pl.col("multiplicity") + 0.15 * (index - 1))
        draw_interval(panel, apart, "multiplicity", name, fmt=marker, lw=0, color=colour, label=words)
    panel.axhline(0.5, color=PALETTE["black"], lw=0.6, ls=":")
    shown = sorted(set(table["multiplicity"]))
    panel.set_xticks(shown, ["never seen" if times == 0 else str(times) for times in shown])
    row = table.row(0, named=True)
    panel.set(
        xlabel="samples of the reference in training", ylabel="share of bits recovered", ylim=(-0.03, 1.05),
        title=f"transformer, $n$ = {row['samples']}, $d$ = {row['dimension']}",
    )  # fmt: skip
    figure.legend(*panel.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    save(figure, pdf=pdf, png=png)
