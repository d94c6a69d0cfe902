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
    """A mixture of clusters.

    Parameters
    ----------
    frequency : numpy.ndarray, shape (N,)
        Probability of each cluster, summing to 1.
    label : numpy.ndarray of int, shape (N,)
        Label of each cluster.
    centre : numpy.ndarray, shape (N, d)
        Gaussian: its centre. Hypercube: +1 or -1 where a position is fixed, 0 where it is random.
    spread : float or None
        Gaussian: standard deviation about the centre, in units of the centres' own. Hypercube: None.
    """

    frequency: Floats
    label: Integers
    centre: Floats
    spread: float | None

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

    Parameters
    ----------
    structure : {"gaussian", "hypercube"}
    frequency : numpy.ndarray, shape (N,)
    labels : int
        Number of labels m.
    dimensions : int
        Dimension d of the examples.
    spread : float
        Gaussian: standard deviation of an example about its centre, >= 0, centres being standard normal.
        Hypercube: share of positions that are random; above 1 it is refused.
    rng : numpy.random.Generator
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
    """Training examples and test examples of one mixture.

    Parameters
    ----------
    x : numpy.ndarray, shape (n, d)
    y : numpy.ndarray of int, shape (n,)
        Label of each training example.
    multiplicity : numpy.ndarray of int, shape (n,)
        How many training examples its cluster has.
    test_x : numpy.ndarray, shape (t, d)
    test_y : numpy.ndarray of int, shape (t,)
    test_weight : numpy.ndarray, shape (t,)
        Probability that each test example stands for, summing to 1.
    test_multiplicity : numpy.ndarray of int, shape (t,)
        How many training examples its cluster has.
    """

    x: Floats
    y: Integers
    multiplicity: Integers
    test_x: Floats
    test_y: Integers
    test_weight: Floats
    test_multiplicity: Integers


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
