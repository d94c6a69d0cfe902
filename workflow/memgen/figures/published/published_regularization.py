"""What probe L2 and LoRA rank do to accuracy, margins, gamma and memorization."""

from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.figures.names import spoken
from memgen.figures.published_runs import MARKERS, post, present
from memgen.figures.style import PAIR_CLASSES, PALETTE, Hierarchies, class_handles, figure, new_figure
from memgen.jobs.stage import Input
from memgen.language.fits.tables import FIT
from memgen.language.responses.tables import ACCURACY


def _lines(axis: Axes, rows: pl.DataFrame, value: str, error: str | None, **style: Any) -> None:
    rows = rows.sort("hyperparameter")
    axis.errorbar(
        rows["hyperparameter"],
        rows[value],
        yerr=None if error is None else rows[error].fill_null(0.0),
        lw=0.8,
        elinewidth=0.5,
        ms=2.5,
        **style,
    )


@figure
def published_regularization(*, accuracy: Input, fit: Input, items: str, hierarchies: Hierarchies) -> Figure:
    """Draw what regularization does: accuracy, margin, gamma and memorization weight, against L2 and rank.

    From top to bottom: accuracy and margin by pair class, fitted gamma, and fitted memorization weight
    against the L2 of the probe, one line per model; fitted gamma against LoRA rank. Fits with gamma at an
    end of its range are left out. The theory says that gamma grows with regularization and the memorization
    weight falls; loop pairs have no accuracy.

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
    """
    rates = post([ACCURACY.read(accuracy)], items)
    fits = FIT.read(fit).filter(pl.col("items") == items)
    names = present(hierarchies, rates)
    models = sorted(set(rates["model"]))
    figure, axes = new_figure(5, len(names), height=7.6, sharex="row", sharey="row")
    for column, name in enumerate(names):
        of_name = pl.col("hierarchy") == name
        probes = rates.filter(of_name, pl.col("method") == "probe")
        for kind, (colour, marker) in PAIR_CLASSES.items():
            for model in models:
                rows = probes.filter(pair_class=kind, model=model)
                for row, value in enumerate(("accuracy", "margin")):
                    known, error = rows.filter(pl.col(value).is_not_null()), f"{value}_half_width"
                    _lines(axes[row, column], known, value, error, color=colour, marker=marker)
        for number, model in enumerate(models):
            style: dict[str, Any] = {
                "color": list(PALETTE.values())[1 + number % 8],
                "marker": MARKERS[number % 8],
            }
            cell = fits.filter(of_name, pl.col("model") == model, pl.col("gamma_at_edge").is_null())
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
    classes = class_handles(set(rates["pair_class"]))
    lines = [
        Line2D([], [], color=list(PALETTE.values())[1 + n % 8], marker=MARKERS[n % 8], label=spoken(model))
        for n, model in enumerate(models)
    ]
    figure.legend(handles=[*classes, *lines], loc="outside lower center", ncols=6)
    return figure
