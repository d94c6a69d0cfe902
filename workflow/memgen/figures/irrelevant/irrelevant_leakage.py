"""Bits of irrelevant information that leak, against the size of the sample and with defences."""

import numpy as np
import polars as pl

from memgen.figures.irrelevant_names import DEFENCES, LEARNERS, draw_leaked
from memgen.figures.style import PALETTE, Drawn, figure, new_figure, panel_letters
from memgen.irrelevant.tables import LEAKAGE
from memgen.jobs.stage import Input


@figure
def irrelevant_leakage(*, leakage: Input) -> Drawn:
    """Draw leaked bits against n d, and their share of it with every defence.

    Left: bits of irrelevant information that leak from undefended learners, against the size of their
    sample; a share 1/e of samples are seen once when there are as many clusters as samples. Right: leaked
    bits as a share of the sample, with each defence, its strength and the accuracy left on clusters seen
    once. Bars: 95% intervals over seeds.

    Parameters
    ----------
    leakage
        Leakage table.
    """
    table = LEAKAGE.read(leakage).filter(pl.col("task") == "clusters")
    figure, axes = new_figure(1, 2, height=3.2, width_ratios=[1, 1.15])
    left, right = axes[0]
    plain = table.filter(pl.col("defence") == "none")
    sizes = np.array([plain["storage_bits"].min(), plain["storage_bits"].max()], dtype=float)
    left.plot(sizes, sizes, color=PALETTE["black"], lw=0.8, label="$n\\,d$, the whole sample")
    left.plot(
        sizes, sizes / np.e, color=PALETTE["black"], lw=0.8, ls="--", label="$n\\,d / e$, its singletons"
    )
    draw_leaked(left, plain)
    left.set(ylabel="leaked bits")
    left.legend(loc="upper left")
    runs = table.filter(pl.col("defence") != "none")["run"].unique(maintain_order=True).to_list()
    shown = table.filter(pl.col("run").is_in(runs))
    names, place = [], 0.0
    for run in runs:
        for row in shown.filter(pl.col("run") == run).iter_rows(named=True):
            _, colour, marker = DEFENCES[row["kind"]]
            scale = row["storage_bits"]
            low, high = (row[f"leaked_bits_{end}"] for end in ("low", "high"))
            error = [[row["leaked_share"] - (low or 0) / scale], [(high or 0) / scale - row["leaked_share"]]]
            right.errorbar(
                row["leaked_share"], place, xerr=None if low is None else error, fmt=marker, color=colour,
                elinewidth=0.6, capsize=1.5,
            )  # fmt: skip
            strength = "" if row["strength"] is None else f" {row['strength']:g}"
            names.append((place, f"{DEFENCES[row['kind']][0]}{strength}, {row['accuracy_singleton']:.2f}"))
            place -= 1
        learner = LEARNERS[shown.filter(pl.col("run") == run)["learner"][0]][0]
        right.annotate(
            learner, (0.98, place + 0.8), fontsize=6,
            xycoords=("axes fraction", "data"), ha="right", va="center", fontweight="bold",
        )  # fmt: skip
        place -= 1.2
    right.set(xlabel="leaked bits / $n\\,d$", xlim=(0, None))
    right.set_yticks([at for at, _ in names], [text for _, text in names], fontsize=5)
    right.set_title("defence, accuracy on clusters seen once", fontsize=6)
    panel_letters((left, right))
    return figure, {leakage: table.select(LEAKAGE.held.cells)}
