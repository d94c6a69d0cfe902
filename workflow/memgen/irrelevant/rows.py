"""Rows that the expensive stage writes: what each attack got out of each trained model.

Knows the names, types and meaning of the columns; imports nothing of the study.
"""

import polars as pl

from memgen.tables import Column, Table

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

RUNS = Table(
    "runs",
    {
        "run": Column(pl.String, "name of the run: a key of irrelevant.runs"),
        "task": Column(
            pl.String,
            "clusters or next_symbol, with :TAIL where frequencies fall as (1 + rank)^-TAIL",
        ),
        "learner": Column(pl.String, "trained learner", allowed=LEARNERS),
        "defence": Column(pl.String, "none, or the name of a defence: a key of irrelevant.defences"),
        "kind": Column(pl.String, "kind of defence", allowed=KINDS),
        "strength": Column(
            pl.Float64,
            "weight decay, noise multiplier, steps, learning rate, or hidden units; empty without a defence",
            nullable=True,
        ),
        "epsilon": Column(
            pl.Float64, "differential privacy spent; empty where gradients are not clipped", nullable=True
        ),
        "delta": Column(pl.Float64, "delta of the differential privacy", nullable=True),
        "clusters": Column(pl.Int64, "clusters or references N"),
        "samples": Column(pl.Int64, "sample size n"),
        "dimension": Column(pl.Int64, "positions d"),
        "rho": Column(
            pl.Float64,
            "probability that a position is fixed; empty for next_symbol",
            nullable=True,
        ),
        "seed": Column(pl.Int64, "seed of the task, the sample, the training and the attack"),
        "step": Column(pl.Int64, "training steps done"),
        "attack": Column(pl.String, "attack", allowed=ATTACKS),
        "main": Column(pl.Boolean, "whether it is the run's main attack, made after every recorded step"),
        "multiplicity": Column(
            pl.Int64,
            "samples of the attacked sample's cluster; 0: a sample never seen, of a cluster seen once",
        ),
        "targets": Column(pl.Int64, "samples attacked"),
        "bits_recovered": Column(pl.Float64, "share of their bits that are guessed rightly"),
        "free_recovered": Column(pl.Float64, "the same of positions that are not fixed in the cluster"),
        "fixed_recovered": Column(
            pl.Float64, "the same of fixed positions; empty where there is none", nullable=True
        ),
        "queries": Column(pl.Float64, "mean number of the model's answers that a target needed"),
        "accuracy_fresh": Column(pl.Float64, "accuracy on fresh examples"),
        "accuracy_represented": Column(pl.Float64, "accuracy on fresh examples of clusters in the sample"),
        "accuracy_singleton": Column(pl.Float64, "accuracy on fresh examples of clusters seen once"),
    },
)
