"""One classifier trained with a defence, and what each attack gets out of it."""

import dataclasses
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from memgen.irrelevant import attacks, tasks
from memgen.irrelevant.classifiers import (
    Model,
    Training,
    accuracy_by_class,
    initial_model,
    released_gradient,
    train,
)
from memgen.irrelevant.configuration import Attacked, Noisy, Size
from memgen.irrelevant.tasks import Clusters, ClusterSample, Floats, Integers, Signs
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
    size: Size, learner: Attacked, training: Training, record: Sequence[int], seed: int
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
    trained = Trained(
        sample.x, sample.y, weight, size.clusters, training, integer_seed("irrelevant", "training", *key)
    )
    for step, model in trained.path(record):
        by_class = accuracy_by_class(model, test_x, tested, size.clusters)
        measured = tasks.accuracies(by_class, clusters.frequency, sample.count)
        for attack in learner.attacks if step == max(record) else learner.attacks[:1]:
            rng = generator("irrelevant", attack, *key, step)
            few = once[: learner.few_targets]
            chosen = few if attack in ("labels", "informed") else targets
            guess = guessed(attack, trained, model, step, chosen, rng)
            for multiplicity in range(learner.most_seen + 1):
                counted = bits_recovered(guess, chosen, clusters, sample, twins, multiplicity)
                if counted is not None:
                    yield {
                        "step": step,
                        "attack": attack,
                        "main": attack == learner.attacks[0],
                        "multiplicity": multiplicity,
                        **counted,
                        **measured,
                    }


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a training saw, and what it drew: arguments of `memgen.irrelevant.classifiers.train`."""

    x: Signs
    y: Integers
    weight: Floats
    classes: int
    training: Training
    seed: int

    def path(self, record: Sequence[int]) -> Iterator[tuple[int, Model]]:
        """Models after some steps."""
        return train(self.x, self.y, self.weight, self.classes, self.training, record, self.seed)

    def initial(self) -> Model:
        """The model before its first step."""
        rng = torch.Generator().manual_seed(self.seed)
        return initial_model(self.x.shape[1], self.training.hidden, self.classes, rng)

    def without(self, target: int, step: int) -> Model:
        """The model after a step, the only sample of a class blanked and noise left out."""
        blank = np.where((self.y == target)[:, None], np.int8(0), self.x)
        quiet = dataclasses.replace(self.training, noise=0.0)
        ((_, model),) = dataclasses.replace(self, x=blank, training=quiet).path([step])
        return model


def guessed(
    attack: str, trained: Trained, model: Model, step: int, targets: Integers, rng: np.random.Generator
) -> attacks.Guess:
    """What an attack on a model finds of some classes' samples, given what the attack knows."""
    if attack == "labels":
        return attacks.label_attack(model, targets, rng)
    if attack == "sign":
        return attacks.sign_attack(model, targets, rng)
    if attack == "coordinate_ascent":
        return attacks.coordinate_ascent(model, targets, rng)
    if attack == "weights":
        return attacks.read_signs(model, model.first, targets, rng)
    if attack == "initialization":
        change = attacks.since_initialization(model.first, trained.initial().first)
        return attacks.read_signs(model, change, targets, rng)
    if attack == "gradient":
        gradient = released_gradient(
            model, trained.x, trained.y, trained.weight, trained.training, int(rng.integers(2**31))
        )
        return attacks.read_signs(model, -gradient, targets, rng)
    parts = [
        attacks.read_signs(model, model.first - trained.without(int(target), step).first, one, rng)
        for target, one in zip(targets, targets[:, None], strict=True)
    ]
    return attacks.Guess(
        np.concatenate([part.bits for part in parts]), np.zeros(len(targets), dtype=np.int64)
    )


def bits_recovered(
    guess: attacks.Guess,
    targets: Integers,
    clusters: Clusters,
    sample: ClusterSample,
    twins: ClusterSample,
    multiplicity: int,
) -> dict[str, float | int | None] | None:
    """Bits that a guess has right of its targets of one multiplicity, of `twins` for 0; None of none."""
    place = np.full(len(sample.count), -1)
    place[targets] = np.arange(len(targets))
    of, seen = (twins, 1) if multiplicity == 0 else (sample, multiplicity)
    chosen = (of.multiplicity == seen) & (place[of.y] >= 0)
    x, y = of.x[chosen], of.y[chosen]
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
