"""Columns of the margins that were predicted without being seen."""

import polars as pl

from memgen.language.responses.tables import PAIR_CLASSES
from memgen.tables.schema import Column, Table, trained

HELD_OUT = Table(
    "held-out margins",
    {
        "source": Column(pl.String, "study or published", allowed=("study", "published")),
        "model": Column(pl.String, "language model"),
        "items": Column(pl.String, "kind of item"),
        "hierarchy": Column(pl.String, "hierarchy with the exception"),
        "method": Column(pl.String, "how the model was trained"),
        "hyperparameter": Column(pl.Float64, "its hyperparameter, the smallest of several", nullable=True),
        "prediction": Column(
            pl.String,
            "measured: gamma from the measured conjunctivity and the ridge, nothing fitted; elsewhere: gamma "
            "and scale fitted to the other untrained pairs of the other seeds, mean over seeds",
            allowed=("measured", "elsewhere"),
        ),
        "higher": Column(pl.Int64, "position of the higher-ranked item, 0 the strongest"),
        "lower": Column(pl.Int64, "position of the lower-ranked item"),
        "pair_class": Column(pl.String, "class of the pair", allowed=PAIR_CLASSES),
        "predicted": Column(
            pl.Float64, "predicted margin, logit units; of a ridge probe, units of the target"
        ),
        "found": Column(pl.Float64, "margin found, same units"),
        "standard_error": Column(pl.Float64, "standard error of found over seeds", nullable=True),
        "n_seeds": Column(pl.Int64, "seeds averaged"),
    },
    trained(
        [
            "source",
            "model",
            "items",
            "hierarchy",
            "method",
            "hyperparameter",
            "prediction",
            "higher",
            "lower",
        ],
        {"predicted": None, "found": "standard_error"},
        units="n_seeds",
    ),
    may_be_empty=True,
)
