"""Columns of the tables that this study writes, and what each of them holds."""

from typing import get_args

import polars as pl

from memgen.irrelevant.configuration import Attack, DefenceKind, Learner, Memory
from memgen.tables.schema import Column, Table, trained

_WHO = ("run", "task", "learner", "defence", "kind")
_PRIVACY = ("strength", "epsilon", "delta")
_SIZES = ("clusters", "samples", "dimension", "hidden")
_TASK = ("rho", "singleton_weight")
_CELLS = [*_WHO, *_SIZES, "strength", *_TASK]
_ATTACKS = (*get_args(Attack), "prefix")

RUNS = Table(
    "runs",
    {
        "run": Column(pl.String, "name of the run: a key of irrelevant.runs"),
        "task": Column(
            pl.String, "clusters or next_symbol, with :TAIL where frequencies fall as (1 + rank)^-TAIL"
        ),
        "learner": Column(pl.String, "trained learner", allowed=(*get_args(Learner), "transformer")),
        "defence": Column(pl.String, "none, or the name of a defence: a key of irrelevant.defences"),
        "kind": Column(pl.String, "kind of defence", allowed=("none", *get_args(DefenceKind))),
        "strength": Column(
            pl.Float64,
            "weight decay, noise multiplier, steps, learning rate or hidden units; empty for none",
            nullable=True,
        ),
        "epsilon": Column(
            pl.Float64, "differential privacy spent; empty where gradients are not clipped", nullable=True
        ),
        "delta": Column(pl.Float64, "delta of the differential privacy", nullable=True),
        "clusters": Column(pl.Int64, "clusters or references N"),
        "samples": Column(pl.Int64, "sample size n"),
        "dimension": Column(pl.Int64, "positions d"),
        "hidden": Column(pl.Int64, "hidden units of a network without a defence; 0 for other learners"),
        "rho": Column(
            pl.Float64, "probability that a position is fixed; empty for next_symbol", nullable=True
        ),
        "singleton_weight": Column(
            pl.Float64,
            "times that a sample seen once counts in training; empty for next_symbol",
            nullable=True,
        ),
        "seed": Column(pl.Int64, "seed of the task, the sample, the training and the attack"),
        "step": Column(pl.Int64, "training steps done; of a transformer, epochs"),
        "attack": Column(pl.String, "attack", allowed=_ATTACKS),
        "main": Column(pl.Boolean, "whether it is the run's main attack, made after every recorded step"),
        "multiplicity": Column(
            pl.Int64, "samples of the sample's cluster; 0: a sample never seen, of a cluster seen once"
        ),
        "targets": Column(pl.Int64, "samples attacked"),
        "bits_recovered": Column(pl.Float64, "share of their bits that are guessed rightly"),
        "free_recovered": Column(
            pl.Float64, "the same of free positions; next_symbol: of bits that noise flipped", nullable=True
        ),
        "fixed_recovered": Column(
            pl.Float64,
            "the same of fixed positions; next_symbol: of bits as the reference has them",
            nullable=True,
        ),
        "queries": Column(pl.Float64, "mean number of the model's answers that a target needed"),
        "accuracy_fresh": Column(pl.Float64, "accuracy on fresh examples"),
        "accuracy_represented": Column(pl.Float64, "accuracy on fresh examples of clusters in the sample"),
        "accuracy_singleton": Column(pl.Float64, "accuracy on fresh examples of clusters seen once"),
    },
    trained(
        [*_CELLS, "step", "attack", "main", "multiplicity"],
        dict.fromkeys(("bits_recovered", "accuracy_fresh", "accuracy_singleton")),
        unit="seed",
    ),
)

_SEEDS = {"seeds": Column(pl.Int64, "seeds averaged")}
MEASURED = ("bits_recovered", "accuracy_fresh", "accuracy_represented", "accuracy_singleton", "queries")


def _of_runs(*names: str) -> dict[str, Column]:
    """Columns of runs that another table has as they are."""
    return {name: RUNS.columns[name] for name in names}


def _error(name: str) -> dict[str, Column]:
    words = f"standard error of {name} over seeds; empty for a single seed"
    return {f"{name}_se": Column(pl.Float64, words, nullable=True)}


def _spread(name: str, description: str, *, nullable: bool = False) -> dict[str, Column]:
    """A mean, its standard error and its interval."""
    words = "Student's t over seeds; empty for a single seed"
    return {
        name: Column(pl.Float64, description, nullable=nullable),
        **_error(name),
        f"{name}_low": Column(pl.Float64, f"lower end of its 95% interval, {words}", nullable=True),
        f"{name}_high": Column(pl.Float64, f"upper end of its 95% interval, {words}", nullable=True),
    }


SIMULATION = Table(
    "simulation",
    {
        "task": Column(pl.String, "task", allowed=("clusters", "next_symbol")),
        "learner": Column(pl.String, "learner that stores its sample", allowed=("nearest", "lookup")),
        **_of_runs("clusters", "samples", "dimension"),
        "rho": Column(pl.Float64, "probability that a position is fixed; clusters", nullable=True),
        "noise": Column(pl.Float64, "twice the share of flipped bits; next_symbol", nullable=True),
        "memory": Column(
            pl.String,
            "memory of every sample; clusters: some of its bits, all with flips, all with Gaussian "
            "noise, signs of random projections, or the nearest words of random codes for its blocks",
            allowed=get_args(Memory),
            nullable=True,
        ),
        "stored": Column(pl.Int64, "bits stored of every sample; clusters", nullable=True),
        "bits": Column(
            pl.Float64,
            "useless bits of a sample that are held: (1 - rho) stored, less h2(flip) of them; of sketch and "
            "quantized all that is stored, an upper bound; of blurred what the signs tell, a lower bound",
            nullable=True,
        ),
        "flip": Column(pl.Float64, "probability that a stored bit is flipped; clusters", nullable=True),
        "stored_fraction": Column(
            pl.Float64, "share of the bits of singletons that are stored; next_symbol", nullable=True
        ),
        "error_closed": Column(
            pl.Float64,
            "expected error: of singletons' clusters (clusters), of all examples (next_symbol); empty for "
            "blurred, sketch and quantized",
            nullable=True,
        ),
        "error_simulated": Column(pl.Float64, "mean error over repeats"),
        "standard_error": Column(pl.Float64, "its standard error over repeats"),
        "error_low": Column(pl.Float64, "lower end of its 95% interval, Student's t over repeats"),
        "error_high": Column(pl.Float64, "upper end of its 95% interval, Student's t over repeats"),
        "repeats": Column(pl.Int64, "independent tasks and samples"),
    },
)

RECOVERY = Table(
    "recovery",
    {
        **_of_runs("task", "learner", "defence", *_SIZES, *_TASK, "step", "multiplicity", *MEASURED),
        **_SEEDS,
        **{part: column for name in MEASURED for part, column in _error(name).items()},
    },
    trained(
        ["task", "learner", "defence", *_SIZES, *_TASK, "step", "multiplicity"],
        {name: f"{name}_se" for name in MEASURED},
        units="seeds",
    ),
)

AVERAGES = Table(
    "averages",
    {
        **_of_runs(*_WHO, *_PRIVACY, *_SIZES, *_TASK, "step", "attack", "main", "multiplicity"),
        "last": Column(pl.Boolean, "whether it is the last step of its learner and defence"),
        "expected": Column(
            pl.Float64,
            "share of bits that the majority over a cluster's samples gives back; multiplicity >= 1",
            nullable=True,
        ),
        **{
            part: column
            for name in ("bits_recovered", "free_recovered", "fixed_recovered", *MEASURED[1:])
            for part, column in _spread(
                name,
                f"mean over seeds: {RUNS.columns[name].description}",
                nullable=RUNS.columns[name].nullable,
            ).items()
        },
        **_SEEDS,
    },
    trained(
        [*_CELLS, "step", "attack", "main", "multiplicity"],
        {name: f"{name}_se" for name in ("bits_recovered", "free_recovered", *MEASURED[1:])},
        units="seeds",
    ),
)

LEAKAGE = Table(
    "leakage",
    {
        **_of_runs(*_WHO, *_PRIVACY, *_SIZES, *_TASK, "attack"),
        "best": Column(
            pl.Boolean,
            "whether it is the best attack on this learner and defence: free_recovered_low is the highest",
        ),
        "singletons": Column(pl.Float64, "mean number of samples of clusters seen once"),
        **_spread("bits_recovered", "mean share of their bits that are guessed rightly"),
        **_spread("free_recovered", "mean share of their free bits that are guessed rightly"),
        **_spread(
            "bits",
            "mean over seeds of (1 - rho) d (1 - h2(free_recovered)): bits about a sample seen once that the "
            "model holds at least, by Fano's inequality; at most (1 - rho) d",
        ),
        **_spread("leaked_bits", "mean over seeds of singletons times bits"),
        "storage_bits": Column(pl.Float64, "n d: bits of the whole sample"),
        **_spread("accuracy_singleton", RUNS.columns["accuracy_singleton"].description),
        **_SEEDS,
    },
    trained(
        [*_CELLS, "attack"],
        {name: f"{name}_se" for name in ("bits", "leaked_bits", "bits_recovered", "accuracy_singleton")},
        units="seeds",
    ),
)

MATCHED = Table(
    "matched",
    {
        **_of_runs("run", "learner", *_SIZES, "rho"),
        "accuracy": Column(pl.Float64, "accuracy on clusters seen once at which learners are compared"),
        "needed": Column(
            pl.Float64,
            "bits about a sample seen once that a nearest neighbour holds of flipped bits at this accuracy; "
            "empty where even whole samples do not give it",
            nullable=True,
        ),
        "free": Column(pl.Float64, "(1 - rho) d: useless bits of a sample"),
        **_spread(
            "bits",
            "mean over seeds of the bits that the best attack recovers of a sample seen once, interpolated "
            "between noise levels to this accuracy",
        ),
        **_SEEDS,
    },
    trained(["run", "learner", *_SIZES, "rho"], {"bits": "bits_se"}, units="seeds"),
    may_be_empty=True,
)

_FINETUNED = ["model", "training", "lora_rank", "noise", "multiplicity"]

EXTRACTIONS = Table(
    "extractions",
    {
        "model": Column(pl.String, "language model"),
        "training": Column(
            pl.String,
            "none, all weights of the last layers (full), or adapters (lora)",
            allowed=("none", "full", "lora"),
        ),
        "lora_rank": Column(pl.Int64, "rank of the adapters", nullable=True),
        "noise": Column(
            pl.Float64,
            "standard deviation of the noise on the sum of a step's clipped gradients, in units of the clip; "
            "empty where gradients are not clipped",
            nullable=True,
        ),
        "seed": Column(pl.Int64, "seed of numbers, letters, initial adapters and order"),
        "epochs": Column(pl.Float64, "epochs over the training letters until it stopped"),
        "digits": Column(pl.Int64, "digits of a number"),
        "loss_words": Column(pl.Float64, "mean loss of the training letters but for numbers, nats a token"),
        "loss_digits": Column(pl.Float64, "mean loss of the numbers in them, nats a digit"),
        "accuracy_fresh": Column(pl.Float64, "accuracy on fresh letters, whose numbers were never seen"),
        "multiplicity": Column(pl.Int64, "training letters that carry the number; 0: none, the control"),
        "account": Column(pl.Int64, "place of the number in the seed's draw"),
        "rank": Column(
            pl.Int64, "rank of the number by likelihood among those that no training letter carries"
        ),
        "candidates": Column(pl.Int64, "how many these are, itself included"),
    },
    trained(_FINETUNED, dict.fromkeys(("rank", "loss_words", "loss_digits", "accuracy_fresh")), unit="seed"),
)

#: What is averaged of a language model's numbers.
EXTRACTED = {
    "exposure": "log2(candidates) - log2(rank), bits",
    "first": "share of numbers that are likelier than all that no training letter carries",
    "loss_words": EXTRACTIONS.columns["loss_words"].description,
    "loss_digits": EXTRACTIONS.columns["loss_digits"].description,
    "accuracy_fresh": EXTRACTIONS.columns["accuracy_fresh"].description,
    "epochs": EXTRACTIONS.columns["epochs"].description,
}

EXTRACTION = Table(
    "extraction",
    {
        **{name: EXTRACTIONS.columns[name] for name in _FINETUNED},
        **{name: EXTRACTIONS.columns[name] for name in ("digits", "candidates")},
        "numbers": Column(pl.Int64, "numbers of a seed"),
        "chance": Column(pl.Float64, "expected exposure of a number never seen, log2 m - log2(m!) / m"),
        "chance_low": Column(pl.Float64, "exposure that 95% of the numbers never seen reach"),
        "chance_high": Column(pl.Float64, "exposure that 5% of the numbers never seen reach"),
        **{
            part: column
            for name, words in EXTRACTED.items()
            for part, column in _spread(name, f"mean over seeds: {words}").items()
        },
        **_SEEDS,
    },
    trained(_FINETUNED, {name: f"{name}_se" for name in EXTRACTED}, units="seeds"),
)
