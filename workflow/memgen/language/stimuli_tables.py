"""Columns of the tables of poker equities, and of the table of each seed's items; computes nothing."""

import polars as pl

from memgen.language import stimuli_rows as rows
from memgen.tables.schema import Column, Table

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


LINEUP = rows.LINEUP.described(
    {
        "items": "kind of item: real, fake or poker",
        "n": "number of items",
        "seed": "seed of the items and the anchor pair",
        "rank": "rank in a run that is not reversed; 0 is the strongest",
        "name": "name of the item",
        "anchor_winner": "winner of the two shots",
        "anchor_loser": "loser of the two shots",
    }
)
