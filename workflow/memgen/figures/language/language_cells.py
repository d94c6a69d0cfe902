"""Forest plots of what claims of language models rest on: the pooled claim and its cells."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.names import spoken
from memgen.figures.style import PAGE, PALETTE, figure, new_figure
from memgen.jobs.stage import Input
from memgen.tables.claims import CLAIMS

TITLES = {
    "order-generalized": "untrained pairs right,\nno exception",
    "exception-remembered": "exception\nremembered",
    "exception-generalized": "untrained pairs right,\nwith exception",
    "mistakes-did": "predicted mistakes,\ndifference in differences",
    "elsewhere-slope": "slope of found on\npredicted margins",
    "exception-found": "other exceptions\nexplain less",
}


@figure
def language_cells(*, claims: Input) -> Figure:
    """Draw the claims about language models and their cells, by method, model and kind of item.

    A panel per statement. Large diamonds are the claims, pooled over models and teams seed by seed; dots are
    the same statistic of one model and kind of item, or of a model that was never trained, without a
    verdict. Bars are 95 % intervals over seeds, or over networks pretrained here. Shares are given less 1/2.
    The grey line is chance, or the slope at which prediction and finding agree.

    Parameters
    ----------
    claims
        Claims of the study.
    """
    table = CLAIMS.read(claims).with_columns(
        pl.concat_str("method", pl.lit("|"), "model", pl.lit("|"), "items").alias("_row"),
        pl.col("id")
        .str.head(pl.col("id").str.len_chars() - pl.col("method").str.len_chars() - 1)
        .alias("_said"),
    )
    table = table.filter(pl.col("_said").is_in(list(TITLES)))
    order = table.sort("method", pl.col("leads").not_(), "model", "items").unique("_row", maintain_order=True)
    rows = order["_row"].to_list()
    height = 0.15 * len(rows) + 0.9
    picture, axes = new_figure(1, len(TITLES), width=PAGE, height=height, sharey=True)
    for axis, (said, title) in zip(axes[0], TITLES.items(), strict=True):
        for row in table.filter(_said=said).drop_nulls("ours").iter_rows(named=True):
            ends = None
            if row["lower"] is not None:
                ends = [[row["ours"] - row["lower"]], [row["upper"] - row["ours"]]]
            axis.errorbar(
                row["ours"],
                len(rows) - 1 - rows.index(row["_row"]),
                xerr=ends,
                fmt="D" if row["leads"] else "o",
                color=PALETTE["vermilion" if row["leads"] else "blue"],
                ms=3.6 if row["leads"] else 2.2,
                mew=0,
                elinewidth=0.7,
            )
        axis.axvline(1.0 if said.endswith("slope") else 0.0, color=PALETTE["grey"], lw=0.6, zorder=0)
        axis.set_title(title, fontsize=5.5)
    labels = []
    for row in order.iter_rows(named=True):
        models = " + ".join(spoken(name) for name in row["model"].split(" + "))
        labels.append(f"{row['method']}: {models}, {row['items']}")
    axes[0, 0].set_yticks(range(len(rows)), labels[::-1], fontsize=4.5)
    axes[0, 0].set_ylim(-0.6, len(rows) - 0.4)
    return picture
