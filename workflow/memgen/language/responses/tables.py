"""Columns of the responses and of what is averaged from them: names, types, units and meaning.

The tables of the fit are in `fits.tables`.
"""

import polars as pl

from memgen.language.responses import rows
from memgen.tables.schema import Column, Table, described, trained

_CELL_TEXTS = {
    "source": "who ran it",
    "model": "name of the model: a key of language.models, or a published name",
    "items": "kind of item: real, fake or poker",
    "hierarchy": "name of the hierarchy: a key of relational.hierarchies",
    "method": "method of training: a key of language.methods, or a published name",
    "hyperparameter": "ridge or L2 of a probe, rank of LoRA; empty where there is none",
}
_RUN_TEXTS = {
    "seed": "seed of the items, the anchor pair and the training",
    "reverse": "whether the items hold the ranks in opposite order; ranks and exceptions stay",
}
_PHASE_TEXTS = {"phase": "before (pre) or after (post) training"}

CELL = described(rows.CELL, _CELL_TEXTS)
PHASE = described(rows.PHASE, _PHASE_TEXTS)

RESPONSES = rows.RESPONSES.described(
    {
        **_CELL_TEXTS,
        **_RUN_TEXTS,
        **_PHASE_TEXTS,
        "first": "rank of the item named first in the question; 0 is the strongest",
        "second": "rank of the item named second",
        "pair_class": "class of the pair",
        "logit_difference": "logit of Yes minus logit of No; for a ridge probe its prediction of the target "
        "+1 or -1",
        "p_yes": "sigmoid(logit_difference)",
        "correct": "whether the answer is right, Yes being answered where p_yes > 1/2 (a tie is a No); "
        "the truth of an exception is its winner; empty for loop pairs, which have no truth, and for "
        "diverged runs, whose logit difference is NaN",
        "paired_correct": "whether Yes is strictly likelier in the right direction than in the wrong one "
        "(a tie is wrong); the same in both rows of a pair; empty for loop pairs and diverged runs",
    },
    trained(
        [*_CELL_TEXTS, *_PHASE_TEXTS, "pair_class"],
        dict.fromkeys(("correct", "paired_correct", "logit_difference")),
        unit="seed",
    ),
)

RUNS = rows.RUNS.described(
    {
        **_CELL_TEXTS,
        **_RUN_TEXTS,
        "train_loss": "mean cross-entropy over the last epoch, nats; empty where diverged",
        "diverged": "whether a loss was not finite: the run's answers are NaN",
    },
    trained(_CELL_TEXTS, dict.fromkeys(("train_loss", "diverged")), unit="seed"),
)

GEOMETRY_RUNS = rows.GEOMETRY_RUNS.described(
    {
        **_CELL_TEXTS,
        **_RUN_TEXTS,
        **_PHASE_TEXTS,
        "kappa_o": "cosine similarity of pairs sharing an item in the same position",
        "kappa_d": "cosine similarity of all other different pairs",
        "alpha": "conjunctivity of the dot products, antisymmetric part; may leave [0, 1)",
        "scale": "k_same - k_reversed, squared units of the hidden state",
        "distance": "relative Frobenius distance from the nearest exchangeable kernel",
        "ridge_correlation": "Pearson over untrained pairs: margins after training, and those of kernel "
        "ridge regression with this kernel; phase pre of finetuned runs alone",
    },
    trained(
        [*_CELL_TEXTS, *_PHASE_TEXTS],
        dict.fromkeys(("kappa_o", "kappa_d", "alpha", "distance", "ridge_correlation")),
        unit="seed",
    ),
)


def _errors(*names: str) -> dict[str, str]:
    """The column of the standard error of each value."""
    return {name: f"{name}_standard_error" for name in names}


def _half_width(column: str) -> dict[str, Column]:
    """Half the width of a mean's interval."""
    text = "half the width of its 95% interval, Student's t over seeds; empty for a single seed"
    return {f"{column}_half_width": Column(pl.Float64, text, nullable=True)}


def _mean(name: str, description: str, *, nullable: bool = True) -> dict[str, Column]:
    """A mean over seeds, its standard error and half the width of its interval."""
    return {
        name: Column(pl.Float64, description, nullable=nullable),
        f"{name}_standard_error": Column(
            pl.Float64, "its standard error, clustered by seed; empty for a single seed", nullable=True
        ),
        **_half_width(name),
    }


def _with_error(name: str) -> dict[str, Column]:
    """The mean over seeds of a measure of representations."""
    return _mean(name, f"{GEOMETRY_RUNS.columns[name].description}; mean, seeds weighted equally")


GEOMETRY = Table(
    "geometry",
    {
        **CELL,
        **PHASE,
        **_with_error("kappa_o"),
        **_with_error("kappa_d"),
        **_with_error("alpha"),
        **_with_error("distance"),
        **_with_error("ridge_correlation"),
        "gamma": Column(pl.Float64, "fitted to the behaviour of the same cell", nullable=True),
        "gamma_at_edge": Column(
            pl.String,
            "the end of its range at which the fit lies: low, 0.001, or high, 100; empty inside",
            nullable=True,
            allowed=("low", "high"),
        ),
        "gamma_low": Column(pl.Float64, "lower end of its 95% interval", nullable=True),
        "gamma_high": Column(pl.Float64, "upper end of its 95% interval", nullable=True),
        "n_runs": Column(pl.Int64, "distinct runs averaged, diverged ones left out"),
        "n_seeds": Column(pl.Int64, "seeds averaged"),
    },
    trained(
        [*CELL, *PHASE],
        _errors("kappa_o", "kappa_d", "alpha", "distance", "ridge_correlation"),
        units="n_seeds",
    ),
    may_be_empty=True,
)


def _effect(column: str, unit: str) -> dict[str, Column]:
    """A paired change, its standard error and its interval."""
    name = f"exception_{column}_effect"
    return {
        name: Column(
            pl.Float64,
            f"change of cross pairs' {column} from the plain hierarchy of the same size, {unit}, paired "
            "by seed; empty where there is none",
            nullable=True,
        ),
        f"{name}_standard_error": Column(pl.Float64, "its standard error over seeds", nullable=True),
        f"{name}_low": Column(pl.Float64, "lower end of the 95% t interval over seeds", nullable=True),
        f"{name}_high": Column(pl.Float64, "upper end of the 95% t interval over seeds", nullable=True),
    }


EFFECTS = Table(
    "effects",
    {
        **CELL,
        **PHASE,
        "train_accuracy": Column(pl.Float64, "mean of correct over trained pairs", nullable=True),
        "accuracy": Column(pl.Float64, "mean of correct over untrained pairs with a truth", nullable=True),
        "accuracy_standard_error": Column(pl.Float64, "its standard error, clustered by seed", nullable=True),
        "accuracy_low": Column(
            pl.Float64, "lower end of its 95% Wilson interval over answers", nullable=True
        ),
        "accuracy_high": Column(pl.Float64, "upper end of that interval", nullable=True),
        "n_answers": Column(pl.Int64, "answers that the interval counts: those of distinct runs"),
        "distance_slope": Column(
            pl.Float64, "symbolic distance effect: slope of the margin, logit units per rank", nullable=True
        ),
        "distance_slope_standard_error": Column(pl.Float64, "its standard error over seeds", nullable=True),
        "bias": Column(pl.Float64, "mean logit difference, all ordered pairs: 0 is no bias", nullable=True),
        "bias_standard_error": Column(pl.Float64, "its standard error over seeds", nullable=True),
        **_half_width("bias"),
        "yes_share": Column(pl.Float64, "share of answers that are Yes: 1/2 is no bias", nullable=True),
        "yes_share_standard_error": Column(pl.Float64, "its standard error over seeds", nullable=True),
        **_half_width("yes_share"),
        "compared_with": Column(pl.String, "plain hierarchy of the same size", nullable=True),
        **_effect("margin", "logit units"),
        **_effect("accuracy", "share"),
        "n_seeds": Column(pl.Int64, "seeds"),
    },
    trained(
        [*CELL, *PHASE],
        _errors(
            "accuracy",
            "distance_slope",
            "bias",
            "yes_share",
            "exception_margin_effect",
            "exception_accuracy_effect",
        ),
        units="n_seeds",
    ),
)


def _wilson(column: str, counted: str) -> dict[str, Column]:
    """Ends of the Wilson interval of a proportion."""
    return {
        f"{column}_low": Column(
            pl.Float64, f"lower end of the 95% Wilson interval of {column} over {counted}", nullable=True
        ),
        f"{column}_high": Column(pl.Float64, "upper end of that interval", nullable=True),
    }


ACCURACY = Table(
    "accuracy",
    {
        **CELL,
        **PHASE,
        "pair_class": RESPONSES.columns["pair_class"],
        **_mean("accuracy", "mean of correct, seeds weighted equally"),
        **_mean("paired_accuracy", "mean of paired_correct, seeds weighted equally"),
        **_mean(
            "margin",
            "mean of (d(h, k) - d(k, h)) / 2 over the pairs of the class, h the higher-ranked, d the "
            "logit difference: negative where an exception is learned",
            nullable=False,
        ),
        **_wilson("accuracy", "answers"),
        **_wilson("paired_accuracy", "pairs of every run"),
        "n_answers": Column(pl.Int64, "answers with a truth, two per pair and distinct run"),
        "n_pairs": Column(pl.Int64, "pairs of the class"),
        "n_runs": Column(pl.Int64, "distinct runs: a reversed run that repeats its forward run is left out"),
        "n_seeds": Column(pl.Int64, "seeds: the clusters of the standard errors"),
    },
    trained([*CELL, *PHASE, "pair_class"], _errors("accuracy", "paired_accuracy", "margin"), units="n_seeds"),
)


DISTANCE = Table(
    "distance",
    {
        **CELL,
        **PHASE,
        "distance": Column(pl.Int64, "difference of the ranks of a pair, 1 for neighbours"),
        "trained": Column(pl.Boolean, "whether the pairs were trained: neighbours and exceptions"),
        **{
            name: ACCURACY.columns[name]
            for value in ("accuracy", "paired_accuracy", "margin")
            for name in (value, f"{value}_standard_error", f"{value}_half_width")
        },
        "n_pairs": Column(pl.Int64, "pairs averaged, loop pairs left out"),
        "n_runs": ACCURACY.columns["n_runs"],
        "n_seeds": ACCURACY.columns["n_seeds"],
    },
    trained(
        [*CELL, *PHASE, "distance", "trained"],
        _errors("accuracy", "paired_accuracy", "margin"),
        units="n_seeds",
    ),
)


MARGINS = Table(
    "margins",
    {
        **CELL,
        **PHASE,
        "higher": Column(pl.Int64, "rank of the higher-ranked item h; 0 is the strongest"),
        "lower": Column(pl.Int64, "rank of the lower-ranked item k"),
        "pair_class": RESPONSES.columns["pair_class"],
        "margin": Column(pl.Float64, "M(h, k) = (mean d(h, k) - mean d(k, h)) / 2, logit units"),
        "standard_error": Column(
            pl.Float64, "standard error of the margin, clustered by seed; empty for one seed", nullable=True
        ),
        "n_runs": ACCURACY.columns["n_runs"],
        "n_seeds": Column(pl.Int64, "seeds averaged"),
    },
    trained([*CELL, *PHASE, "higher", "lower", "pair_class"], {"margin": "standard_error"}, units="n_seeds"),
)
