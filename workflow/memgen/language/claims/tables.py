"""Columns of the margins that were predicted without being seen."""

import polars as pl

from memgen.language.responses.tables import CELL, PAIR_CLASS
from memgen.tables.schema import Column, Table, trained

HELD_OUT = Table(
    "held-out margins",
    {
        **CELL,
        "prediction": Column(
            pl.String,
            "measured: gamma from the measured conjunctivity and the ridge, nothing fitted; elsewhere: gamma "
            "and scale fitted to the other untrained pairs of the other seeds, mean over seeds",
            allowed=("measured", "elsewhere"),
        ),
        "higher": Column(pl.Int64, "position of the higher-ranked item, 0 the strongest"),
        "lower": Column(pl.Int64, "position of the lower-ranked item"),
        "pair_class": PAIR_CLASS,
        "predicted": Column(
            pl.Float64, "predicted margin, logit units; of a ridge probe, units of the target"
        ),
        "found": Column(pl.Float64, "margin found, same units"),
        "standard_error": Column(pl.Float64, "standard error of found over seeds", nullable=True),
        "n_seeds": Column(pl.Int64, "seeds averaged"),
    },
    trained(
        [*CELL, "prediction", "higher", "lower"],
        {"predicted": None, "found": "standard_error"},
        units="n_seeds",
    ),
    may_be_empty=True,
)
