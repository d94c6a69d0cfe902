"""Accuracy by pair class of every published model and ours, with intervals."""

from typing import Any

import polars as pl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.figures.names import spoken
from memgen.figures.published_runs import MARKERS, METHODS, post, present
from memgen.figures.style import PAIR_CLASSES, PALETTE, Hierarchies, figure, new_figure
from memgen.jobs.stage import Inputs
from memgen.language.responses.tables import ACCURACY


@figure
def published_accuracy(*, accuracy: Inputs, items: str, hierarchies: Hierarchies) -> Figure:
    """Draw accuracy by pair class for every model and method, with 95 % intervals over seeds.

    Accuracy by pair class after training, of each model and method the weakest regularization run (of LoRA
    the largest rank), with 95 % intervals over seeds; open markers are this study's models. Read
    generalization beside the accuracy on trained pairs at the left: published LoRA runs often have not
    learned those.

    Parameters
    ----------
    accuracy
        Accuracies, published and ours; of each model and method the smallest hyperparameter is shown, of
        LoRA the largest rank.
    items
        Which kind of item.
    hierarchies
        Which hierarchies, from top to bottom.
    """
    frame = post([ACCURACY.read(path) for path in accuracy], items)
    group = ["source", "model", "method"]
    extreme = (
        pl.when(pl.col("method") == "lora")
        .then(pl.col("hyperparameter").max().over(group))
        .otherwise(pl.col("hyperparameter").min().over(group))
    )
    frame = frame.filter(pl.col("hyperparameter").is_null() | (pl.col("hyperparameter") == extreme))
    names = present(hierarchies, frame)
    runs = frame.select(group).unique().sort("source", "method", "model").rows()
    models = sorted({(source, model) for source, model, _ in runs})
    figure, axes = new_figure(len(names), 1, height=1.45 * len(names) + 0.7, sharex=False)
    for axis, name in zip(axes[:, 0], names, strict=True):
        rows = frame.filter(pl.col("hierarchy") == name)
        classes = [kind for kind in PAIR_CLASSES if kind in set(rows["pair_class"]) and kind != "loop"]
        for position, kind in enumerate(classes):
            for number, (source, model, method) in enumerate(runs):
                row = rows.filter(pair_class=kind, source=source, model=model, method=method)
                if row.is_empty():
                    continue
                axis.errorbar(
                    position - 0.38 + 0.76 * (number + 0.5) / len(runs),
                    row["accuracy"][0],
                    yerr=row["accuracy_half_width"][0] or 0.0,
                    fmt=MARKERS[models.index((source, model)) % len(MARKERS)],
                    ms=3,
                    mfc="white" if source == "study" else None,
                    elinewidth=0.6,
                    color=METHODS.get(method, PALETTE["green"]),
                )
        axis.axhline(0.5, color=PALETTE["grey"], lw=0.5, zorder=0)
        axis.set_xticks(range(len(classes)), classes)
        axis.set(ylim=(-0.03, 1.05), ylabel="accuracy\n(share right)")
        axis.set_title(f"{name}, {items}", loc="left")
    ours = {"study": " (ours)", "published": ""}
    handles = [Line2D([], [], color=METHODS[m], marker="s", lw=0, label=m) for m in METHODS]
    handles.append(Line2D([], [], color=PALETTE["green"], marker="s", lw=0, label="other"))
    for number, (source, model) in enumerate(models):
        fill: dict[str, Any] = {"mfc": "white"} if source == "study" else {}
        marker = MARKERS[number % len(MARKERS)]
        label = f"{spoken(model)}{ours[source]}"
        handles.append(Line2D([], [], color=PALETTE["grey"], marker=marker, lw=0, label=label, **fill))
    figure.legend(handles=handles, loc="outside lower center", ncols=6)
    return figure
