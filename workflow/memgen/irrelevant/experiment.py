"""One trained classifier and what each attack gets out of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from memgen.irrelevant.attacks import (
    Guess,
    coordinate_ascent,
    gradient_inversion,
    informed_sign_attack,
    sign_attack,
    weight_signs,
)
from memgen.irrelevant.models import Model, accuracy_by_class
from memgen.irrelevant.tasks import Clusters, ClusterSample, Floats, Integers, draw_clusters, draw_sample
from memgen.irrelevant.training import Recipe, train
from memgen.jobs.seeding import generator, integer_seed


@dataclass(frozen=True)
class Size:
    """A cluster task of some size.

    Parameters
    ----------
    clusters, samples, dimension : int
        Clusters N, sample size n, positions d.
    rho : float
        Probability that a position is fixed in a cluster.
    tail : float
        Exponent of the clusters' frequencies.
    """

    clusters: int
    samples: int
    dimension: int
    rho: float
    tail: float = 0.0

    @property
    def task(self) -> str:
        """Name of the task in the tables."""
        return "clusters" if self.tail == 0 else f"clusters:{self.tail:g}"

    @property
    def key(self) -> tuple[str | int, ...]:
        """Key of the size's random streams."""
        return (self.clusters, self.samples, self.dimension, repr(self.rho), repr(self.tail))

    def draw(self, seed: int) -> tuple[Clusters, ClusterSample]:
        """Clusters and sample of a seed, the same for every learner and defence."""
        rng = generator("irrelevant", "clusters", *self.key, seed)
        clusters = draw_clusters(self.clusters, self.dimension, self.rho, self.tail, rng)
        return clusters, draw_sample(clusters, self.samples, rng)


@dataclass(frozen=True)
class Recovery:
    """What an attack got of the samples of one multiplicity; see the columns of `rows.RUNS`."""

    step: int
    attack: str
    main: bool
    multiplicity: int
    targets: int
    bits_recovered: float
    free_recovered: float
    fixed_recovered: float | None
    queries: float
    accuracy_fresh: float
    accuracy_represented: float
    accuracy_singleton: float


def times_counted(sample: ClusterSample, singleton_weight: float) -> Floats:
    """Times that each sample counts in training, singletons more than others; shape (n,)."""
    return np.where(sample.multiplicity == 1, singleton_weight, 1.0)


def recoveries(
    size: Size,
    recipe: Recipe,
    singleton_weight: float,
    attacks: Sequence[str],
    record: Sequence[int],
    most_seen: int,
    tests: int,
    seed: int,
    name: str,
) -> Iterator[Recovery]:
    """Train a classifier on one sample and attack it.

    Parameters
    ----------
    size : Size
    recipe : Recipe
    singleton_weight : float
        Times that a sample of a cluster seen once counts in training.
    attacks : sequence of str
        The first is made after every recorded step, the others after the last.
    record : sequence of int
        Numbers of steps after which the model is attacked.
    most_seen : int
        Largest multiplicity whose samples are attacked, at least 1.
    tests : int
        Fresh examples of each cluster, on which accuracies are taken.
    seed : int
    name : str
        Names the random streams of training and attacks, with the seed.

    Yields
    ------
    Recovery
        Of multiplicity 0: one never-seen example of every cluster seen once. A sample without singletons
        gives none.
    """
    clusters, sample = size.draw(seed)
    if not (sample.count == 1).any():
        return
    fresh = generator("irrelevant", "fresh", *size.key, seed)
    tested = np.repeat(np.arange(size.clusters), tests)
    test_x = clusters.examples(tested, fresh)
    once = np.flatnonzero(sample.count == 1)
    twins = ClusterSample(clusters.examples(once, fresh), once, sample.count)
    targets = np.flatnonzero((sample.count >= 1) & (sample.count <= most_seen))
    weight = times_counted(sample, singleton_weight)
    path = train(
        sample.x, sample.y, weight, size.clusters, recipe, record,
        integer_seed("irrelevant", "training", name, *size.key, seed),
    )  # fmt: skip
    last = max(record)
    for step, model in path:
        by_class = accuracy_by_class(model, test_x, tested, size.clusters)
        accuracies = [_mean(by_class, clusters.frequency, chosen)
                      for chosen in (sample.count >= 0, sample.count > 0, sample.count == 1)]  # fmt: skip
        for attack in attacks if step == last else attacks[:1]:
            rng = generator("irrelevant", attack, name, *size.key, seed, step)
            if attack == "gradient_inversion":
                guess = gradient_inversion(sample.x, sample.y, weight, size.clusters, targets, rng)
            else:
                guess = guessed(attack, model, clusters, targets, rng)
            for multiplicity in range(most_seen + 1):
                found = counted(guess, targets, clusters, sample, twins, multiplicity)
                if found is not None:
                    yield Recovery(step, attack, attack == attacks[0], multiplicity, *found, *accuracies)


def guessed(
    attack: str, model: Model, clusters: Clusters, targets: Integers, rng: np.random.Generator
) -> Guess:
    """Guess of a named attack on a model."""
    if attack == "sign":
        return sign_attack(model, targets, rng)
    if attack == "informed_sign":
        return informed_sign_attack(model, targets, clusters.pattern, rng)
    if attack == "coordinate_ascent":
        return coordinate_ascent(model, targets, rng)
    return weight_signs(model, targets, rng)


def counted(
    guess: Guess,
    targets: Integers,
    clusters: Clusters,
    sample: ClusterSample,
    twins: ClusterSample,
    multiplicity: int,
) -> tuple[int, float, float, float | None, float] | None:
    """Bits that a guess has right of all samples of one multiplicity.

    Returns
    -------
    targets, bits_recovered, free_recovered, fixed_recovered, queries
        None where the sample has no cluster of this multiplicity.
    """
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
    free = float(right[~fixed].mean()) if not fixed.all() else 1.0
    of_fixed = float(right[fixed].mean()) if fixed.any() else None
    return len(y), float(right.mean()), free, of_fixed, float(guess.queries[place[y]].mean())


def _mean(values: Floats, weights: Floats, chosen: np.ndarray) -> float:
    """Weighted mean of some values."""
    return float(np.average(values[chosen], weights=weights[chosen]))
