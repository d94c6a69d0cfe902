"""Columns of the tables in which the theory is fitted to behaviour.

"Behaviour" is M(h, k), the logit difference antisymmetrized over the two directions of a pair and averaged
over runs (theory: Fitting behaviour).
"""

from collections.abc import Iterable, Mapping

import polars as pl

from memgen.language.responses.tables import (
    AT_EDGE,
    CELL,
    N_RUNS,
    PAIR_CLASS,
    errors_of,
    mean_over_seeds,
    optional,
)
from memgen.tables.schema import Column, Table, trained

GAMMA_RANGE = (1e-3, 1e2)
"""Ends of the range of gamma."""

PREDICTORS = (
    "theory",
    "distance",
    "plain",
    "wrong_exception",
    "wrong_exception_best",
    "free_ranks",
    "split_half",
)


def frame_of(rows: Iterable[Mapping[str, object]], table: Table) -> pl.DataFrame:
    """Rows as a frame of a table: what a row leaves out, and numbers that are not finite, are empty."""
    frame = pl.DataFrame(list(rows), schema=table.schema, orient="row")
    floats = [name for name, dtype in table.schema.items() if dtype == pl.Float64]
    return frame.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in floats)


_CELL_AND_TASK = {
    **CELL,
    "n": Column(pl.Int64, "number of items"),
    "exceptions": Column(pl.String, "exceptions as winner:loser, separated by blanks"),
}

FIT = Table(
    "fit",
    {
        **_CELL_AND_TASK,
        "gamma": optional("2 (alpha + lam) / (1 - alpha); empty at an end of [0.001, 100]: not identified"),
        "gamma_at_edge": AT_EDGE,
        "gamma_low": optional("lower end of its 95% profile interval, score test by seed; empty where open"),
        "gamma_high": optional("upper end of that interval, empty where it is open"),
        "log_gamma_standard_error": optional("of ln gamma, seed bootstrap; empty where the interval is open"),
        "scale": optional("s, logit units per unit of rank difference"),
        "scale_standard_error": optional("standard error of s, seed bootstrap"),
        "correlation": optional("Pearson, predicted against observed, untrained pairs"),
        "r2": optional("1 - SSE/SST about the mean, untrained pairs"),
        **mean_over_seeds(
            "run_correlation", "Pearson of a run's margins with the theory at the cell's gamma"
        ),
        "n_pairs": Column(pl.Int64, "untrained pairs fitted"),
        "n_runs": N_RUNS,
        "n_seeds": Column(pl.Int64, "seeds: the clusters of the bootstrap"),
        "n_diverged": Column(pl.Int64, "runs left out because a logit difference is not finite"),
        "memorization_weight": optional("m of the trained pairs' margins; empty where gamma is"),
        "memorization_weight_low": optional("lower end of its 95% interval over gamma's, errors by seed"),
        "memorization_weight_high": optional("upper end of that interval, empty where it is open"),
        "train_correlation": optional("the same for trained pairs in the direction trained"),
        "train_accuracy": optional("mean of correct over trained pairs, exception included"),
        "alpha": optional("conjunctivity implied by gamma and m: m gamma / (2 + m gamma)"),
        "ridge": optional("effective ridge implied by gamma and m: (1 - m) gamma / (2 + m gamma)"),
    },
    trained(
        _CELL_AND_TASK,
        errors_of("scale", "run_correlation"),
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
            "theory. distance: a line in the distance of ranks. plain: the theory without the exception. "
            "wrong_exception: the mean over all its other positions; wrong_exception_best: the best one. "
            "free_ranks: one number an item, the ceiling of models by ranks. split_half: the value of a "
            "perfect predictor, from the reliability of the mean over seeds",
            allowed=PREDICTORS,
        ),
        "n_parameters": Column(pl.Int64, "free parameters, the scale included", nullable=True),
        "n_positions": Column(pl.Int64, "positions of the exception, for a wrong one", nullable=True),
        "correlation": optional("Pearson, in sample, margins averaged over seeds"),
        "r2": optional("1 - SSE/SST about the mean, in sample"),
        "held_out_correlation": optional("Pearson, pairs predicted by fits without them and their mirrors"),
        "held_out_r2": optional("1 - SSE/SST of those predictions"),
        **mean_over_seeds("correlation_by_seed", "held-out Pearson of each seed's own margins", width=False),
        "correlation_by_seed_low": optional("lower end of its 95% interval by Student's t, Fisher's scale"),
        "correlation_by_seed_high": optional("upper end of that interval"),
        **mean_over_seeds("r2_by_seed", "held-out 1 - SSE/SST of each seed's own margins", width=False),
        **mean_over_seeds("difference_to_theory", "the theory's correlation_by_seed minus this one's"),
        **mean_over_seeds("r2_difference_to_theory", "the theory's r2_by_seed minus this one's", width=False),
        "n_pairs": Column(pl.Int64, "untrained pairs"),
        "n_groups": Column(pl.Int64, "groups held out one after the other: a pair and its mirror image"),
        "n_seeds": Column(pl.Int64, "seeds"),
    },
    trained(
        [*_CELL_AND_TASK, "predictor"],
        errors_of("r2_by_seed", "difference_to_theory", "r2_difference_to_theory"),
        units="n_seeds",
    ),
)

PREDICTIONS = Table(
    "predictions",
    {
        **_CELL_AND_TASK,
        "higher": Column(pl.Int64, "rank of the higher-ranked item, 0 the strongest"),
        "lower": Column(pl.Int64, "rank of the lower-ranked item"),
        "pair_class": PAIR_CLASS,
        "gamma": optional("the fitted one, or the end of its range at which the fit lies"),
        "observed": Column(pl.Float64, "M(higher, lower), logit units"),
        "standard_error": optional("standard error of observed, clustered by seed, logit units"),
        "half_width": optional("half the width of its 95% interval, Student's t over seeds; empty for one"),
        "n_seeds": Column(pl.Int64, "seeds averaged"),
        "rank_difference": optional("r_higher - r_lower at the fitted gamma"),
        "predicted": optional(
            "s (r_higher - r_lower); of trained pairs s (m y + (1 - m)(r_higher - r_lower)); logit units"
        ),
    },
    trained(
        [*_CELL_AND_TASK, "higher", "lower", "pair_class"], {"observed": "standard_error"}, units="n_seeds"
    ),
)
