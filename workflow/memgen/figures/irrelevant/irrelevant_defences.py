"""What a defence costs: accuracy on clusters seen once against the bits recovered of their samples."""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from memgen.errors import BadInput
from memgen.figures.defence_curves import draw_defences
from memgen.figures.irrelevant_names import LEARNERS, size_words
from memgen.figures.style import Drawn, figure, new_figure, panel_letters, shared_legend
from memgen.irrelevant.tables import AVERAGES
from memgen.jobs.stage import Input


@figure
def irrelevant_defences(*, averages: Input) -> Drawn:
    """Draw the accuracy on singletons against their recovered bits, along every defence.

    Accuracy on fresh examples of clusters seen once against the share of the bits of their one training
    sample that is recovered, with defences of increasing strength, the last step of training each. Numbers:
    differential privacy spent. Bars: 95% intervals over seeds. What keeps the bits back costs the accuracy
    that they buy.

    Parameters
    ----------
    averages
        Averages table.
    """
    table = AVERAGES.read(averages).filter(
        pl.col("last") & pl.col("main") & (pl.col("multiplicity") == 1) & (pl.col("task") == "clusters")
    )
    defended = table.filter(pl.col("defence") != "none")
    runs = defended["run"].unique(maintain_order=True).to_list()
    if not runs:
        raise BadInput(f"{averages}: holds no defence; allowed: a run with defences")
    figure, axes = new_figure(1, len(runs), height=2.8, width=min(7.0, 3.4 * len(runs)), sharey=True)
    for panel, run in zip(axes[0], runs, strict=True):
        rows = table.filter(pl.col("run") == run)
        draw_defences(panel, rows, _epsilon)
        panel.set_title(f"{LEARNERS[rows['learner'][0]][0]}\n{size_words(rows)}")
        panel.set(xlabel="share of bits recovered", xlim=(0.48, 1.02), ylim=(-0.03, 1.03))
    panel_letters(axes[0])
    axes[0, 0].set_ylabel("accuracy on fresh examples\nof clusters seen once")
    shared_legend(figure, axes[0], ncols=3)
    return figure, {averages: table.select(AVERAGES.held.cells)}


def _epsilon(row: Mapping[str, Any]) -> str | None:
    """What the noise of a private run guarantees."""
    spent = row["epsilon"]
    if spent is None or not math.isfinite(spent):
        return None
    return f"$\\varepsilon$ = {spent:,.0f}" if spent >= 10 else f"$\\varepsilon$ = {spent:.2g}"
