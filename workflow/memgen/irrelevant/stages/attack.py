"""Train a classifier with every defence asked for, and attack each."""

from typing import Annotated

import polars as pl

from memgen.configuration.options import As, flat
from memgen.irrelevant.classifiers import Training
from memgen.irrelevant.configuration import (
    OF_ATTACK,
    Attacked,
    Dimension,
    Noisy,
    NumberOfClusters,
    Rho,
    Samples,
    Size,
    Tail,
    check_defence,
)
from memgen.irrelevant.experiment import defended, epsilon_spent, recoveries
from memgen.irrelevant.tables import RUNS
from memgen.jobs.arguments import AsManyAs, Count, NonNegative
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Output, stage


@stage
@flat
def attack(
    *,
    run: str,
    clusters: list[NumberOfClusters],
    samples: Annotated[list[Samples], AsManyAs("clusters")],
    dimension: Annotated[list[Dimension], AsManyAs("clusters")],
    rho: Annotated[list[Rho], AsManyAs("clusters")],
    tail: Annotated[list[Tail], AsManyAs("clusters")],
    training: Annotated[Attacked, As(record_steps=None)],
    record_steps: list[Count],
    defences: list[str],
    kinds: Annotated[list[str], AsManyAs("defences")],
    strengths: Annotated[list[NonNegative], AsManyAs("defences")],
    noisy: Annotated[Noisy, OF_ATTACK],
    out: Output,
) -> None:
    """Train one learner on cluster tasks, with and without defences, and attack it.

    Parameters
    ----------
    run
        Name of the run.
    clusters, samples, dimension, rho, tail
        Clusters, sample size, positions, probability that a position is fixed, and exponent of the clusters'
        frequencies, one of each per size.
    record_steps
        Numbers of steps after which the undefended learner is attacked; the last step is added.
    defences, kinds, strengths
        Name, kind and strength of every defence; none stands for no defence.
    out
        Runs table.
    """
    undefended = Training(
        training.steps,
        training.rate,
        training.momentum,
        training.hidden,
        training.optimizer,
        training.slower_from,
    )
    rows = []
    for n_clusters, n, d, share, exponent in zip(clusters, samples, dimension, rho, tail, strict=True):
        size = Size(clusters=n_clusters, samples=n, dimension=d, rho=share, tail=exponent)
        refuse_beyond_memory(
            16.0 * max(training.hidden, 1) * (size.dimension + size.clusters)
            + 2.0 * (size.samples + size.clusters * training.tests) * max(training.hidden, size.dimension),
            f"{size.clusters} clusters of {size.dimension} positions, {training.tests} tests, "
            f"{training.hidden} hidden units",
        )
        for defence, kind, strength in zip(defences, kinds, strengths, strict=True):
            check_defence(training.learner, defence, kind, strength)
            trained = defended(undefended, kind, strength, noisy)
            plain = kind == "none"
            epsilon = epsilon_spent(trained, max(1.0, training.singleton_weight), noisy.delta)
            common = {
                "run": run,
                "task": size.task,
                "learner": training.learner,
                "defence": defence,
                "kind": kind,
                "strength": None if plain else strength,
                "epsilon": epsilon,
                "delta": None if epsilon is None else noisy.delta,
                "clusters": size.clusters,
                "samples": size.samples,
                "dimension": size.dimension,
                "hidden": training.hidden,
                "rho": size.rho,
                "singleton_weight": training.singleton_weight,
            }
            record = [step for step in record_steps if plain and step < trained.steps]
            for seed in range(training.seeds):
                found = recoveries(size, training, trained, [*record, trained.steps], seed)
                rows += [{**common, "seed": seed, **row} for row in found]
    RUNS.write(pl.DataFrame(rows, schema=RUNS.schema), out)
