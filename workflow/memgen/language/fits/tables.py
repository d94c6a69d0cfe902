"""Columns of the tables in which the theory is fitted to behaviour.

"Behaviour" is M(h, k), the logit difference antisymmetrized over the two directions of a pair and averaged
over runs (theory: Fitting behaviour).
"""

import polars as pl

from memgen.language.responses.tables import CELL
from memgen.tables.schema import Column, Table, trained

GAMMA_RANGE = (1e-3, 1e2)
"""Ends of the range of gamma."""


RELATION = Table(
    "relation of representation and behaviour",
    {
        "phase": Column(
            pl.String, "representation before (pre) or after (post) training", allowed=("pre", "post")
        ),
        "method": Column(
            pl.String, "method of training; empty for all methods that train the network", nullable=True
        ),
        "n_networks": Column(pl.Int64, "models among the cells: the clusters of the bootstrap"),
        "n_cells": Column(pl.Int64, "cells: model, kind of item, hierarchy, method, hyperparameter"),
        "spearman": Column(
            pl.Float64,
            "Spearman's correlation of measured conjunctivity and fitted gamma over cells; empty below four "
            "cells, and where one of the two does not vary",
            nullable=True,
        ),
        "spearman_low": Column(
            pl.Float64,
            "lower end of its 95% bootstrap interval: networks are drawn, each with all its cells; empty "
            "below four networks",
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
            "mean over cells: correlation of a run's margins with the theory at the cell's gamma, run by run "
            "like that of the own kernel",
            nullable=True,
        ),
    },
    trained(["phase", "method"], {}, why="its intervals are over cells: the claims drawn from it must hold"),
)


_CELL_AND_TASK = {
    **CELL,
    "n": Column(pl.Int64, "number of items"),
    "exceptions": Column(pl.String, "exceptions as winner:loser in ranks, separated by blanks"),
}


def _over_seeds(name: str, description: str) -> dict[str, Column]:
    """A mean over seeds and its standard error."""
    return {
        name: Column(pl.Float64, description, nullable=True),
        f"{name}_standard_error": Column(pl.Float64, "its standard error over seeds", nullable=True),
    }


FIT = Table(
    "fit",
    {
        **_CELL_AND_TASK,
        "gamma": Column(
            pl.Float64,
            "2 (alpha + lam) / (1 - alpha); empty where the theory has no margins, and at an end of [0.001, "
            "100], where the behaviour does not identify it",
            nullable=True,
        ),
        "gamma_at_edge": Column(
            pl.String,
            "the end of the range at which the fit lies; empty where gamma is identified",
            nullable=True,
            allowed=("low", "high"),
        ),
        "gamma_low": Column(
            pl.Float64,
            "lower end of the 95% profile interval: score test clustered by seed, Student's t; empty where "
            "the interval is open, and for a single seed",
            nullable=True,
        ),
        "gamma_high": Column(pl.Float64, "upper end of that interval, empty where it is open", nullable=True),
        "log_gamma_standard_error": Column(
            pl.Float64,
            "standard error of the natural logarithm of gamma, seed bootstrap; empty where the interval is "
            "open",
            nullable=True,
        ),
        "scale": Column(pl.Float64, "s, logit units per unit of rank difference", nullable=True),
        "scale_standard_error": Column(pl.Float64, "standard error of s, seed bootstrap", nullable=True),
        "correlation": Column(
            pl.Float64, "Pearson, predicted against observed, untrained pairs", nullable=True
        ),
        "r2": Column(pl.Float64, "1 - SSE/SST about the mean, untrained pairs", nullable=True),
        **_over_seeds(
            "run_correlation",
            "Pearson of a run's margins with the theory at the cell's gamma; mean, seeds weighted equally",
        ),
        "run_correlation_half_width": Column(
            pl.Float64, "half the width of its 95% interval, Student's t over seeds", nullable=True
        ),
        "n_pairs": Column(pl.Int64, "untrained pairs fitted"),
        "n_runs": Column(
            pl.Int64,
            "distinct runs: a reversed run that repeats its forward run is left out",
        ),
        "n_seeds": Column(pl.Int64, "seeds: the clusters of the bootstrap"),
        "n_diverged": Column(pl.Int64, "runs left out because a logit difference is not finite"),
        "memorization_weight": Column(
            pl.Float64,
            "m of the trained pairs' margin s (m y + (1 - m)(r_a - r_b)); empty where gamma is",
            nullable=True,
        ),
        "memorization_weight_low": Column(
            pl.Float64,
            "lower end of its 95% interval over all gammas of their interval, errors by seed; empty where it "
            "is open",
            nullable=True,
        ),
        "memorization_weight_high": Column(
            pl.Float64, "upper end of that interval, empty where it is open", nullable=True
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
        _CELL_AND_TASK,
        {"scale": "scale_standard_error", "run_correlation": "run_correlation_standard_error"},
        units="n_seeds",
        why="gamma is not compared: its bootstrap intervals are no standard errors",
    ),
)


BASELINES = Table(
    "baselines",
    {
        **_CELL_AND_TASK,
        "predictor": Column(
            pl.String,
            "theory; distance: a line in the distance of ranks; plain: the theory without the exception; "
            "wrong_exception: with it at every other position, the mean over them; wrong_exception_best: the "
            "position that predicts best; free_ranks: one number an item, the ceiling of models by ranks; "
            "split_half: what a perfect predictor would reach, from the reliability of the mean over seeds",
            allowed=(
                "theory",
                "distance",
                "plain",
                "wrong_exception",
                "wrong_exception_best",
                "free_ranks",
                "split_half",
            ),
        ),
        "n_parameters": Column(pl.Int64, "free parameters, the scale included", nullable=True),
        "n_positions": Column(pl.Int64, "positions of the exception, for a wrong one", nullable=True),
        "correlation": Column(pl.Float64, "Pearson, in sample, margins averaged over seeds", nullable=True),
        "r2": Column(pl.Float64, "1 - SSE/SST about the mean, in sample", nullable=True),
        "held_out_correlation": Column(
            pl.Float64,
            "Pearson, every pair predicted by a fit without it and its mirror image",
            nullable=True,
        ),
        "held_out_r2": Column(pl.Float64, "1 - SSE/SST of those predictions", nullable=True),
        **_over_seeds("correlation_by_seed", "held-out Pearson of each seed's own margins, mean over seeds"),
        **_over_seeds("r2_by_seed", "held-out 1 - SSE/SST of each seed's own margins, mean over seeds"),
        **_over_seeds(
            "difference_to_theory",
            "the theory's held-out Pearson minus this predictor's, seed by seed, mean: above 0 where the "
            "theory predicts better",
        ),
        "difference_to_theory_half_width": Column(
            pl.Float64, "half the width of its 95% interval, Student's t over seeds", nullable=True
        ),
        **_over_seeds("r2_difference_to_theory", "the same difference of the held-out 1 - SSE/SST"),
        "n_pairs": Column(pl.Int64, "untrained pairs"),
        "n_groups": Column(pl.Int64, "groups held out one after the other: a pair and its mirror image"),
        "n_seeds": Column(pl.Int64, "seeds"),
    },
    trained(
        [*_CELL_AND_TASK, "predictor"],
        {
            name: f"{name}_standard_error"
            for name in ("r2_by_seed", "difference_to_theory", "r2_difference_to_theory")
        },
        units="n_seeds",
    ),
)


PREDICTIONS = Table(
    "predictions",
    {
        **_CELL_AND_TASK,
        "higher": Column(pl.Int64, "rank of the higher-ranked item, 0 the strongest"),
        "lower": Column(pl.Int64, "rank of the lower-ranked item"),
        "pair_class": Column(pl.String, "class of the pair"),
        "gamma": Column(
            pl.Float64,
            "gamma of the prediction: the fitted one, or the end of its range at which the fit lies",
            nullable=True,
        ),
        "observed": Column(pl.Float64, "M(higher, lower), logit units"),
        "standard_error": Column(
            pl.Float64, "standard error of observed, clustered by seed, logit units", nullable=True
        ),
        "n_seeds": Column(pl.Int64, "seeds averaged"),
        "rank_difference": Column(pl.Float64, "r_higher - r_lower at the fitted gamma", nullable=True),
        "predicted": Column(
            pl.Float64,
            "s (r_higher - r_lower); for trained pairs s (m y + (1 - m)(r_higher - r_lower)), empty where m "
            "is; logit units",
            nullable=True,
        ),
    },
    trained(
        [*_CELL_AND_TASK, "higher", "lower", "pair_class"],
        {"observed": "standard_error"},
        units="n_seeds",
    ),
)
