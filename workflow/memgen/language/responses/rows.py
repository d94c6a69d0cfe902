"""Columns of what every run writes: its answers, its loss, and the measures of its representation.

Names and types alone: what each column holds is said in `tables`, which no stage that takes long imports, so
that better words train no model again.
"""

import polars as pl

from memgen.tables.schema import Column, Schema

PAIR_CLASSES = ("train", "exception", "loop", "boundary", "cross", "within", "test")

CELL = {
    "source": Column(pl.String, allowed=("study", "published")),
    "model": Column(pl.String),
    "items": Column(pl.String),
    "hierarchy": Column(pl.String),
    "method": Column(pl.String),
    "hyperparameter": Column(pl.Float64, nullable=True),
}
"""Columns that name a cell: a group of runs that differ only in seed and reversal."""

KEY = tuple(CELL)

RUN = {"seed": Column(pl.Int64), "reverse": Column(pl.Boolean)}
PHASE = {"phase": Column(pl.String, allowed=("pre", "post"))}

RESPONSES = Schema(
    "responses",
    {
        **CELL,
        **RUN,
        **PHASE,
        "first": Column(pl.Int64),
        "second": Column(pl.Int64),
        "pair_class": Column(pl.String, allowed=PAIR_CLASSES),
        "logit_difference": Column(pl.Float64, nan=True),
        "p_yes": Column(pl.Float64, nan=True),
        "correct": Column(pl.Boolean, nullable=True),
        "paired_correct": Column(pl.Boolean, nullable=True),
    },
)

RUNS = Schema(
    "runs",
    {
        **CELL,
        **RUN,
        "train_loss": Column(pl.Float64, nullable=True),
        "diverged": Column(pl.Boolean),
    },
)

GEOMETRY_RUNS = Schema(
    "measures of representations by run",
    {
        **CELL,
        **RUN,
        **PHASE,
        "kappa_o": Column(pl.Float64, nullable=True),
        "kappa_d": Column(pl.Float64, nullable=True),
        "alpha": Column(pl.Float64, nullable=True),
        "scale": Column(pl.Float64, nullable=True),
        "distance": Column(pl.Float64, nullable=True),
        "ridge_correlation": Column(pl.Float64, nullable=True),
    },
    may_be_empty=True,
)
