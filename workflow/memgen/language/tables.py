"""Columns of the tables of items, poker equities, and models that are pretrained here."""

import polars as pl

from memgen.tables.schema import Column, Table, trained

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

PRETRAINING = Table(
    "pretraining",
    {
        "model": Column(pl.String, "name of the model"),
        "step": Column(pl.Int64, "steps of AdamW so far"),
        "answer_loss": Column(
            pl.Float64, "mean cross-entropy at the answers over the steps since the row before, nats"
        ),
    },
    trained(["model", "step"], {"answer_loss": None}, why="the networks themselves are what differs"),
)
