"""Train a classifier with every defence asked for, and attack each."""

import dataclasses

import polars as pl

from memgen.errors import BadInput
from memgen.irrelevant.defences import Defence, Noisy, epsilon_spent
from memgen.irrelevant.experiment import Size, recoveries
from memgen.irrelevant.rows import RUNS
from memgen.irrelevant.specs import check_attacks
from memgen.irrelevant.training import Recipe
from memgen.stage import Output, stage


@stage
def attack(
    *,
    run: str,
    learner: str,
    clusters: list[int],
    samples: list[int],
    dimension: list[int],
    rho: list[float],
    tail: list[float],
    seeds: int,
    steps: int,
    rate: float,
    momentum: float,
    hidden: int,
    optimizer: str,
    slower_from: int,
    singleton_weight: float,
    record_steps: list[int],
    attacks: list[str],
    most_seen: int,
    tests: int,
    defences: list[str],
    kinds: list[str],
    strengths: list[float],
    noisy_rate: float,
    noisy_momentum: float,
    noisy_steps: int,
    clip: float,
    delta: float,
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
    if not len(clusters) == len(samples) == len(dimension) == len(rho) == len(tail):
        raise BadInput("sizes: as many clusters, samples, dimension, rho and tail are needed of each")
    if not len(defences) == len(kinds) == len(strengths):
        raise BadInput("defences: as many names, kinds and strengths are needed")
    if optimizer not in ("sgd", "adam"):
        raise BadInput(f"optimizer: {optimizer!r} is not allowed; allowed: sgd, adam")
    check_attacks(learner, attacks)
    recipe = Recipe(
        steps, rate, momentum, hidden, "adam" if optimizer == "adam" else "sgd", slower_from=slower_from
    )
    noisy = Noisy(noisy_rate, noisy_momentum, noisy_steps, clip, delta)
    rows = []
    for sizes in zip(clusters, samples, dimension, rho, tail, strict=True):
        size = Size(*sizes)
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
