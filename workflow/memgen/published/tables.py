"""Columns of the tables in which the theory is tested against behaviour beyond its fit."""

import polars as pl

from memgen.language.responses.tables import CELL, PAIR_CLASS, optional
from memgen.tables.schema import Column, Table, trained


def _all_but(*names: str) -> dict[str, Column]:
    """Columns of a cell but for some."""
    return {name: column for name, column in CELL.items() if name not in names}


_EXPLANATION = {
    "margins": Column(
        pl.String,
        "pooled: means over all runs; by_reversal: means of forward and of reversed runs, side by side",
        allowed=("pooled", "by_reversal"),
    ),
    "explanation": Column(pl.String, "name; memgen.language.fits.explanations says what each predicts"),
}

EXPLANATIONS = Table(
    "explanations",
    {
        **CELL,
        **_EXPLANATION,
        "n_parameters": Column(pl.Int64, "free parameters"),
        "n_observations": Column(pl.Int64, "untrained pairs, twice if by reversal"),
        "n_seeds": Column(pl.Int64, "seeds"),
        "noise_ceiling": optional(
            "1 - mean squared standard error / variance over pairs: the share beyond noise"
        ),
        "gamma": optional("fitted gamma, on a grid of 40 points per decade"),
        "scale": optional("coefficient of the main shape, logit units; of a saturating link its ceiling"),
        "sharpness": optional("c of s tanh(c (r_i - r_j))"),
        "alpha": optional("conjunctivity of kernel logistic regression"),
        "ridge": optional("ridge of kernel logistic regression"),
        "rho": optional("similarity of items one rank apart"),
        "prior": optional("coefficient of the prior: logits per rank, or a multiple of measured margins"),
        "correlation": optional("Pearson, in sample"),
        "rank_correlation": optional("Spearman, in sample"),
        "r2": optional("1 - SSE/SST about the mean, in sample"),
        "r2_seeds": optional("the same for means over held-out seeds"),
        "correlation_seeds": optional("Pearson for held-out seeds, mean over folds"),
        "rank_correlation_seeds": optional("Spearman for held-out seeds, mean over folds"),
        "gain_seeds": optional("r2_seeds less that of exchangeable"),
        "gain_seeds_standard_error": optional("its standard error over folds"),
        "r2_pairs": optional("1 - SSE/SST of pairs each predicted without it and its mirror image"),
        "correlation_pairs": optional("Pearson for held-out pairs"),
        "rank_correlation_pairs": optional("Spearman for held-out pairs"),
        "gain_pairs": optional("r2_pairs less that of exchangeable"),
        "gain_pairs_standard_error": optional("its standard error over pairs"),
    },
    trained(
        [*CELL, *_EXPLANATION],
        {"gain_seeds": "gain_seeds_standard_error", "gain_pairs": None},
        units="n_seeds",
        why="the error of gain_pairs is over pairs, which are the same in every run",
    ),
)

_SUMMARIZED = {**_all_but("model", "hyperparameter"), **_EXPLANATION}

EXPLANATIONS_SUMMARY = Table(
    "explanations_summary",
    {
        **_SUMMARIZED,
        "n_cells": Column(pl.Int64, "models and hyperparameters"),
        "noise_ceiling": optional("median over cells"),
        "r2": optional("median over cells, in sample"),
        "r2_seeds": optional("median over cells, held-out seeds"),
        "r2_pairs": optional("median over cells, held-out pairs"),
        "gain_seeds": optional("median over cells of the rise of r2_seeds over exchangeable"),
        "gain_pairs": optional("median over cells of the rise of r2_pairs over exchangeable"),
        "n_gain_seeds": Column(pl.Int64, "cells in which gain_seeds exceeds two standard errors"),
        "n_gain_pairs": Column(pl.Int64, "cells in which gain_pairs exceeds two standard errors"),
        "n_gain_both": Column(pl.Int64, "cells in which both do: the extra parameters earn their place"),
        "n_loss_both": Column(pl.Int64, "cells in which both fall by more than two standard errors"),
    },
    trained(_SUMMARIZED, {}),
)

TRANSFER = Table(
    "transfer",
    {
        **_all_but("hierarchy"),
        "link": Column(pl.String, "straight or saturating", allowed=("straight", "saturating")),
        "fitted_on": Column(pl.String, "hierarchy that gamma, scale and sharpness were fitted on"),
        "predicted": Column(pl.String, "hierarchy predicted"),
        "gamma": optional("gamma fitted on the first hierarchy"),
        "gamma_of_predicted": optional("gamma fitted on the second, for comparison"),
        "at_edge": Column(pl.Boolean, "either gamma lies at an end of its range"),
        "log_gamma_difference": optional("ln gamma of the second less that of the first"),
        "log_gamma_difference_standard_error": optional("seeds resampled, where shared in both hierarchies"),
        "correlation": optional("Pearson of predicted and observed margins, untrained pairs of the second"),
        "r2": optional("1 - SSE/SST with everything carried over, scale too"),
        "r2_rescaled": optional("the same with the scale fitted again"),
        "r2_own": optional("the same with everything fitted on the second hierarchy: the most to hope for"),
        "r2_distance": optional("the same for margins proportional to the difference in rank: no theory"),
    },
    trained(
        [*_all_but("hierarchy"), "link", "fitted_on", "predicted"],
        {"log_gamma_difference": None},
        why="its errors come without the number of seeds behind them",
    ),
)

_QUANTITY = Column(
    pl.String,
    "quantity regressed on the natural logarithm of the hyperparameter; gamma_affine: gamma = intercept + "
    "slope x, x the hyperparameter itself, residuals taken in ln gamma",
    allowed=("log_gamma", "alpha", "log_ridge", "memorization_weight", "log_scale", "gamma_affine"),
)
_EXPECTED = optional("slope in theory where the hyperparameter is a ridge (L2): alpha 0, log_ridge 1")

REGULARIZATION = Table(
    "regularization",
    {
        **_all_but("hyperparameter"),
        "quantity": _QUANTITY,
        "slope": Column(pl.Float64, "change per unit of ln(hyperparameter), or of the hyperparameter"),
        "slope_standard_error": optional("seed bootstrap, the same seeds at every hyperparameter"),
        "slope_low": optional("lower end of the 95% bootstrap interval"),
        "slope_high": optional("upper end of the 95% bootstrap interval"),
        "expected": _EXPECTED,
        "intercept": Column(pl.Float64, "value at hyperparameter 1; for gamma_affine at 0"),
        "r2": optional("of the regression; for gamma_affine that of ln gamma, to compare with log_gamma"),
        "n_points": Column(pl.Int64, "hyperparameters used"),
        "n_at_edge": Column(pl.Int64, "hyperparameters left out: gamma at an end of its range"),
        "n_undefined": Column(
            pl.Int64, "hyperparameters left out: the logarithm of a number that is not positive"
        ),
    },
    trained(
        [*_all_but("hyperparameter"), "quantity"],
        {"slope": None},
        why="its errors come without the number of seeds behind them",
    ),
)

_POOLED = {**_all_but("model", "hierarchy", "hyperparameter"), "quantity": _QUANTITY}

REGULARIZATION_POOLED = Table(
    "regularization_pooled",
    {
        **_POOLED,
        "slope": Column(pl.Float64, "mean over models of the mean over hierarchies"),
        "slope_standard_error": optional("spread over models"),
        "slope_low": optional("95% interval over models, Student's t"),
        "slope_high": optional("95% interval over models, Student's t"),
        "expected": _EXPECTED,
        "n_models": Column(pl.Int64, "models: the clusters"),
        "n_slopes": Column(pl.Int64, "slopes of models and hierarchies"),
        "n_positive": Column(pl.Int64, "of them, those whose interval lies above 0"),
        "n_negative": Column(pl.Int64, "of them, those whose interval lies below 0"),
    },
    trained(_POOLED, {"slope": "slope_standard_error"}, units="n_models"),
)

COMPARISON = Table(
    "comparison",
    {
        "items": CELL["items"],
        "hierarchy": CELL["hierarchy"],
        "method": Column(pl.String, "kind of method, as published: full, lora or probe"),
        "pair_class": PAIR_CLASS,
        "model": Column(pl.String, "our model"),
        "our_method": Column(pl.String, "name of our method"),
        "hyperparameter": optional("ours"),
        "published_model": Column(pl.String, "published model"),
        "published_hyperparameter": optional("published"),
        "accuracy": optional("ours, both directions"),
        "accuracy_standard_error": optional("clustered by seed"),
        "accuracy_half_width": optional("of the 95% interval, Student's t over seeds"),
        "published_accuracy": optional("published, both directions"),
        "published_accuracy_standard_error": optional("clustered by seed"),
        "published_accuracy_half_width": optional("of the 95% interval, Student's t over seeds"),
        "difference": optional("accuracy less published_accuracy"),
        "difference_standard_error": optional("root of the sum of squares"),
        "train_accuracy": optional("ours, trained pairs: read generalization beside it"),
        "published_train_accuracy": optional("published, trained pairs"),
        "n_seeds": Column(pl.Int64, "ours"),
        "published_n_seeds": Column(pl.Int64, "published"),
    },
    trained(
        ["items", "hierarchy", "pair_class", "model", "our_method", "hyperparameter", "published_model"],
        {"accuracy": "accuracy_standard_error"},
        units="n_seeds",
    ),
)

_CLASSES = {
    "first_class": Column(pl.String, "class of the one hand", allowed=("pair", "suited", "offsuit")),
    "second_class": Column(pl.String, "class of the other hand", allowed=("pair", "suited", "offsuit")),
    "shares_rank": Column(pl.Boolean, "whether the two labels have a rank in common"),
}

EQUITY_CLASSES = Table(
    "differences from the published equities",
    {
        **_CLASSES,
        "n_entries": Column(pl.Int64, "unordered pairs of different labels"),
        "mean_absolute_difference": optional("mean of |published - ours|, ours averaged over suits"),
        "root_mean_square_score": optional("root mean square of (published - ours) / our standard error"),
        "share_beyond": optional("share of entries more than four of our standard errors apart"),
    },
)

EQUITY_SUITS = Table(
    "published equities against fixed suits",
    {
        **_CLASSES,
        "first": Column(pl.String, "label of a hand"),
        "second": Column(pl.String, "label of the other hand"),
        "published": Column(pl.Float64, "published equity of first against second"),
        "averaged": Column(pl.Float64, "our equity, averaged over all legal suits"),
        "nearest": Column(pl.Float64, "equity at the assignment of suits nearest to the published one"),
        "nearest_standard_error": Column(pl.Float64, "its standard error over boards"),
        "assignment": Column(pl.String, "that assignment, by an example"),
        "deals_a_card_twice": Column(pl.Boolean, "whether both hands hold the same card in it"),
        "nearest_legal": Column(pl.Float64, "equity at the nearest assignment that a deck can deal"),
        "nearest_legal_standard_error": Column(pl.Float64, "its standard error over boards"),
        "n_assignments": Column(pl.Int64, "assignments of suits, up to renaming, legal or not"),
        "explained": Column(pl.Boolean, "whether the nearest lies within four standard errors"),
    },
)
