"""The theory tested beyond its fit: other links and kernels, other hierarchies, our models beside theirs.

Reads the analysis tables and draws them; computes nothing.
"""

from typing import Annotated

import cyclopts
import polars as pl
from matplotlib.lines import Line2D

from memgen.errors import BadInput
from memgen.figures.names import spoken
from memgen.figures.style import PAIR_CLASSES, PALETTE, new_figure, save
from memgen.language.analysis_tables import COMPARISON, EXPLANATIONS_SUMMARY, TRANSFER
from memgen.stage import Input, Output, stage

Hierarchies = Annotated[list[str], cyclopts.Parameter(name="--hierarchy")]


@stage
def published_explanations(
    *, summary: Input, items: list[str], method: str, hierarchies: Hierarchies, pdf: Output, png: Output
) -> None:
    """Draw how well each explanation predicts held-out seeds and pairs, beside the noise ceiling.

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
    pdf
        Figure as PDF.
    png
        Figure as PNG.
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
    save(figure, pdf=pdf, png=png)


@stage
def published_transfer(*, transfer: Input, pdf: Output, png: Output) -> None:
    """Draw how well gamma fitted on one hierarchy predicts another, against a fit to the other itself.

    Parameters
    ----------
    transfer
        Transfer between hierarchies.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    frame = TRANSFER.read(transfer).filter(~pl.col("at_edge"))
    frame = frame.filter(pl.col("r2_own").is_not_null(), pl.col("r2_rescaled").is_not_null())
    columns = frame.select("source", "method").unique().sort("source", "method").rows()
    links = ["straight", "saturating"]
    figure, axes = new_figure(len(links), len(columns), height=3.8, sharex=True, sharey=True)
    kinds = sorted(set(frame["items"]))
    colours = {kind: list(PALETTE.values())[1 + number] for number, kind in enumerate(kinds)}
    for across, link in zip(axes, links, strict=True):
        for axis, (source, method) in zip(across, columns, strict=True):
            for kind in kinds:
                rows = frame.filter(link=link, source=source, method=method, items=kind)
                axis.plot(rows["r2_own"], rows["r2_rescaled"], "o", ms=1.8, alpha=0.5, color=colours[kind])
                axis.plot(rows["r2_own"], rows["r2_distance"], "x", ms=2, alpha=0.3, color=colours[kind])
            axis.plot([-1, 1], [-1, 1], color=PALETTE["grey"], lw=0.6, zorder=0)
            axis.set(xlim=(-0.3, 1.03), ylim=(-0.6, 1.05))
            axis.set_title(f"{method}{' (ours)' if source == 'study' else ''}", fontsize=6.5)
        across[0].set_ylabel(f"{link} link")
    figure.supxlabel("r² of γ fitted on the hierarchy itself (share of variance)", fontsize=7)
    figure.supylabel("r² carried over from another hierarchy", fontsize=7)
    handles = [Line2D([], [], color=colours[kind], marker="o", lw=0, label=kind) for kind in kinds]
    handles.append(
        Line2D([], [], color=PALETTE["grey"], marker="x", lw=0, label="distance in rank, no theory")
    )
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    save(figure, pdf=pdf, png=png)


@stage
def published_comparison(*, comparison: Input, pdf: Output, png: Output) -> None:
    """Draw accuracy of our models against that of each published model, per pair class and hierarchy.

    Of each published model the smallest probe L2 and the largest LoRA rank are shown.

    Parameters
    ----------
    comparison
        Our responses beside the published ones.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    frame = COMPARISON.read(comparison).filter(pl.col("accuracy").is_not_null())
    published = pl.col("published_hyperparameter")
    group = ["published_model", "method"]
    largest, smallest = published.max().over(group), published.min().over(group)
    extreme = pl.when(pl.col("method") == "lora").then(largest).otherwise(smallest)
    frame = frame.filter(published.is_null() | (published == extreme))
    names = ["our_method", "model", "method"]
    panels = frame.select(names).unique().sort(names).rows()
    width = min(4, len(panels))
    depth = -(-len(panels) // width)
    figure, axes = new_figure(depth, width, height=1.9 * depth + 0.6, sharex=True, sharey=True)
    for axis, (our_method, model, method) in zip(axes.flat, panels, strict=False):
        rows = frame.filter(our_method=our_method, model=model, method=method)
        for kind, (colour, marker) in PAIR_CLASSES.items():
            of_kind = rows.filter(pair_class=kind)
            axis.errorbar(
                of_kind["published_accuracy"],
                of_kind["accuracy"],
                xerr=1.96 * of_kind["published_accuracy_standard_error"].fill_null(0.0),
                yerr=1.96 * of_kind["accuracy_standard_error"].fill_null(0.0),
                fmt=marker,
                ms=2.5,
                elinewidth=0.4,
                color=colour,
                alpha=0.6,
            )
        axis.plot([0, 1], [0, 1], color=PALETTE["grey"], lw=0.6, zorder=0)
        axis.set(xlim=(0, 1.04), ylim=(0, 1.04))
        axis.set_title(f"{spoken(model)} {our_method} v {method}", fontsize=6.5)
    for axis in list(axes.flat)[len(panels) :]:
        axis.axis("off")
    figure.supxlabel("accuracy of a published model (share right)", fontsize=7)
    figure.supylabel("accuracy of ours", fontsize=7)
    present = set(frame["pair_class"])
    handles = [
        Line2D([], [], color=colour, marker=marker, lw=0, label=kind)
        for kind, (colour, marker) in PAIR_CLASSES.items()
        if kind in present
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=7)
    save(figure, pdf=pdf, png=png)
