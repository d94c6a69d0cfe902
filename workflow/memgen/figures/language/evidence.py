"""What claims of language models rest on: margins predicted without being seen, and every cell."""

from typing import Annotated

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from memgen.figures.cells import series
from memgen.figures.labels import ITEMS, model_label, named
from memgen.figures.style import PAGE, PALETTE, Words, figure, new_figure
from memgen.language.claims.tables import HELD_OUT
from memgen.tables.claims import CLAIMS

GREY = PALETTE["grey"]
PREDICTIONS = {
    "measured": "probes, gamma measured:\nall untrained pairs",
    "elsewhere": "gamma fitted elsewhere:\npairs beside the exception",
}
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
    ridge probes; the conjunctivity measured on the features and the known ridge give gamma, hence every
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
        1, len(PANELS), width=PAGE, height=0.15 * max(order.height, 4) + 0.9, sharey=True
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
        labels.append(f"{called.get(row['method'], row['method'])}: {label}, {kinds}")
    axes[0, 0].set_yticks(list(place.values()), labels, fontsize=4.5)
    axes[0, 0].set_ylim(-0.6, order.height - 0.4)
    return picture
