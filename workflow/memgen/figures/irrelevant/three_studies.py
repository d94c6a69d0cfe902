"""The three studies side by side: what is memorized, what forgetting it costs, what it leaks."""

import polars as pl

from memgen.errors import BadInput
from memgen.figures.irrelevant_names import draw_leaked
from memgen.figures.longtail_names import draw_excess, prior_looks
from memgen.figures.style import PAGE, PAIR_CLASSES, PALETTE, Drawn, figure, new_figure, panel_letters
from memgen.irrelevant.tables import LEAKAGE
from memgen.jobs.stage import Input
from memgen.longtail.tables import TRADEOFF
from memgen.relational.tables import MEMORIZATION


@figure
def three_studies(
    *, memorization: Input, tradeoff: Input, leakage: Input, hierarchy: str, ridge: float
) -> Drawn:
    """Draw the memorization of an exception, the price of forgetting singletons, and the bits that leak.

    Three studies of one question. (a) What is memorized: how much the margin of a training pair gains from
    having been trained on it, for the exception to an order and for the pairs of its chain, along the
    conjunctivity of the representation (exact). (b) What forgetting costs: excess error against the share of
    examples seen once that are fitted, for four lists of frequencies (lines exact, markers simulated, bars
    standard errors). (c) What is leaked: bits of no use for any answer that attacks recover from accurate
    learners, against the size of the sample (bars 95% intervals over seeds); open markers (rho = 0), tasks
    in which nothing can be learned.

    Parameters
    ----------
    memorization
        Memorization table of the relational study.
    tradeoff
        Trade-off table of the long-tail study.
    leakage
        Leakage table of the study of irrelevant information.
    hierarchy
        Hierarchy whose pairs are drawn.
    ridge
        Their effective ridge, on the table's grid.
    """
    pairs = MEMORIZATION.read(memorization).filter(
        (pl.col("hierarchy") == hierarchy) & (pl.col("ridge") == ridge)
    )
    if not pairs.height:
        raise BadInput(f"{memorization}: holds no {hierarchy} at ridge {ridge:g}; allowed: what it holds")
    figure, axes = new_figure(1, 3, width=PAGE, height=2.5)
    memorized, cost, leaked = axes[0]
    for pair_class, words, width in (("train", "chain pairs", 0.7), ("exception", "the exception", 1.6)):
        rows = pairs.filter(pl.col("pair_class") == pair_class).sort("alpha")
        for index, (_, line) in enumerate(rows.group_by("higher", "lower", maintain_order=True)):
            memorized.plot(
                line["alpha"], line["score"], color=PAIR_CLASSES[pair_class][0], lw=width,
                label=words if index == 0 else None,
            )  # fmt: skip
    memorized.set(
        xlabel="conjunctivity α", ylabel="memorization score\n(gain of margin, target = 1)", xlim=(0, 1),
        title="what is memorized",
    )  # fmt: skip
    memorized.legend()
    table = TRADEOFF.read(tradeoff).sort("fitted_closed", maintain_order=True)
    for prior, look in prior_looks(table["prior"]).items():
        draw_excess(cost, table.filter(pl.col("prior") == prior), "fitted_closed", "fitted_simulated", look)
    cost.set(
        xlabel="share of singletons fitted", ylabel="excess error", xlim=(0, 1.05), ylim=(-0.005, None),
        title="what forgetting costs",
    )  # fmt: skip
    cost.legend(title="frequencies", title_fontsize=6)
    plain = LEAKAGE.read(leakage).filter(pl.col("defence") == "none")
    ends = [plain["storage_bits"].min(), plain["storage_bits"].max()]
    leaked.plot(ends, ends, color=PALETTE["black"], lw=0.8, label="the whole sample")
    draw_leaked(leaked, plain)
    leaked.set(ylabel="irrelevant bits recovered", title="what it leaks")
    leaked.legend(loc="upper left", fontsize=5)
    panel_letters(axes[0])
    return figure, {leakage: plain.select(LEAKAGE.held.cells)}
