"""The two tasks: labelling clusters of the hypercube, and predicting the next symbol of a string.

Frequencies of clusters and of references are equal, or fall with the rank: alpha ~ (1 + rank)^-tail, so that
`tail` = 0 is uniform and 1 is Zipf's law.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from memgen.jobs.arguments import check_number, check_whole
from memgen.jobs.memory import refuse_beyond_memory

Signs: TypeAlias = NDArray[np.int8]
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

#: Largest sizes of the closed forms.
MOST_SAMPLES = 10**8
MOST_DIMENSION = 10**6
MOST_SYMBOL_SAMPLES = 10**7
MOST_SYMBOLS = 10**5


def check_cluster_task(samples: int, dimension: int, rho: float) -> None:
    """Refuse a sample size, dimension or share of fixed positions that the cluster task does not have."""
    check_whole("samples", samples, 1, MOST_SAMPLES)
    check_whole("dimension", dimension, 1, MOST_DIMENSION)
    check_number("rho", rho, 0, 1, below=True)


def check_symbol_task(references: int, samples: int, dimension: int, noise: float) -> None:
    """Refuse a size or a noise that the next-symbol task does not have."""
    check_whole("references", references, 1, MOST_SAMPLES)
    check_whole("samples", samples, 1, MOST_SYMBOL_SAMPLES)
    check_whole("dimension", dimension, 1, MOST_SYMBOLS)
    check_number("noise", noise, 0, 1)


def frequencies(number: int, tail: float) -> Floats:
    """Falling frequencies of some clusters or references, summing to 1; shape (number,)."""
    check_whole("clusters", number, 1, 10**7)
    check_number("tail", tail, 0, 10)
    weights = (1.0 + np.arange(number)) ** -tail
    return np.asarray(weights / weights.sum())


def accuracies(by_class: Floats, frequency: Floats, count: Integers) -> dict[str, float]:
    """Accuracy on fresh examples of all classes, of those in a sample, and of those seen once; NaN of none.

    From the accuracy on each class, and the frequency and number of samples of each, all of shape (N,).
    """

    def mean(chosen: NDArray[np.bool_]) -> float:
        return float(np.average(by_class[chosen], weights=frequency[chosen])) if chosen.any() else math.nan

    return {
        "accuracy_fresh": mean(count >= 0),
        "accuracy_represented": mean(count > 0),
        "accuracy_singleton": mean(count == 1),
    }


def uniform_signs(shape: tuple[int, ...], rng: np.random.Generator) -> Signs:
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
    """

    pattern: Signs
    frequency: Floats

    def examples(self, cluster: Integers, rng: np.random.Generator) -> Signs:
        """Draw one example of each cluster named, shape (len(cluster), d)."""
        chosen = self.pattern[cluster]
        return np.where(chosen == 0, uniform_signs(chosen.shape, rng), chosen)


def draw_clusters(number: int, dimension: int, rho: float, tail: float, rng: np.random.Generator) -> Clusters:
    """Draw clusters, each fixing every position with probability rho at a random sign."""
    check_cluster_task(1, dimension, rho)
    frequency = frequencies(number, tail)
    refuse_beyond_memory(10.0 * number * dimension, f"{number} clusters of {dimension} positions")
    fixed = rng.random((number, dimension)) < rho
    return Clusters(np.where(fixed, uniform_signs(fixed.shape, rng), np.int8(0)), frequency)


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
        Noisy bits 0 and 1; those beyond the length are not part of the sample.
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
    """Draw a sample of noisy prefixes of references (N, d), each bit flipped with probability noise / 2."""
    number, dimension = references.shape
    check_symbol_task(number, samples, dimension, noise)
    refuse_beyond_memory(10.0 * samples * dimension, f"{samples} samples of length {dimension}")
    reference = rng.choice(number, samples, p=frequency)
    length = rng.integers(1, dimension + 1, samples)
    flipped = rng.random((samples, dimension)) < noise / 2
    bits = np.asarray(references[reference] ^ flipped, dtype=np.int8)
    return SymbolSample(reference, length, bits, np.bincount(reference, minlength=number))
