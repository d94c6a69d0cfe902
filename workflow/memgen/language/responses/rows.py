"""Columns of what every run writes: its answers, its loss, and the measures of its representation."""

import polars as pl

from memgen.tables import Column, Table

CELL = {
    "source": Column(pl.String, "who ran it", allowed=("study", "published")),
    "model": Column(pl.String, "name of the model: a key of language.models, or a published name"),
    "items": Column(pl.String, "kind of item: real, fake or poker"),
    "hierarchy": Column(pl.String, "name of the hierarchy: a key of relational.hierarchies"),
    "method": Column(pl.String, "method of training: a key of language.methods, or a published name"),
    "hyperparameter": Column(
        pl.Float64, "ridge or L2 of a probe, rank of LoRA; empty where there is none", nullable=True
    ),
}
"""Columns that name a cell: a group of runs that differ only in seed and reversal."""


KEY = tuple(CELL)


PAIR_CLASSES = ("train", "exception", "loop", "boundary", "cross", "within", "test")


PHASE = {
    "phase": Column(pl.String, "before (pre) or after (post) training", allowed=("pre", "post")),
}


RESPONSES = Table(
    "responses",
    {
        **CELL,
        "seed": Column(pl.Int64, "seed of the items, the anchor pair and the training"),
        "reverse": Column(
            pl.Boolean, "whether the items hold the ranks in opposite order; ranks and exceptions stay"
        ),
        **PHASE,
        "first": Column(pl.Int64, "rank of the item named first in the question; 0 is the strongest"),
        "second": Column(pl.Int64, "rank of the item named second"),
        "pair_class": Column(pl.String, "class of the pair", allowed=PAIR_CLASSES),
        "logit_difference": Column(
            pl.Float64,
            "logit of Yes minus logit of No; for a ridge probe its prediction of the target +1 or -1",
        ),
        "p_yes": Column(pl.Float64, "sigmoid(logit_difference)"),
        "correct": Column(
            pl.Boolean,
            "whether the answer is right, Yes being answered where p_yes > 1/2 (a tie is a No); "
            "the truth of an exception is its winner; empty for loop pairs, which have no truth, and for "
            "diverged runs, whose logit difference is NaN",
            nullable=True,
        ),
        "paired_correct": Column(
            pl.Boolean,
            "whether Yes is strictly likelier in the right direction than in the wrong one (a tie is "
            "wrong); the same in both rows of a pair; empty for loop pairs and diverged runs",
            nullable=True,
        ),
    },
)


RUNS = Table(
    "runs",
    {
        **CELL,
        "seed": RESPONSES.columns["seed"],
        "reverse": RESPONSES.columns["reverse"],
        "train_loss": Column(
            pl.Float64, "mean cross-entropy over the last epoch, nats; empty where diverged", nullable=True
        ),
        "diverged": Column(pl.Boolean, "whether a loss was not finite: the run's answers are NaN"),
    },
)


GEOMETRY_RUNS = Table(
    "measures of representations by run",
    {
        **CELL,
        "seed": RESPONSES.columns["seed"],
        "reverse": RESPONSES.columns["reverse"],
        **PHASE,
        "kappa_o": Column(
            pl.Float64, "cosine similarity of pairs sharing an item in the same position", nullable=True
        ),
        "kappa_d": Column(pl.Float64, "cosine similarity of all other different pairs", nullable=True),
        "alpha": Column(
            pl.Float64,
            "conjunctivity of the dot products, antisymmetric part; may leave [0, 1)",
            nullable=True,
        ),
        "scale": Column(pl.Float64, "k_same - k_reversed, squared units of the hidden state", nullable=True),
        "distance": Column(
            pl.Float64, "relative Frobenius distance from the nearest exchangeable kernel", nullable=True
        ),
        "ridge_correlation": Column(
            pl.Float64,
            "Pearson over untrained pairs: margins after training, and those of kernel ridge regression with "
            "this kernel; phase pre of finetuned runs alone",
            nullable=True,
        ),
    },
)
