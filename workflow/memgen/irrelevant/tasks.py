"""The two tasks: labelling clusters of the hypercube, and predicting the next symbol of a string.

Frequencies of clusters and of references are equal, or fall with the rank: alpha ~ (1 + rank)^-tail, so that
`tail` = 0 is uniform and 1 is Zipf's law.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from memgen.irrelevant.arguments import check_cluster_task, check_symbol_task
from memgen.jobs.arguments import check_number, check_whole
from memgen.jobs.memory import refuse_beyond_memory

Signs: TypeAlias = NDArray[np.int8]
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

MOST_TAIL = 10.0


def frequencies(number: int, tail: float) -> Floats:
    """Frequencies of some clusters or references, summing to 1.

    Parameters
    ----------
    number : int
    tail : float
        Exponent in [0, 10]: 0 for equal frequencies, 1 for Zipf's law.

    Returns
    -------
    numpy.ndarray, shape (number,)
        Falling.
    """
    check_whole("clusters", number, 1, 10**7)
    check_number("tail", tail, 0, MOST_TAIL)
    weights = (1.0 + np.arange(number)) ** -tail
    return np.asarray(weights / weights.sum())


def _signs(shape: tuple[int, ...], rng: np.random.Generator) -> Signs:
    """Uniform +1 and -1."""
    return np.asarray(2 * rng.integers(0, 2, shape, dtype=np.int8) - 1, dtype=np.int8)


@dataclass(frozen=True)
class Clusters:
    """Clusters of the hypercube.

    Parameters
    ----------
    pattern : numpy.ndarray of int8, shape (N, d)
        +1 or -1 where a position is fixed in the cluster, 0 where it is random.
    frequency : numpy.ndarray, shape (N,)
        Probability of each cluster.
    rho : float
        Probability that a position is fixed.
    """

    pattern: Signs
    frequency: Floats
    rho: float

    def examples(self, cluster: Integers, rng: np.random.Generator) -> Signs:
        """Draw one example of each cluster named, shape (len(cluster), d)."""
        chosen = self.pattern[cluster]
        return np.where(chosen == 0, _signs(chosen.shape, rng), chosen)


def draw_clusters(number: int, dimension: int, rho: float, tail: float, rng: np.random.Generator) -> Clusters:
    """Draw clusters, each fixing every position with probability rho at a random sign.

    Parameters
    ----------
    number : int
        Clusters N.
    dimension : int
        Positions d.
    rho : float
        In [0, 1).
    tail : float
        See `frequencies`.
    rng : numpy.random.Generator

    Raises
    ------
    BadInput
        If an argument is out of range.
    """
    check_cluster_task(1, dimension, rho)
    frequency = frequencies(number, tail)
    refuse_beyond_memory(10.0 * number * dimension, f"{number} clusters of {dimension} positions")
    fixed = rng.random((number, dimension)) < rho
    return Clusters(np.where(fixed, _signs(fixed.shape, rng), np.int8(0)), frequency, rho)


@dataclass(frozen=True)
class ClusterSample:
    """A training sample of the cluster task; a cluster's label is the cluster itself.

    Parameters
    ----------
    x : numpy.ndarray of int8, shape (n, d)
        +1 and -1.
    y : numpy.ndarray of int, shape (n,)
        Cluster of each sample.
    count : numpy.ndarray of int, shape (N,)
        Samples of each cluster.
    """

    x: Signs
    y: Integers
    count: Integers

    @property
    def multiplicity(self) -> Integers:
        """Samples of each sample's cluster, shape (n,): 1 for a singleton."""
        return self.count[self.y]


def draw_sample(clusters: Clusters, samples: int, rng: np.random.Generator) -> ClusterSample:
    """Draw a training sample of n examples."""
    number, dimension = clusters.pattern.shape
    refuse_beyond_memory(10.0 * samples * dimension, f"{samples} samples of {dimension} positions")
    y = rng.choice(number, samples, p=clusters.frequency)
    return ClusterSample(clusters.examples(y, rng), y, np.bincount(y, minlength=number))


@dataclass(frozen=True)
class SymbolSample:
    """A training sample of next-symbol prediction.

    Parameters
    ----------
    reference : numpy.ndarray of int, shape (n,)
        Reference of each sample.
    length : numpy.ndarray of int, shape (n,)
        Length L, from 1 to d; bit L is the label.
    bits : numpy.ndarray of int8, shape (n, d)
        Noisy bits 0 and 1; what stands beyond the length is not part of the sample.
    count : numpy.ndarray of int, shape (N,)
        Samples of each reference.
    """

    reference: Integers
    length: Integers
    bits: Signs
    count: Integers

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which bits are part of the sample, shape (n, d)."""
        return np.asarray(np.arange(self.bits.shape[1]) < self.length[:, None])


def draw_references(number: int, dimension: int, rng: np.random.Generator) -> Signs:
    """Draw reference strings of uniform bits, shape (N, d)."""
    refuse_beyond_memory(1.0 * number * dimension, f"{number} references of length {dimension}")
    return rng.integers(0, 2, (number, dimension), dtype=np.int8)


def draw_symbols(
    references: Signs, frequency: Floats, samples: int, noise: float, rng: np.random.Generator
) -> SymbolSample:
    """Draw a sample of noisy prefixes.

    Parameters
    ----------
    references : numpy.ndarray of int8, shape (N, d)
    frequency : numpy.ndarray, shape (N,)
    samples : int
        Sample size n.
    noise : float
        Each bit is flipped with probability noise / 2.
    rng : numpy.random.Generator
    """
    number, dimension = references.shape
    check_symbol_task(number, samples, dimension, noise)
    refuse_beyond_memory(10.0 * samples * dimension, f"{samples} samples of length {dimension}")
    reference = rng.choice(number, samples, p=frequency)
    length = rng.integers(1, dimension + 1, samples)
    flipped = rng.random((samples, dimension)) < noise / 2
    bits = np.asarray(references[reference] ^ flipped, dtype=np.int8)
    return SymbolSample(reference, length, bits, np.bincount(reference, minlength=number))
