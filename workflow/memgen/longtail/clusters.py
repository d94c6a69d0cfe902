"""Clustered data with a long tail: each point of the domain becomes a cluster in many dimensions.

A cluster has a frequency, a label drawn uniformly, and examples that resemble one another: Gaussian (a
centre and noise) or on the hypercube (some positions are fixed, the others are random).
"""

from dataclasses import dataclass

import numpy as np

from memgen.errors import BadInput
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import generator
from memgen.longtail.configuration import Data
from memgen.longtail.priors import Floats, Frequencies, Integers


@dataclass(frozen=True)
class Clusters:
    """A mixture of N clusters: Gaussian, or on the hypercube, where `spread` is None.

    On the hypercube a centre is +1 or -1 where a position is fixed, and 0 where it is random.
    """

    frequency: Floats  # probability of each cluster, shape (N,), summing to 1
    label: Integers  # shape (N,)
    centre: Floats  # shape (N, d)
    spread: float | None  # standard deviation about a centre, in units of the centres' own

    def examples(self, cluster: Integers, rng: np.random.Generator) -> Floats:
        """Draw one example of each cluster named, shape (len(cluster), d), squared length about d."""
        chosen = self.centre[cluster]
        if self.spread is None:
            signs = rng.integers(0, 2, chosen.shape) * 2.0 - 1.0
            return np.where(chosen == 0, signs, chosen)
        noisy = chosen + self.spread * rng.standard_normal(chosen.shape)
        return np.asarray(noisy / np.sqrt(1 + self.spread**2))


def make_clusters(
    structure: str, frequency: Floats, labels: int, dimensions: int, spread: float, rng: np.random.Generator
) -> Clusters:
    """Draw the clusters of a mixture, with uniform labels.

    The spread of Gaussian clusters is the standard deviation of an example about its centre, centres being
    standard normal; on the hypercube it is the share of positions that are random, at most 1.
    """
    shape = (len(frequency), dimensions)
    label = rng.integers(0, labels, len(frequency))
    if structure == "gaussian":
        return Clusters(frequency, label, rng.standard_normal(shape), spread)
    if spread > 1:
        raise BadInput(f"spread of {structure}: {spread:g} is not allowed; allowed: 0 to 1")
    signs = rng.integers(0, 2, shape) * 2.0 - 1.0
    fixed = rng.random(shape) >= spread
    return Clusters(frequency, label, np.where(fixed, signs, 0.0), None)


@dataclass(frozen=True)
class Sample:
    """n training examples and t test examples of one mixture."""

    x: Floats  # shape (n, d)
    y: Integers  # labels, shape (n,)
    multiplicity: Integers  # training examples of each one's cluster, shape (n,)
    test_x: Floats  # shape (t, d)
    test_y: Integers  # labels, shape (t,)
    test_weight: Floats  # probability that each test example stands for, shape (t,), summing to 1
    test_multiplicity: Integers  # training examples of each one's cluster, shape (t,)


def draw(clusters: Clusters, samples: int, tests: int, rng: np.random.Generator) -> Sample:
    """Draw a training sample of n examples, and test examples from every cluster.

    The test error is their mean, weighted by the frequency of their cluster, which has far less variance
    than test examples drawn from the mixture.
    """
    domain = len(clusters.frequency)
    cluster = rng.choice(domain, samples, p=clusters.frequency)
    count = np.bincount(cluster, minlength=domain)
    tested = np.repeat(np.arange(domain), tests)
    return Sample(
        x=clusters.examples(cluster, rng),
        y=clusters.label[cluster],
        multiplicity=count[cluster],
        test_x=clusters.examples(tested, rng),
        test_y=clusters.label[tested],
        test_weight=clusters.frequency[tested] / tests,
        test_multiplicity=count[tested],
    )


def drawn_sample(
    structure: str, spread: float, drawn: Frequencies, data: Data, labels: int, tests: int, seed: int
) -> Sample:
    """The sample of one seed, the same for every learner."""
    domain, samples, dimensions = drawn.domain, data.samples, data.dimensions
    refuse_beyond_memory(
        8.0 * dimensions * (domain * (1 + tests) + samples),
        f"{samples} samples and {tests} tests of {domain} clusters in {dimensions} dimensions",
    )
    rng = generator("longtail", "clusters", structure, drawn.name, domain, samples, dimensions, seed)
    clusters = make_clusters(structure, drawn.expanded(), labels, dimensions, spread, rng)
    return draw(clusters, samples, tests, rng)
