"""Columns of the table of each seed's items: names and types alone, for stages that take long."""

import polars as pl

from memgen.tables.schema import Column, Schema

LINEUP = Schema(
    "lineup",
    {
        "items": Column(pl.String),
        "n": Column(pl.Int64),
        "seed": Column(pl.Int64),
        "rank": Column(pl.Int64),
        "name": Column(pl.String),
        "anchor_winner": Column(pl.String),
        "anchor_loser": Column(pl.String),
    },
)
