"""Every attack on the same models: bits recovered, and the model's answers that it took."""

import polars as pl

from memgen.figures.irrelevant_names import ATTACKS, LEARNERS, of_undefended, size_words
from memgen.figures.style import PALETTE, Drawn, figure, new_figure, panel_letters
from memgen.irrelevant.tables import AVERAGES
from memgen.jobs.stage import Input


@figure
def irrelevant_attacks(*, averages: Input) -> Drawn:
    """Draw the free bits that each attack recovers of samples seen once, with its queries.

    Share of the free bits of samples seen once that each attack recovers from the same models, with the
    number of the model's answers that one sample needed. Black-box attacks see log-probabilities only. Bars:
    95% intervals over seeds; dotted, guessing.

    Parameters
    ----------
    averages
        Averages table.
    """
    parts = of_undefended(averages, pl.col("last") & (pl.col("multiplicity") == 1))
    figure, axes = new_figure(1, len(parts), height=2.1, width=7.0)
    for panel, (learner, rows) in zip(axes[0], parts.items(), strict=True):
        attacks = [name for name in ATTACKS if name in set(rows["attack"])][::-1]
        for place, attack in enumerate(attacks):
            row = rows.filter(pl.col("attack") == attack).row(0, named=True)
            _, colour, marker = ATTACKS[attack]
            value = row["free_recovered"]
            low, high = (row[f"free_recovered_{end}"] for end in ("low", "high"))
            panel.errorbar(
                value, place, xerr=None if low is None else [[value - low], [high - value]], fmt=marker,
                color=colour, elinewidth=0.6, capsize=1.5,
            )  # fmt: skip
            asked = row["queries"] > 0
            queries = f"{row['queries']:,.0f} answers" if asked else "reads weights or gradients"
            panel.annotate(
                queries, (value, place), xytext=(-6, 0), textcoords="offset points", ha="right", va="center",
                fontsize=5,
            )  # fmt: skip
        panel.axvline(0.5, color=PALETTE["black"], lw=0.6, ls=":")
        panel.set_yticks(range(len(attacks)), [ATTACKS[name][0] for name in attacks])
        panel.set(xlim=(0.48, 1.02), ylim=(-0.6, len(attacks) - 0.4), xlabel="share of free bits recovered")
        panel.set_title(f"{LEARNERS[learner][0]}\n{size_words(rows)}")
    panel_letters(axes[0])
    return figure, {averages: pl.concat(parts.values()).select(AVERAGES.held.cells)}
