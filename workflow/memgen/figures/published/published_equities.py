"""Our equities of poker hands against the published matrix, and what its fixed suits explain."""

import polars as pl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memgen.figures.style import PAGE, PALETTE, figure, new_figure, panel_letters
from memgen.jobs.stage import Input
from memgen.published.tables import EQUITY_CLASSES, EQUITY_SUITS

LOOKS = {
    False: (PALETTE["blue"], "o", "no rank in common"),
    True: (PALETTE["vermilion"], "D", "a rank in common"),
}


@figure
def published_equities(*, classes: Input, suits: Input) -> Figure:
    """Draw differences by class of the two hands, and of sampled entries before and after fixing suits.

    Equities of pre-flop hands, the published matrix against ours, which are averaged over all legal suits:
    mean absolute difference (a) and share of entries beyond four standard errors (b) by class of the two
    hands. Sampled entries (c): the difference that is left once suits are fixed as comes nearest. Open: the
    nearest assignment gives both hands the same card, which no deck can deal; where labels share a rank, the
    matrix holds such deals.

    Parameters
    ----------
    classes
        Differences by class.
    suits
        Sampled entries and the assignment of suits that comes nearest.
    """
    by_class, sampled = EQUITY_CLASSES.read(classes), EQUITY_SUITS.read(suits)
    figure, axes = new_figure(1, 3, width=PAGE, height=2.5)
    one, two, three = axes[0]
    names = by_class.select("first_class", "second_class").unique(maintain_order=True).rows()
    labels = [f"{a} v {b}" for a, b in names]
    for sharing, (colour, marker, label) in LOOKS.items():
        rows = by_class.filter(pl.col("shares_rank") == sharing)
        places = [
            len(names) - 1 - names.index(row) for row in rows.select("first_class", "second_class").rows()
        ]
        one.plot(rows["mean_absolute_difference"], places, marker, color=colour, ms=3.5, label=label)
        two.plot(rows["share_beyond"], places, marker, color=colour, ms=3.5)
        entries = sampled.filter(pl.col("shares_rank") == sharing)
        for twice in (False, True):
            part = entries.filter(pl.col("deals_a_card_twice") == twice)
            three.plot(
                (part["published"] - part["averaged"]).abs(),
                (part["published"] - part["nearest"]).abs(),
                marker,
                color=colour,
                mfc="white" if twice else colour,
                ms=2.6,
                mew=0.6,
                lw=0,
            )
    for axis in (one, two):
        axis.set_yticks(range(len(names)), labels[::-1])
    two.set_yticklabels([])
    one.set_xlabel("mean |published - ours|")
    one.set_xlim(left=0)
    one.xaxis.set_major_locator(MaxNLocator(3))
    two.set_xlabel("share beyond four standard errors")
    most = max(0.005, float((sampled["published"] - sampled["averaged"]).abs().max()))  # type: ignore[arg-type]
    three.plot([0, most], [0, most], color=PALETTE["grey"], lw=0.6, zorder=0)
    three.plot([], [], "D", mfc="white", color=PALETTE["vermilion"], label="a card dealt twice", ms=3)
    three.set_xlabel("|published - ours|, suits averaged")
    three.set_ylabel("|published - ours|, suits fixed")
    panel_letters(axes[0])
    handles, labels = (
        first + last
        for first, last in zip(
            one.get_legend_handles_labels(), three.get_legend_handles_labels(), strict=True
        )
    )
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure
