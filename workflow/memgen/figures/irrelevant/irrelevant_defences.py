"""What a defence costs: accuracy on clusters seen once against the bits recovered of their samples.

Reads the averages table and draws it; computes nothing.
"""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from memgen.errors import BadInput
from memgen.figures.defence_curves import draw_defences
from memgen.figures.irrelevant_names import LEARNERS, size_words
from memgen.figures.style import new_figure, panel_letters, save
from memgen.irrelevant.tables import AVERAGES
from memgen.stage import Input, Output, stage


@stage
def irrelevant_defences(*, averages: Input, pdf: Output, png: Output) -> None:
    """Draw the accuracy on singletons against their recovered bits, along every defence.

    Parameters
    ----------
    averages
        Averages table.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    table = AVERAGES.read(averages).filter(
        pl.col("last") & pl.col("main") & (pl.col("multiplicity") == 1) & (pl.col("task") == "clusters")
    )
    defended = table.filter(pl.col("defence") != "none")
    runs = defended["run"].unique(maintain_order=True).to_list()
    if not runs:
        raise BadInput(f"{averages}: holds no defence; allowed: a run with defences")
    figure, axes = new_figure(1, len(runs), height=2.8, width=min(7.0, 3.4 * len(runs)), sharey=True)
    shown: dict[str, Any] = {}
    for panel, run in zip(axes[0], runs, strict=True):
        rows = table.filter(pl.col("run") == run)
        draw_defences(panel, rows, _epsilon)
        panel.set_title(f"{LEARNERS[rows['learner'][0]][0]}\n{size_words(rows)}")
        panel.set(xlabel="share of bits recovered", xlim=(0.48, 1.02), ylim=(-0.03, 1.03))
        handles, words = panel.get_legend_handles_labels()
        shown |= dict(zip(words, handles, strict=True))
    panel_letters(axes[0])
    axes[0, 0].set_ylabel("accuracy on fresh examples\nof clusters seen once")
    figure.legend(list(shown.values()), list(shown), loc="outside lower center", ncols=3)
    save(figure, pdf=pdf, png=png, rows={averages: table.select(AVERAGES.held.cells)})


def _epsilon(row: Mapping[str, Any]) -> str | None:
    """What the noise of a private run guarantees."""
    spent = row["epsilon"]
    if spent is None or not math.isfinite(spent):
        return None
    return f"$\\varepsilon$ = {spent:,.0f}" if spent >= 10 else f"$\\varepsilon$ = {spent:.2g}"
