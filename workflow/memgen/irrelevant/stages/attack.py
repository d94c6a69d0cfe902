"""Train a classifier with every defence asked for, and attack each."""

import dataclasses
from typing import Annotated, Literal

import polars as pl

from memgen.arguments import AsManyAs, Count, CountOrNone, NonNegative, Positive, Range
from memgen.irrelevant.defences import Defence, Noisy, epsilon_spent
from memgen.irrelevant.experiment import Size, recoveries
from memgen.irrelevant.rows import RUNS
from memgen.irrelevant.specs import check_attacks
from memgen.irrelevant.training import Recipe
from memgen.memory import refuse_beyond_memory
from memgen.stage import Output, stage


@stage
def attack(
    *,
    run: str,
    learner: str,
    clusters: list[Count],
    samples: Annotated[list[Count], AsManyAs("clusters")],
    dimension: Annotated[list[Count], AsManyAs("clusters")],
    rho: Annotated[list[Annotated[float, Range(0, 1, below=True)]], AsManyAs("clusters")],
    tail: Annotated[list[NonNegative], AsManyAs("clusters")],
    seeds: Count,
    steps: Count,
    rate: Positive,
    momentum: Annotated[float, Range(0, 1, below=True)],
    hidden: CountOrNone,
    optimizer: Literal["sgd", "adam"],
    slower_from: CountOrNone,
    singleton_weight: NonNegative,
    record_steps: list[Count],
    attacks: list[str],
    most_seen: Count,
    tests: Count,
    defences: list[str],
    kinds: Annotated[list[str], AsManyAs("defences")],
    strengths: Annotated[list[NonNegative], AsManyAs("defences")],
    noisy_rate: Positive,
    noisy_momentum: Annotated[float, Range(0, 1, below=True)],
    noisy_steps: Count,
    clip: Positive,
    delta: Annotated[float, Range(0, 1, above=True, below=True)],
    out: Output,
) -> None:
    """Train one learner on cluster tasks, with and without defences, and attack it.

    Parameters
    ----------
    run
        Name of the run.
    learner
        logistic or network.
    clusters, samples, dimension, rho, tail
        Clusters, sample size, positions, probability that a position is fixed, and exponent of the clusters'
        frequencies, one of each per size.
    seeds
        Number of seeds; seed 0, 1, … draws clusters, sample, initial weights and attack anew.
    steps, rate, momentum
        Steps, learning rate and Nesterov's momentum without a defence.
    hidden
        Hidden units of the network; 0 for logistic regression.
    optimizer
        sgd or adam.
    slower_from
        Step from which the rate is 0.3 of itself; 0 for never.
    singleton_weight
        Times that a sample of a cluster seen once counts, others counting once; the paper's logistic
        regression has 2.
    record_steps
        Numbers of steps after which the undefended learner is attacked; the last step is added.
    attacks
        The first is made after every recorded step, the others after the last, without defences.
    most_seen
        Largest multiplicity whose samples are attacked.
    tests
        Fresh examples of each cluster for the accuracies.
    defences, kinds, strengths
        Name, kind and strength of every defence; none stands for no defence.
    noisy_rate, noisy_momentum, noisy_steps, clip, delta
        How clipped and noisy gradient descent is run, and delta of its privacy.
    out
        Runs table.
    """
    check_attacks(learner, attacks)
    recipe = Recipe(steps, rate, momentum, hidden, optimizer, slower_from=slower_from)
    noisy = Noisy(noisy_rate, noisy_momentum, noisy_steps, clip, delta)
    rows = []
    for sizes in zip(clusters, samples, dimension, rho, tail, strict=True):
        size = Size(*sizes)
        refuse_beyond_memory(
            16.0 * max(hidden, 1) * (size.dimension + size.clusters)
            + 2.0 * (size.samples + size.clusters * tests) * max(hidden, size.dimension),
            f"{size.clusters} clusters of {size.dimension} positions, {tests} tests, {hidden} hidden units",
        )
        for defence in map(Defence, defences, kinds, strengths):
            defence.check(learner)
            trained = defence.applied(recipe, noisy)
            plain = defence.kind == "none"
            steps_recorded = [step for step in record_steps if plain and step < trained.steps]
            epsilon = epsilon_spent(trained, max(1.0, singleton_weight), delta)
            for seed in range(seeds):
                found = recoveries(
                    size,
                    trained,
                    singleton_weight,
                    attacks if plain else attacks[:1],
                    [*steps_recorded, trained.steps],
                    most_seen,
                    tests,
                    seed,
                    learner,
                )
                rows += [
                    {
                        "run": run,
                        "task": size.task,
                        "learner": learner,
                        "defence": defence.name,
                        "kind": defence.kind,
                        "strength": None if plain else defence.strength,
                        "epsilon": epsilon,
                        "delta": None if epsilon is None else delta,
                        "clusters": size.clusters,
                        "samples": size.samples,
                        "dimension": size.dimension,
                        "rho": size.rho,
                        "seed": seed,
                        **dataclasses.asdict(row),
                    }
                    for row in found
                ]
    RUNS.write(pl.DataFrame(rows, schema=RUNS.schema), out)
