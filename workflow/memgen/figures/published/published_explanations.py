"""Links, kernels and priors compared on held-out seeds and pairs."""

import polars as pl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.errors import BadInput
from memgen.figures.style import PALETTE, Hierarchies, figure, new_figure
from memgen.jobs.stage import Input
from memgen.published.tables import EXPLANATIONS_SUMMARY


@figure
def published_explanations(
    *, summary: Input, items: list[str], method: str, hierarchies: Hierarchies
) -> Figure:
    """Draw how well each explanation predicts held-out seeds and pairs, beside the noise ceiling.

    Share of the variance of margins that each explanation predicts, in sample, for held-out seeds and for
    held-out pairs; medians over models of full finetuning. Black: what sampling noise leaves to be
    explained. One more parameter, a saturating link, earns its place where margins are large; other kernels
    and priors hardly do.

    Parameters
    ----------
    summary
        Explanations compared out of sample, medians over models and hyperparameters.
    items
        Which kinds of item, from top to bottom.
    method
        Which method of training.
    hierarchies
        Which hierarchies, from left to right.
    """
    frame = EXPLANATIONS_SUMMARY.read(summary).filter(source="published", method=method)
    frame = frame.filter(pl.col("r2").is_not_null())
    kinds = [name for name in items if name in set(frame["items"])]
    names = [name for name in hierarchies if name in set(frame["hierarchy"])]
    if not kinds or not names:
        raise BadInput(f"{summary}: holds no {method} runs to draw; allowed: methods that were run")
    explanations = frame.select("margins", "explanation").unique().sort("margins", "explanation").rows()
    figure, axes = new_figure(
        len(kinds), len(names), height=0.16 * len(explanations) * len(kinds) + 1.0, sharey=True, sharex="row"
    )
    shown = [
        ("r2", PALETTE["grey"], "o", "in sample"),
        ("r2_seeds", PALETTE["orange"], "s", "held-out seeds"),
        ("r2_pairs", PALETTE["blue"], "D", "held-out pairs"),
    ]
    for across, kind in zip(axes, kinds, strict=True):
        for axis, name in zip(across, names, strict=True):
            rows = frame.filter(items=kind, hierarchy=name)
            for place, (margins, explanation) in enumerate(explanations):
                row = rows.filter(margins=margins, explanation=explanation)
                if row.is_empty():
                    continue
                ceiling = row["noise_ceiling"][0]
                if ceiling is not None:
                    axis.plot([ceiling, ceiling], [place - 0.4, place + 0.4], color=PALETTE["black"], lw=0.8)
                for value, colour, marker, _ in shown:
                    axis.plot(row[value][0], place, marker, color=colour, ms=3)
            axis.set_title(f"{name}, {kind}")
            axis.set_xlabel("r² (share of variance)")
            axis.set_xlim(max(axis.get_xlim()[0], -0.5), 1.02)
            axis.invert_yaxis() if axis is axes[0, 0] else None
        labels = [f"{text.replace('_', ' ')} ({margins.replace('_', ' ')})" for margins, text in explanations]
        across[0].set_yticks(range(len(explanations)), labels, fontsize=5)
    handles = [Line2D([], [], color=colour, marker=m, lw=0, label=label) for _, colour, m, label in shown]
    handles.append(Line2D([], [], color=PALETTE["black"], label="noise ceiling"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure
