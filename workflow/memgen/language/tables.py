"""Columns of the tables of models that are made here."""

import polars as pl

from memgen.tables.schema import Column, Table, trained

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
