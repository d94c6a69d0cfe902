"""One classifier trained with a defence, and what each attack gets out of it."""

import dataclasses
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from memgen.irrelevant import attacks, tasks
from memgen.irrelevant.classifiers import Model, Training, accuracy_by_class, train
from memgen.irrelevant.configuration import Attacked, Noisy, Size
from memgen.irrelevant.tasks import Clusters, ClusterSample, Floats, Integers
from memgen.jobs.seeding import generator, integer_seed


def defended(training: Training, kind: str, strength: float, noisy: Noisy) -> Training:
    """A training changed by a defence that the learner has; ``none`` changes nothing."""
    changes: dict[str, Any] = {}
    if kind == "weight_decay":
        changes = {"weight_decay": strength}
    elif kind == "early_stopping":
        changes = {"steps": min(training.steps, int(strength))}
    elif kind == "no_momentum":
        changes = {"optimizer": "sgd", "momentum": 0.0, "learning_rate": strength}
    elif kind == "fewer_parameters":
        changes = {"hidden": int(strength)}
    elif kind == "noise":
        changes = {"optimizer": "sgd", "learning_rate": noisy.rate, "momentum": noisy.momentum,
                   "steps": noisy.steps, "slower_from": 0, "clip": noisy.clip, "noise": strength}  # fmt: skip
    return dataclasses.replace(training, **changes)


def epsilon_spent(training: Training, times: float, delta: float) -> float | None:
    """Epsilon of a training's differential privacy under adding or removing a sample.

    A sample that counts some times adds as many clipped gradients, and the noise hides one. Infinite where
    gradients are clipped but not noisy; None where they are not clipped.
    """
    if training.clip <= 0:
        return None
    if training.noise <= 0:
        return math.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from opacus.accountants import RDPAccountant

        accountant = RDPAccountant()
        for _ in range(training.steps):
            accountant.step(noise_multiplier=training.noise / times, sample_rate=1.0)
        return float(accountant.get_epsilon(delta))


def draw(size: Size, seed: int) -> tuple[Clusters, ClusterSample]:
    """Clusters and sample of a seed, the same for every learner and defence."""
    rng = generator("irrelevant", "clusters", *size.key, seed)
    clusters = tasks.draw_clusters(size.clusters, size.dimension, size.rho, size.tail, rng)
    return clusters, tasks.draw_sample(clusters, size.samples, rng)


def recoveries(
    size: Size,
    learner: Attacked,
    training: Training,
    named: Sequence[str],
    record: Sequence[int],
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Train a classifier on one sample and attack it; yields the columns of `RUNS` from `step` on.

    The first attack is made after every recorded step, the others after the last. Multiplicity 0 is one
    never-seen example of every cluster seen once. A sample without singletons gives nothing.
    """
    clusters, sample = draw(size, seed)
    once = np.flatnonzero(sample.count == 1)
    if not len(once):
        return
    fresh = generator("irrelevant", "fresh", *size.key, seed)
    tested = np.repeat(np.arange(size.clusters), learner.tests)
    test_x = clusters.examples(tested, fresh)
    twins = ClusterSample(clusters.examples(once, fresh), once, sample.count)
    targets = np.flatnonzero((sample.count >= 1) & (sample.count <= learner.most_seen))
    weight = np.where(sample.multiplicity == 1, learner.singleton_weight, 1.0)
    key = (learner.learner, *size.key, seed)
    training_seed = integer_seed("irrelevant", "training", *key)
    path = train(sample.x, sample.y, weight, size.clusters, training, record, training_seed)
    for step, model in path:
        by_class = accuracy_by_class(model, test_x, tested, size.clusters)
        measured = tasks.accuracies(by_class, clusters.frequency, sample.count)
        for attack in named if step == max(record) else named[:1]:
            rng = generator("irrelevant", attack, *key, step)
            guess = _guess(attack, model, clusters, sample, weight, targets, rng)
            for multiplicity in range(learner.most_seen + 1):
                counted = bits_recovered(guess, targets, clusters, sample, twins, multiplicity)
                if counted is not None:
                    yield {
                        "step": step,
                        "attack": attack,
                        "main": attack == named[0],
                        "multiplicity": multiplicity,
                        **counted,
                        **measured,
                    }


def _guess(
    attack: str,
    model: Model,
    clusters: Clusters,
    sample: ClusterSample,
    weight: Floats,
    targets: Integers,
    rng: np.random.Generator,
) -> attacks.Guess:
    if attack == "sign":
        return attacks.sign_attack(model, targets, rng)
    if attack == "informed_sign":
        return attacks.informed_sign_attack(model, targets, clusters.pattern, rng)
    if attack == "coordinate_ascent":
        return attacks.coordinate_ascent(model, targets, rng)
    if attack == "weight_signs":
        return attacks.weight_signs(model, targets, rng)
    return attacks.gradient_inversion(sample.x, sample.y, weight, len(sample.count), targets, rng)


def bits_recovered(
    guess: attacks.Guess,
    targets: Integers,
    clusters: Clusters,
    sample: ClusterSample,
    twins: ClusterSample,
    multiplicity: int,
) -> dict[str, float | int | None] | None:
    """Bits that a guess has right of all samples of one multiplicity, of `twins` for 0; None of none."""
    place = np.full(len(sample.count), -1)
    place[targets] = np.arange(len(targets))
    if multiplicity == 0:
        x, y = twins.x, twins.y
    else:
        chosen = sample.multiplicity == multiplicity
        x, y = sample.x[chosen], sample.y[chosen]
    if not len(y):
        return None
    right = guess.bits[place[y]] == x
    fixed = clusters.pattern[y] != 0
    return {
        "targets": len(y),
        "bits_recovered": float(right.mean()),
        "free_recovered": float(right[~fixed].mean()) if not fixed.all() else 1.0,
        "fixed_recovered": float(right[fixed].mean()) if fixed.any() else None,
        "queries": float(guess.queries[place[y]].mean()),
    }
