"""Accuracy of the published language models by pair class, across hierarchies, methods and regularization.

Reads the accuracies' and the fits' tables and draws them; computes nothing. Train accuracy stands beside
every generalization: a model that has not learned its training pairs says little about the others.
"""

from typing import Annotated, Any

import cyclopts
import polars as pl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from memgen.errors import BadInput
from memgen.figures.names import spoken
from memgen.figures.style import PAIR_CLASSES, PALETTE, new_figure, save
from memgen.language.fit_tables import FIT
from memgen.language.tables import ACCURACY
from memgen.stage import Input, Inputs, Output, stage

Hierarchies = Annotated[list[str], cyclopts.Parameter(name="--hierarchy")]
METHODS = {"full": PALETTE["black"], "lora": PALETTE["orange"], "probe": PALETTE["blue"]}
MARKERS = "osD^vP*X"


def _post(paths: list[pl.DataFrame], items: str) -> pl.DataFrame:
    frame = pl.concat(paths).filter(pl.col("phase") == "post", pl.col("items") == items)
    if frame.is_empty():
        raise BadInput(f"no responses with {items} items after training; allowed: items that were run")
    return frame


def _present(names: list[str], frame: pl.DataFrame) -> list[str]:
    return [name for name in names if name in set(frame["hierarchy"])]


@stage
def published_accuracy(
    *, accuracy: Inputs, items: str, hierarchies: Hierarchies, pdf: Output, png: Output
) -> None:
    """Draw accuracy by pair class for every model and method, with 95 % intervals over seeds.

    Parameters
    ----------
    accuracy
        Accuracies, published and ours; of each model and method the smallest hyperparameter is shown, of
        LoRA the largest rank.
    items
        Which kind of item.
    hierarchies
        Which hierarchies, from top to bottom.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    frame = _post([ACCURACY.read(path) for path in accuracy], items)
    group = ["source", "model", "method"]
    extreme = (
        pl.when(pl.col("method") == "lora")
        .then(pl.col("hyperparameter").max().over(group))
        .otherwise(pl.col("hyperparameter").min().over(group))
    )
    frame = frame.filter(pl.col("hyperparameter").is_null() | (pl.col("hyperparameter") == extreme))
    names = _present(hierarchies, frame)
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
                    yerr=1.96 * (row["accuracy_standard_error"][0] or 0.0),
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
    save(figure, pdf=pdf, png=png)


def _lines(axis: Axes, rows: pl.DataFrame, value: str, error: str | None, **style: Any) -> None:
    rows = rows.sort("hyperparameter")
    axis.errorbar(
        rows["hyperparameter"],
        rows[value],
        yerr=None if error is None else 1.96 * rows[error].fill_null(0.0),
        lw=0.8,
        elinewidth=0.5,
        ms=2.5,
        **style,
    )


@stage
def published_regularization(
    *, accuracy: Input, fit: Input, items: str, hierarchies: Hierarchies, pdf: Output, png: Output
) -> None:
    """Draw what regularization does: accuracy, margin, gamma and memorization weight, against L2 and rank.

    Parameters
    ----------
    accuracy
        Published accuracies.
    fit
        Published fits.
    items
        Which kind of item.
    hierarchies
        Which hierarchies, from left to right.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    rates = _post([ACCURACY.read(accuracy)], items)
    fits = FIT.read(fit).filter(pl.col("items") == items)
    names = _present(hierarchies, rates)
    models = sorted(set(rates["model"]))
    figure, axes = new_figure(5, len(names), height=7.6, sharex="row", sharey="row")
    for column, name in enumerate(names):
        of_name = pl.col("hierarchy") == name
        probes = rates.filter(of_name, pl.col("method") == "probe")
        for kind, (colour, marker) in PAIR_CLASSES.items():
            for model in models:
                rows = probes.filter(pair_class=kind, model=model)
                for row, value in enumerate(("accuracy", "margin")):
                    known, error = rows.filter(pl.col(value).is_not_null()), f"{value}_standard_error"
                    _lines(axes[row, column], known, value, error, color=colour, marker=marker)
        for number, model in enumerate(models):
            style: dict[str, Any] = {
                "color": list(PALETTE.values())[1 + number % 8],
                "marker": MARKERS[number % 8],
            }
            cell = fits.filter(of_name, pl.col("model") == model, ~pl.col("at_edge"))
            probe, lora = cell.filter(method="probe"), cell.filter(method="lora")
            _lines(axes[2, column], probe, "gamma", None, **style)
            _lines(axes[3, column], probe, "memorization_weight", None, **style)
            _lines(axes[4, column], lora, "gamma", None, **style)
        axes[0, column].set_title(name)
        axes[0, column].axhline(0.5, color=PALETTE["grey"], lw=0.5, zorder=0)
        axes[1, column].axhline(0, color=PALETTE["grey"], lw=0.5, zorder=0)
        for row in range(4):
            axes[row, column].set_xscale("log")
            axes[row, column].set_xlabel("probe L2")
        axes[2, column].set_yscale("log")
        axes[4, column].set_xscale("log", base=2)
        axes[4, column].set_yscale("log")
        axes[4, column].set_xlabel("LoRA rank")
    labels = (
        "accuracy\n(share right)",
        "margin\n(logit units)",
        "fitted γ",
        "memorization\nweight m",
        "fitted γ",
    )
    for row, label in enumerate(labels):
        axes[row, 0].set_ylabel(label)
    axes[3, 0].set_ylim(-0.5, 1.5)
    classes = [
        Line2D([], [], color=colour, marker=marker, label=kind)
        for kind, (colour, marker) in PAIR_CLASSES.items()
        if kind in set(rates["pair_class"])
    ]
    lines = [
        Line2D([], [], color=list(PALETTE.values())[1 + n % 8], marker=MARKERS[n % 8], label=spoken(model))
        for n, model in enumerate(models)
    ]
    figure.legend(handles=[*classes, *lines], loc="outside lower center", ncols=6)
    save(figure, pdf=pdf, png=png)
