"""Columns of the tables that stages which take long write or read: names and types alone.

What each column holds is said in `tables`, which such a stage does not import, so that better words train no
network again.
"""

import polars as pl

from memgen.relational.hierarchy import PAIR_CLASSES
from memgen.tables.schema import Column, Schema

HIERARCHY = {
    "hierarchy": Column(pl.String),
    "n": Column(pl.Int64),
    "exceptions": Column(pl.String),
}
PAIR_CLASS = Column(pl.String, allowed=PAIR_CLASSES)

TASK = Schema(
    "task",
    {
        **HIERARCHY,
        "first": Column(pl.Int64),
        "second": Column(pl.Int64),
        "higher": Column(pl.Int64),
        "lower": Column(pl.Int64),
        "pair_class": PAIR_CLASS,
        "trained": Column(pl.Boolean),
        "target": Column(pl.Int64, nullable=True, allowed=(1, -1)),
        "truth": Column(pl.Int64, nullable=True, allowed=(1, -1)),
    },
)

REGIMES = ("lazy", "rich", "scan")
"""Training of a finite network: scale 1; scale falling with the width; one width, several scales."""

NETWORK = {
    **HIERARCHY,
    "regime": Column(pl.String, allowed=REGIMES),
    "width": Column(pl.Int64),
    "scale": Column(pl.Float64),
}

FINITE_WIDTH = Schema(
    "finite width",
    {
        **NETWORK,
        "seed": Column(pl.Int64),
        "deviation": Column(pl.Float64),
        "accuracy": Column(pl.Float64),
        "training_error": Column(pl.Float64),
        "kernel_change": Column(pl.Float64),
    },
)

FINITE_WIDTH_MARGINS = Schema(
    "finite width margins",
    {
        **NETWORK,
        "higher": Column(pl.Int64),
        "lower": Column(pl.Int64),
        "pair_class": PAIR_CLASS,
        "margin": Column(pl.Float64),
        "standard_error": Column(pl.Float64),
        "seeds": Column(pl.Int64),
        "theory": Column(pl.Float64),
    },
)
