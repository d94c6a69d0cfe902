"""Columns of the tables that stages which take long write: names and types alone.

What each column holds is said in `tables`, which such a stage does not import, so that better words train no
classifier again.
"""

import polars as pl

from memgen.tables.schema import Column, Schema

LEARNERS = ("ridge", "neighbours", "network", "private_network")
STRUCTURES = ("gaussian", "hypercube")

DOMAIN = {
    "prior": Column(pl.String),
    "domain": Column(pl.Int64),
    "samples": Column(pl.Int64),
}
LABELS = {"labels": Column(pl.Int64)}
TRAINED = {
    "structure": Column(pl.String, allowed=STRUCTURES),
    "learner": Column(pl.String, allowed=LEARNERS),
    "setting": Column(pl.Float64),
}
EPSILON = {
    "epsilon": Column(pl.Float64, nullable=True),
    "delta": Column(pl.Float64, nullable=True),
}
METHOD = {"method": Column(pl.String, allowed=("leave_one_out", "subsampling"))}

CLASSIFIERS = Schema(
    "classifiers",
    {
        **TRAINED,
        **EPSILON,
        "seed": Column(pl.Int64),
        **DOMAIN,
        **LABELS,
        "dimensions": Column(pl.Int64),
        "spread": Column(pl.Float64),
        "singletons": Column(pl.Int64),
        "fitted_singletons": Column(pl.Float64),
        "train_error": Column(pl.Float64),
        "test_error": Column(pl.Float64),
        "optimum": Column(pl.Float64),
        "lower_bound": Column(pl.Float64),
    },
)

SCORES = Schema(
    "scores",
    {
        **TRAINED,
        **METHOD,
        "seed": Column(pl.Int64),
        "example": Column(pl.Int64),
        "multiplicity": Column(pl.Int64),
        "with_it": Column(pl.Float64),
        "without_it": Column(pl.Float64),
        "score": Column(pl.Float64),
        "margin_score": Column(pl.Float64, nullable=True),
    },
)

MEMORIZATION = Schema(
    "memorization",
    {
        **TRAINED,
        **METHOD,
        "multiplicity": Column(pl.Int64),
        "examples": Column(pl.Int64),
        "seeds": Column(pl.Int64),
        "score": Column(pl.Float64),
        "standard_error": Column(pl.Float64),
        "margin_score": Column(pl.Float64, nullable=True),
        "margin_standard_error": Column(pl.Float64, nullable=True),
        "expected": Column(pl.Float64),
    },
)
