"""Columns of the tables in which the theory is fitted to behaviour.

"Behaviour" is M(h, k), the logit difference antisymmetrized over the two directions of a pair and averaged
over runs (theory: Fitting behaviour).
"""

import polars as pl

from memgen.language.responses.tables import CELL
from memgen.tables import Column, Table, trained

RELATION = Table(
    "relation of representation and behaviour",
    {
        "phase": Column(
            pl.String, "representation before (pre) or after (post) training", allowed=("pre", "post")
        ),
        "method": Column(
            pl.String, "method of training; empty for all methods that train the network", nullable=True
        ),
        "n_cells": Column(pl.Int64, "cells: model, kind of item, hierarchy, method, hyperparameter"),
        "spearman": Column(
            pl.Float64,
            "Spearman's correlation of measured conjunctivity and fitted gamma over cells; empty below four "
            "cells, and where one of the two does not vary",
            nullable=True,
        ),
        "spearman_low": Column(
            pl.Float64,
            "lower end of its 95% bootstrap interval over cells, which share models and are not independent",
            nullable=True,
        ),
        "spearman_high": Column(pl.Float64, "upper end of that interval", nullable=True),
        "own_kernel_correlation": Column(
            pl.Float64,
            "mean over cells: correlation of a run's margins with kernel ridge regression from the model's "
            "own kernel before training; phase pre of finetuned cells alone",
            nullable=True,
        ),
        "theory_correlation": Column(
            pl.Float64,
            "mean over cells: correlation of margins and theory at the fitted gamma",
            nullable=True,
        ),
    },
    trained(["phase", "method"], {}, why="its intervals are over cells: the claims drawn from it must hold"),
)


FIT = Table(
    "fit",
    {
        **CELL,
        "n": Column(pl.Int64, "number of items"),
        "exceptions": Column(pl.String, "exceptions as winner:loser in ranks, separated by blanks"),
        "gamma": Column(
            pl.Float64, "2 (alpha + lam) / (1 - alpha); empty where the theory has no margins", nullable=True
        ),
        "gamma_low": Column(pl.Float64, "lower end of the 95% seed bootstrap interval", nullable=True),
        "gamma_high": Column(pl.Float64, "upper end of the 95% seed bootstrap interval", nullable=True),
        "log_gamma_standard_error": Column(
            pl.Float64, "standard error of the natural logarithm of gamma, seed bootstrap", nullable=True
        ),
        "scale": Column(pl.Float64, "s, logit units per unit of rank difference", nullable=True),
        "scale_standard_error": Column(pl.Float64, "standard error of s, seed bootstrap", nullable=True),
        "correlation": Column(
            pl.Float64, "Pearson, predicted against observed, untrained pairs", nullable=True
        ),
        "r2": Column(pl.Float64, "1 - SSE/SST about the mean, untrained pairs", nullable=True),
        "n_pairs": Column(pl.Int64, "untrained pairs fitted"),
        "n_runs": Column(pl.Int64, "runs averaged, each seed and reversal one run"),
        "n_seeds": Column(pl.Int64, "seeds: the clusters of the bootstrap"),
        "n_diverged": Column(pl.Int64, "runs left out because a logit difference is not finite"),
        "at_edge": Column(pl.Boolean, "gamma lies at an end of [0.001, 100]: scale means little"),
        "memorization_weight": Column(
            pl.Float64, "m of the trained pairs' margin s (m y + (1 - m)(r_a - r_b))", nullable=True
        ),
        "memorization_weight_low": Column(
            pl.Float64, "lower end of the 95% seed bootstrap interval", nullable=True
        ),
        "memorization_weight_high": Column(
            pl.Float64, "upper end of the 95% seed bootstrap interval", nullable=True
        ),
        "train_correlation": Column(
            pl.Float64,
            "Pearson, predicted against observed, trained pairs in the direction trained",
            nullable=True,
        ),
        "train_accuracy": Column(
            pl.Float64, "mean of correct over trained pairs, exception included", nullable=True
        ),
        "alpha": Column(
            pl.Float64, "conjunctivity implied by gamma and m: m gamma / (2 + m gamma)", nullable=True
        ),
        "ridge": Column(
            pl.Float64, "effective ridge implied by gamma and m: (1 - m) gamma / (2 + m gamma)", nullable=True
        ),
    },
    trained(
        [*CELL, "n", "exceptions"],
        {"scale": "scale_standard_error"},
        why="gamma is not compared: its bootstrap intervals are no standard errors",
    ),
)


PREDICTIONS = Table(
    "predictions",
    {
        **CELL,
        "n": Column(pl.Int64, "number of items"),
        "exceptions": Column(pl.String, "exceptions as winner:loser in ranks, separated by blanks"),
        "higher": Column(pl.Int64, "rank of the higher-ranked item, 0 the strongest"),
        "lower": Column(pl.Int64, "rank of the lower-ranked item"),
        "pair_class": Column(pl.String, "class of the pair"),
        "gamma": Column(pl.Float64, "fitted gamma of the cell", nullable=True),
        "observed": Column(pl.Float64, "M(higher, lower), logit units"),
        "standard_error": Column(
            pl.Float64, "standard error of observed, clustered by seed, logit units", nullable=True
        ),
        "rank_difference": Column(pl.Float64, "r_higher - r_lower at the fitted gamma", nullable=True),
        "predicted": Column(
            pl.Float64,
            "s (r_higher - r_lower); for trained pairs s (m y + (1 - m)(r_higher - r_lower)), logit units",
            nullable=True,
        ),
    },
    trained([*CELL, "n", "exceptions", "higher", "lower", "pair_class"], {"observed": "standard_error"}),
)
