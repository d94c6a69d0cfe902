"""Columns of the tables that the relational study writes.

Knows the names, types and meaning of every column; computes nothing.
"""

import polars as pl

from memgen.relational.hierarchy import PAIR_CLASSES
from memgen.tables import Column, Table

_HIERARCHY = {
    "hierarchy": Column(pl.String, "name of the hierarchy: a key of relational.hierarchies"),
    "n": Column(pl.Int64, "number of items"),
    "exceptions": Column(pl.String, 'exceptions as winner:loser, ranks from 0, e.g. "5:3 7:4"; "" for none'),
}
_LEARNER = {
    "alpha": Column(pl.Float64, "conjunctivity"),
    "ridge": Column(pl.Float64, "effective ridge, raw ridge / (k_same - k_reversed)"),
    "gamma": Column(pl.Float64, "2 (alpha + ridge) / (1 - alpha), which fixes all generalization"),
}
_PAIR_CLASS = {"pair_class": Column(pl.String, "class of the pair", allowed=PAIR_CLASSES)}

TASK = Table(
    "task",
    {
        **_HIERARCHY,
        "first": Column(pl.Int64, "rank of the first item; 0 is the strongest"),
        "second": Column(pl.Int64, "rank of the second item"),
        "higher": Column(pl.Int64, "the better rank of the two (the smaller number)"),
        "lower": Column(pl.Int64, "the other rank"),
        **_PAIR_CLASS,
        "trained": Column(pl.Boolean, "whether the pair is trained on"),
        "target": Column(
            pl.Int64,
            "training target: +1 if the first beats the second, -1 otherwise; empty for untrained pairs",
            nullable=True,
            allowed=(1, -1),
        ),
        "truth": Column(
            pl.Int64,
            "right answer, +1 or -1 likewise, of an exception its winner; empty for loop pairs",
            nullable=True,
            allowed=(1, -1),
        ),
    },
)
"""One hierarchy, one row per ordered pair."""

SWEEP = Table(
    "sweep",
    {
        **_HIERARCHY,
        **_LEARNER,
        "higher": Column(pl.Int64, "rank of the higher-ranked item, h < k; 0 is the strongest"),
        "lower": Column(pl.Int64, "rank of the other item"),
        **_PAIR_CLASS,
        "margin": Column(
            pl.Float64,
            "prediction f(higher, lower), with the memorized part for trained pairs; an exception is "
            "answered right where it is negative",
        ),
    },
)
"""Predictions over the grid, one row per hierarchy, alpha, ridge and pair higher < lower."""

RANKS = Table(
    "ranks",
    {
        **_HIERARCHY,
        **_LEARNER,
        "item": Column(pl.Int64, "rank of the item in the task; 0 is the strongest"),
        "rank": Column(pl.Float64, "rank that the learner gives to the item, in units of the target"),
    },
)
"""Rank profiles over the grid, one row per hierarchy, alpha, ridge and item."""

CRITICAL = Table(
    "critical",
    {
        **_HIERARCHY,
        "gamma": Column(pl.Float64, "critical gamma; empty where there is no crossing", nullable=True),
        "alpha": Column(
            pl.Float64,
            "critical conjunctivity without ridge; empty where there is no crossing",
            nullable=True,
        ),
        "component": Column(
            pl.String,
            "first and last rank of the component, e.g. 3-5; empty without exception",
            nullable=True,
        ),
    },
)
"""Critical conjunctivity, one row per hierarchy and component, one empty row without exception."""
