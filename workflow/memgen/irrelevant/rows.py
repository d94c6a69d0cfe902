"""Rows that the expensive stages write, what each attack got of each model: names and types alone.

What each column holds is said in `tables`, which the stages do not import, so that better words train no
model again.
"""

import polars as pl

from memgen.tables.schema import Column, Schema

LEARNERS = ("logistic", "network", "transformer")
KINDS = (
    "none",
    "weight_decay",
    "noise",
    "early_stopping",
    "no_momentum",
    "fewer_parameters",
)
ATTACKS = (
    "sign",
    "informed_sign",
    "coordinate_ascent",
    "weight_signs",
    "gradient_inversion",
    "prefix",
)

RUNS = Schema(
    "runs",
    {
        "run": Column(pl.String),
        "task": Column(pl.String),
        "learner": Column(pl.String, allowed=LEARNERS),
        "defence": Column(pl.String),
        "kind": Column(pl.String, allowed=KINDS),
        "strength": Column(pl.Float64, nullable=True),
        "epsilon": Column(pl.Float64, nullable=True),
        "delta": Column(pl.Float64, nullable=True),
        "clusters": Column(pl.Int64),
        "samples": Column(pl.Int64),
        "dimension": Column(pl.Int64),
        "rho": Column(pl.Float64, nullable=True),
        "seed": Column(pl.Int64),
        "step": Column(pl.Int64),
        "attack": Column(pl.String, allowed=ATTACKS),
        "main": Column(pl.Boolean),
        "multiplicity": Column(pl.Int64),
        "targets": Column(pl.Int64),
        "bits_recovered": Column(pl.Float64),
        "free_recovered": Column(pl.Float64, nullable=True),
        "fixed_recovered": Column(pl.Float64, nullable=True),
        "queries": Column(pl.Float64),
        "accuracy_fresh": Column(pl.Float64),
        "accuracy_represented": Column(pl.Float64),
        "accuracy_singleton": Column(pl.Float64),
    },
)

#: What a language model is trained on; none: before it is trained.
LOSSES = ("none", "answer", "sentence")

EXTRACTIONS = Schema(
    "extractions",
    {
        "model": Column(pl.String),
        "loss": Column(pl.String, allowed=LOSSES),
        "seed": Column(pl.Int64),
        "epochs": Column(pl.Int64),
        "train_loss": Column(pl.Float64, nullable=True),
        "digits": Column(pl.Int64),
        "drawn": Column(pl.Int64),
        "multiplicity": Column(pl.Int64),
        "customer": Column(pl.Int64),
        "rank": Column(pl.Int64),
        "digits_recovered": Column(pl.Int64),
        "extracted": Column(pl.Boolean),
        "accuracy_fresh": Column(pl.Float64),
    },
)
