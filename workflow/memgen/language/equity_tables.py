"""Columns of the tables of poker equities, and of the table of each seed's items; computes nothing."""

import polars as pl

from memgen.tables import Column, Table

EQUITY = Table(
    "equity",
    {
        "first": Column(pl.String, "label of a hand, the higher card first"),
        "second": Column(pl.String, "label of the other hand"),
        "equity": Column(
            pl.Float64,
            "chance that first wins, plus half the chance of a tie, heads-up and all-in before the flop, "
            "averaged over all legal suit combinations",
        ),
        "standard_error": Column(pl.Float64, "its standard error over boards"),
        "boards": Column(pl.Int64, "boards sampled"),
    },
)

LINEUP = Table(
    "lineup",
    {
        "items": Column(pl.String, "kind of item: real, fake or poker"),
        "n": Column(pl.Int64, "number of items"),
        "seed": Column(pl.Int64, "seed of the items and the anchor pair"),
        "rank": Column(pl.Int64, "rank in a run that is not reversed; 0 is the strongest"),
        "name": Column(pl.String, "name of the item"),
        "anchor_winner": Column(pl.String, "winner of the two shots"),
        "anchor_loser": Column(pl.String, "loser of the two shots"),
    },
)

_CLASSES = {
    name: Column(pl.String, f"class of the {which} hand", allowed=("pair", "suited", "offsuit"))
    for name, which in (("first_class", "one"), ("second_class", "other"))
}
_SHARES = {"shares_rank": Column(pl.Boolean, "whether the two labels have a rank in common")}

EQUITY_CLASSES = Table(
    "differences from the published equities",
    {
        **_CLASSES,
        **_SHARES,
        "n_entries": Column(pl.Int64, "unordered pairs of different labels"),
        "mean_absolute_difference": Column(
            pl.Float64, "mean of |published - ours|, ours averaged over suits", nullable=True
        ),
        "root_mean_square_score": Column(
            pl.Float64, "root mean square of (published - ours) / our standard error", nullable=True
        ),
        "share_beyond": Column(
            pl.Float64, "share of entries more than four of our standard errors apart", nullable=True
        ),
    },
)

EQUITY_SUITS = Table(
    "published equities against fixed suits",
    {
        **_CLASSES,
        **_SHARES,
        "first": Column(pl.String, "label of a hand"),
        "second": Column(pl.String, "label of the other hand"),
        "published": Column(pl.Float64, "published equity of first against second"),
        "averaged": Column(pl.Float64, "our equity, averaged over all legal suits"),
        "nearest": Column(pl.Float64, "equity at the assignment of suits nearest to the published one"),
        "nearest_standard_error": Column(pl.Float64, "its standard error over boards"),
        "assignment": Column(pl.String, "that assignment, by an example"),
        "deals_a_card_twice": Column(pl.Boolean, "whether both hands hold the same card in it"),
        "nearest_legal": Column(pl.Float64, "equity at the nearest assignment that a deck can deal"),
        "nearest_legal_standard_error": Column(pl.Float64, "its standard error over boards"),
        "n_assignments": Column(pl.Int64, "assignments of suits, up to renaming, legal or not"),
        "explained": Column(pl.Boolean, "whether the nearest lies within four standard errors"),
    },
)
