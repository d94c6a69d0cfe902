"""Columns of the responses, and of what is averaged from them; `fits.tables` has those of the fits."""

import polars as pl

from memgen.tables.schema import Column, Table, trained

PAIR_CLASSES = ("train", "exception", "loop", "boundary", "cross", "within", "test")


def optional(description: str) -> Column:
    """Column of numbers that may be empty."""
    return Column(pl.Float64, description, nullable=True)


def mean_over_seeds(
    name: str, description: str, *, width: bool = True, nullable: bool = True
) -> dict[str, Column]:
    """A mean over seeds, its standard error and, with `width`, half the width of its interval."""
    error = optional("its standard error, clustered by seed; empty for a single seed")
    half = optional("half the width of its 95% interval, Student's t over seeds; empty for a single seed")
    return {
        name: Column(pl.Float64, description, nullable=nullable),
        f"{name}_standard_error": error,
        **({f"{name}_half_width": half} if width else {}),
    }


def errors_of(*names: str) -> dict[str, str | None]:
    """The column of the standard error of each value, to compare tables by."""
    return {name: f"{name}_standard_error" for name in names}


CELL = {
    "source": Column(pl.String, "who ran it", allowed=("study", "published")),
    "model": Column(pl.String, "name of the model: a key of language.models, or a published name"),
    "items": Column(pl.String, "kind of item: real, fake or poker"),
    "hierarchy": Column(pl.String, "name of the hierarchy: a key of relational.hierarchies"),
    "method": Column(pl.String, "method of training: a key of language.methods, or a published name"),
    "hyperparameter": optional("ridge or L2 of a probe, rank of LoRA; empty where there is none"),
}
"""Columns that name a cell: a group of runs that differ only in seed and reversal."""

KEY = tuple(CELL)

RUN = {
    "seed": Column(pl.Int64, "seed of the items, the anchor pair and the training"),
    "reverse": Column(pl.Boolean, "whether the items hold the ranks in opposite order"),
}

PHASE = {"phase": Column(pl.String, "before (pre) or after (post) training", allowed=("pre", "post"))}

AT_EDGE = Column(
    pl.String,
    "the end of its range, 0.001 or 100, at which gamma lies; empty inside",
    nullable=True,
    allowed=("low", "high"),
)

PAIR_CLASS = Column(pl.String, "class of the pair", allowed=PAIR_CLASSES)

RESPONSES = Table(
    "responses",
    {
        **CELL,
        **RUN,
        **PHASE,
        "first": Column(pl.Int64, "rank of the item named first in the question; 0 is the strongest"),
        "second": Column(pl.Int64, "rank of the item named second"),
        "pair_class": PAIR_CLASS,
        "logit_difference": Column(
            pl.Float64, "logit of Yes minus logit of No; of a ridge probe its output", nan=True
        ),
        "p_yes": Column(pl.Float64, "sigmoid(logit_difference)", nan=True),
        "correct": Column(
            pl.Boolean,
            "whether the answer is right, Yes being answered where p_yes > 1/2 (a tie is a No); the truth of "
            "an exception is its winner. Empty for loop pairs, which have no truth, and for diverged runs, "
            "whose logit difference is NaN",
            nullable=True,
        ),
        "paired_correct": Column(
            pl.Boolean,
            "whether Yes is strictly likelier in the right direction than in the wrong one (a tie is wrong); "
            "the same in both rows of a pair; empty for loop pairs and diverged runs",
            nullable=True,
        ),
    },
    trained(
        [*CELL, *PHASE, "pair_class"],
        dict.fromkeys(("correct", "paired_correct", "logit_difference")),
        unit="seed",
    ),
)

RUNS = Table(
    "runs",
    {
        **CELL,
        **RUN,
        "train_loss": optional("mean cross-entropy over the last epoch, nats; empty where diverged"),
        "diverged": Column(pl.Boolean, "whether a loss was not finite: the run's answers are NaN"),
    },
    trained(CELL, dict.fromkeys(("train_loss", "diverged")), unit="seed"),
)

MEASURES = ("kappa_o", "kappa_d", "alpha", "distance", "ridge_correlation")
"""Measures of a representation that are averaged over runs."""

GEOMETRY_RUNS = Table(
    "measures of representations by run",
    {
        **CELL,
        **RUN,
        **PHASE,
        "kappa_o": optional("cosine similarity of pairs sharing an item in the same position"),
        "kappa_d": optional("cosine similarity of all other different pairs"),
        "alpha": optional("conjunctivity of the dot products, antisymmetric part; may leave [0, 1)"),
        "scale": optional("k_same - k_reversed, squared units of the hidden state"),
        "distance": optional("relative Frobenius distance from the nearest exchangeable kernel"),
        "ridge_correlation": optional(
            "Pearson over untrained pairs of margins after training and of kernel ridge regression with this "
            "kernel; phase pre of finetuned runs alone"
        ),
    },
    trained([*CELL, *PHASE], dict.fromkeys(MEASURES), unit="seed"),
    may_be_empty=True,
)

GEOMETRY = Table(
    "geometry",
    {
        **CELL,
        **PHASE,
        **{
            column: described
            for name in MEASURES
            for column, described in mean_over_seeds(
                name, f"{GEOMETRY_RUNS.columns[name].description}; mean, seeds weighted equally"
            ).items()
        },
        "gamma": optional("fitted to the behaviour of the same cell"),
        "gamma_at_edge": AT_EDGE,
        "gamma_low": optional("lower end of its 95% interval"),
        "gamma_high": optional("upper end of its 95% interval"),
        "n_runs": Column(pl.Int64, "distinct runs averaged, diverged ones left out"),
        "n_seeds": Column(pl.Int64, "seeds averaged"),
    },
    trained([*CELL, *PHASE], errors_of(*MEASURES), units="n_seeds"),
    may_be_empty=True,
)


def _effect(column: str, unit: str) -> dict[str, Column]:
    """A paired change, its standard error and its interval."""
    name = f"exception_{column}_effect"
    return {
        **mean_over_seeds(
            name,
            f"change of cross pairs' {column} from the plain hierarchy of the same size, {unit}, by seed",
            width=False,
        ),
        f"{name}_low": optional("lower end of the 95% t interval over seeds"),
        f"{name}_high": optional("upper end of the 95% t interval over seeds"),
    }


def _wilson(column: str, counted: str) -> dict[str, Column]:
    """Ends of the Wilson interval of a proportion."""
    return {
        f"{column}_low": optional(f"lower end of the 95% Wilson interval of {column} over {counted}"),
        f"{column}_high": optional("upper end of that interval"),
    }


EFFECTS = Table(
    "effects",
    {
        **CELL,
        **PHASE,
        "train_accuracy": optional("mean of correct over trained pairs"),
        **mean_over_seeds("accuracy", "mean of correct over untrained pairs with a truth", width=False),
        **_wilson("accuracy", "answers"),
        "n_answers": Column(pl.Int64, "answers that the interval counts: those of distinct runs"),
        **mean_over_seeds("distance_slope", "slope of the margin, logit units per rank", width=False),
        **mean_over_seeds("bias", "mean logit difference, all ordered pairs: 0 is no bias"),
        **mean_over_seeds("yes_share", "share of answers that are Yes: 1/2 is no bias"),
        "compared_with": Column(pl.String, "plain hierarchy of the same size", nullable=True),
        **_effect("margin", "logit units"),
        **_effect("accuracy", "share"),
        "n_seeds": Column(pl.Int64, "seeds"),
    },
    trained(
        [*CELL, *PHASE],
        errors_of("accuracy", "distance_slope", "bias", "yes_share")
        | errors_of("exception_margin_effect", "exception_accuracy_effect"),
        units="n_seeds",
    ),
)

VALUES = ("accuracy", "paired_accuracy", "margin")

_VALUES = {
    **mean_over_seeds("accuracy", "mean of correct, seeds weighted equally"),
    **mean_over_seeds("paired_accuracy", "mean of paired_correct, seeds weighted equally"),
    **mean_over_seeds(
        "margin", "mean of M(h, k): negative where an exception is learned; logit units", nullable=False
    ),
}

N_RUNS = Column(pl.Int64, "distinct runs: a reversed run that repeats its forward run is left out")
N_SEEDS = Column(pl.Int64, "seeds: the clusters of the standard errors")

ACCURACY = Table(
    "accuracy",
    {
        **CELL,
        **PHASE,
        "pair_class": PAIR_CLASS,
        **_VALUES,
        **_wilson("accuracy", "answers"),
        **_wilson("paired_accuracy", "pairs of every run"),
        "n_answers": Column(pl.Int64, "answers with a truth, two per pair and distinct run"),
        "n_pairs": Column(pl.Int64, "pairs of the class"),
        "n_runs": N_RUNS,
        "n_seeds": N_SEEDS,
    },
    trained([*CELL, *PHASE, "pair_class"], errors_of(*VALUES), units="n_seeds"),
)

DISTANCE = Table(
    "distance",
    {
        **CELL,
        **PHASE,
        "distance": Column(pl.Int64, "difference of the ranks of a pair, 1 for neighbours"),
        "trained": Column(pl.Boolean, "whether the pairs were trained: neighbours and exceptions"),
        **_VALUES,
        "n_pairs": Column(pl.Int64, "pairs averaged, loop pairs left out"),
        "n_runs": N_RUNS,
        "n_seeds": N_SEEDS,
    },
    trained([*CELL, *PHASE, "distance", "trained"], errors_of(*VALUES), units="n_seeds"),
)

MARGINS = Table(
    "margins",
    {
        **CELL,
        **PHASE,
        "higher": Column(pl.Int64, "rank of the higher-ranked item h; 0 is the strongest"),
        "lower": Column(pl.Int64, "rank of the lower-ranked item k"),
        "pair_class": PAIR_CLASS,
        "margin": Column(pl.Float64, "M(h, k) = (mean d(h, k) - mean d(k, h)) / 2, logit units"),
        "standard_error": optional("standard error of the margin, clustered by seed; empty for one seed"),
        "n_runs": N_RUNS,
        "n_seeds": N_SEEDS,
    },
    trained([*CELL, *PHASE, "higher", "lower", "pair_class"], {"margin": "standard_error"}, units="n_seeds"),
)
