"""What claims of language models rest on: margins predicted unseen, representations, every cell."""

from typing import Annotated

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from memgen.figures.cells import series
from memgen.figures.labels import ITEMS, PALETTE, model_label, named
from memgen.figures.panels import key, legend, level, panel_letters
from memgen.figures.style import MARKERS_OF_MODELS, PAGE, Words, figure, new_figure
from memgen.language.tables import COST_CURVE, HELD_OUT, REPRESENTATIONS
from memgen.tables.claims import CLAIMS

GREY = PALETTE["grey"]
PREDICTIONS = {
    "measured": "probes, gamma measured:\nall untrained pairs",
    "elsewhere": "gamma fitted elsewhere:\npairs beside the exception",
}
#: Label and colour of what is read of a network.
READ = {"last": ("last token", "blue"), "tail": ("mean of the last six", "vermilion")}
PANELS = {
    "order-generalized": "untrained pairs right,\nno exception",
    "exception-remembered": "exception\nremembered",
    "exception-generalized": "untrained pairs right,\nwith exception",
    "mistakes-did": "mistakes, difference\nin differences",
    "elsewhere-slope": "found over\npredicted, slope",
    "exception-found": "other exceptions\nexplain less",
}


@figure
def held_out_margins(*, held_out: Annotated[pl.DataFrame, HELD_OUT], words: Words) -> Figure:
    """Draw margins that the theory predicts for pairs it has not seen against those found.

    Each point is one pair of one model, kind of item and method, with the exception 5:3 among 9 items. Left:
    ridge probes; the conjunctivity measured on the features and the known ridge give gamma and every
    margin, and nothing is fitted. Right: gamma and the scale are fitted to all other untrained pairs of the
    other seeds; margins are divided by the largest of the cell, so that models share one axis. Bars are one
    standard error over seeds. On the grey line prediction and finding agree; in the lower left quarter the
    predicted mistakes are made.
    """
    every = series(held_out, named(words))
    picture, axes = new_figure(1, 2, width=PAGE, height=3.1)
    for axis, (kind, title) in zip(axes[0], PREDICTIONS.items(), strict=True):
        for one in every:
            of_kind = one.rows.filter(prediction=kind)
            for _, part in of_kind.group_by("model", "items", maintain_order=True):
                unit = 1.0 if kind == "measured" else float(np.abs(part["found"].to_numpy()).max())
                error = part["standard_error"].fill_nan(None).fill_null(0) / unit
                axis.errorbar(
                    part["predicted"] / unit, part["found"] / unit, yerr=error, fmt=one.marker,
                    color=one.colour, ms=2.2, mew=0, lw=0, elinewidth=0.4, alpha=0.8,
                )  # fmt: skip
        ends = [*axis.get_xlim(), *axis.get_ylim()]
        axis.plot([min(ends), max(ends)], [min(ends), max(ends)], color=GREY, lw=0.8, zorder=0)
        axis.axhline(0, color=GREY, lw=0.4, zorder=0)
        axis.axvline(0, color=GREY, lw=0.4, zorder=0)
        axis.set_title(title)
        unit_label = "(target units)" if kind == "measured" else "(share of the largest found)"
        axis.set(xlabel=f"predicted margin {unit_label}", ylabel=f"margin found {unit_label}")
    picture.legend(handles=[one.key for one in every], loc="outside lower center", ncols=3)
    return picture


@figure
def geometry(
    *, representations: Annotated[pl.DataFrame, REPRESENTATIONS], curve: Annotated[pl.DataFrame, COST_CURVE]
) -> Figure:
    """Draw the margin next to an exception on representations that differ in conjunctivity, and theory's.

    Each point is one representation: a depth of a network, read at the last token (blue) or as the mean of
    the last six (vermilion), or a mixture of the additive and pair parts of the deepest last token (grey).
    Ridge probes learn nine invented names and the exception that 5 beats 3. Shown is the mean margin of the
    pairs next to the exception, 2 v 5, 3 v 6 and 2 v 6; below zero they are wrong. a: against the measured
    conjunctivity, where probes read what the two directions of a pair differ by. b: the same against the
    margin that theory predicts from conjunctivity and ridge. c: probes read one direction of a pair; theory
    assumes that first and second items are alike. Lines: theory, nothing fitted. Shapes are architectures;
    filled points have pretrained weights, open ones random weights. Bars: one standard error over seeds of
    the names.
    """
    picture, axes = new_figure(1, 3, width=PAGE, height=2.6, sharey=True)
    models = representations["model"].unique(maintain_order=True).to_list()
    markers = {name: MARKERS_OF_MODELS[place] for place, name in enumerate(models)}
    panels = (
        ("alpha", "difference", "measured conjunctivity"),
        ("near_margin_predicted", "difference", "margin predicted"),
        ("near_margin_predicted", "raw", "margin predicted, one direction"),
    )
    for axis, (across, features, label) in zip(axes[0], panels, strict=True):
        rows = representations.filter(features=features).drop_nulls(across)
        for row in rows.iter_rows(named=True):
            colour = PALETTE[READ[row["pooling"]][1]] if row["mixing"] is None else GREY
            axis.errorbar(
                row[across], row["near_margin"], yerr=row["near_margin_standard_error"],
                fmt=markers[row["model"]], color=colour, ms=2.6, mew=0.5, elinewidth=0.4, lw=0,
                mfc=colour if row["initialization"] is None else "white",
                zorder=1 if row["mixing"] is not None else 2,
            )  # fmt: skip
        on_curve = curve["alpha"] if across == "alpha" else curve["near_margin"]
        axis.plot(on_curve, curve["near_margin"], color=PALETTE["black"], lw=0.8, zorder=3)
        axis.set_xlabel(label)
        level(axis, 0)
    axes[0, 0].set_ylabel("margin found next to\nthe exception (target units)")
    panel_letters(axes[0])
    black = PALETTE["black"]
    handles = [key(model_label(name), black, marker) for name, marker in markers.items()]
    handles += [key("random weights", black, markers[models[0]], mfc="white")]
    handles += [key(label, PALETTE[colour], "s") for label, colour in READ.values()]
    handles += [key("mixture of parts", GREY, "s"), key("theory", black, lw=1.0)]
    legend(picture, handles, 4)
    return picture


@figure
def language_cells(*, claims: Annotated[pl.DataFrame, CLAIMS], words: Words) -> Figure:
    """Draw the claims about language models and their cells, by method, model and kind of item.

    A panel per statement. Large diamonds are the claims, pooled seed by seed over the models
    whose weights are given; dots are the same statistic without a verdict: of one model and kind of item, of
    all untrained networks of an architecture, or of networks pretrained here by one recipe. Bars are 95 %
    intervals over seeds, or over networks where a row counts them (5 ×). Shares are given less 1/2. The grey
    line is chance, or the slope at which prediction and finding agree.
    """
    said = pl.col("id").str.head(pl.col("id").str.len_chars() - pl.col("method").str.len_chars() - 1)
    table = claims.with_columns(
        pl.concat_str("method", "model", "items", separator="|").alias("_row"), said.alias("_said")
    ).filter(pl.col("_said").is_in(list(PANELS)))
    order = table.sort("method", pl.col("leads").not_(), "model", "items").unique("_row", maintain_order=True)
    place = {name: order.height - 1 - index for index, name in enumerate(order["_row"])}
    picture, axes = new_figure(
        1, len(PANELS), width=PAGE, height=0.2 * max(order.height, 4) + 0.9, sharey=True
    )
    for axis, (statement, title) in zip(axes[0], PANELS.items(), strict=True):
        for row in table.filter(_said=statement).drop_nulls("ours").iter_rows(named=True):
            known = row["lower"] is not None
            axis.errorbar(
                row["ours"], place[row["_row"]],
                xerr=[[row["ours"] - row["lower"]], [row["upper"] - row["ours"]]] if known else None,
                fmt="D" if row["leads"] else "o", color=PALETTE["vermilion" if row["leads"] else "blue"],
                ms=3.6 if row["leads"] else 2.2, mew=0, elinewidth=0.7,
            )  # fmt: skip
        axis.axvline(1.0 if statement.endswith("slope") else 0.0, color=GREY, lw=0.6, zorder=0)
        axis.set_title(title, fontsize=5)
    called, labels = named(words), []
    for row in order.iter_rows(named=True):
        models = row["model"].split(" + ")
        label = model_label(models[0])
        if len(models) > 1:
            alike = row["unit"] in ("networks", "pretraining seeds")
            label = f"{len(models)} × {label}" if alike else f"{len(models)} models pooled"
        kinds = ", ".join(ITEMS.get(kind, kind) for kind in row["items"].split(" + "))
        labels.append(f"{called.get(row['method'], row['method'])}:\n{label}, {kinds}")
    axes[0, 0].set_yticks(list(place.values()), labels, fontsize=4.5)
    axes[0, 0].set_ylim(-0.6, order.height - 0.4)
    return picture
