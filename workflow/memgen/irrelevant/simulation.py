"""The two learners that store their sample, run on drawn samples; knows no closed form."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memgen.errors import BadInput
from memgen.irrelevant.tasks import (
    Clusters,
    ClusterSample,
    Floats,
    Signs,
    draw_clusters,
    draw_references,
    draw_sample,
    draw_symbols,
    frequencies,
)
from memgen.jobs.stage import progress


@dataclass(frozen=True)
class Memory:
    """What a learner keeps of its sample.

    Parameters
    ----------
    stored : int
        Positions of every sample that it keeps.
    flip : float
        Probability that a bit is flipped as it is stored.
    """

    stored: int
    flip: float = 0.0


def nearest_answers(sample: ClusterSample, memory: Memory, x: Signs, rng: np.random.Generator) -> Floats:
    """Probability that the nearest stored sample has each label; ties are broken uniformly.

    Parameters
    ----------
    sample : ClusterSample
    memory : Memory
        Positions stored are the first ones: which they are makes no difference.
    x : numpy.ndarray of int8, shape (t, d)
        Examples to be labelled.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray, shape (t, N)
        Rows sum to 1.
    """
    kept = sample.x[:, : memory.stored].astype(np.float32)
    if memory.flip > 0:
        kept = np.where(rng.random(kept.shape) < memory.flip, -kept, kept)
    # Exact: sums of at most 2^24 signs.
    overlap = x[:, : memory.stored].astype(np.float32) @ kept.T
    best = overlap == overlap.max(axis=1, keepdims=True)
    votes = np.zeros((len(sample.count), len(x)))
    np.add.at(votes, sample.y, (best / best.sum(axis=1, keepdims=True)).T)
    return np.asarray(votes.T)


def nearest_singleton_error(
    clusters: Clusters, sample: ClusterSample, memory: Memory, rng: np.random.Generator
) -> float | None:
    """Error on one fresh example of every cluster seen once; None where there is none."""
    once = np.flatnonzero(sample.count == 1)
    if not len(once):
        return None
    answers = nearest_answers(sample, memory, clusters.examples(once, rng), rng)
    return float(1 - answers[np.arange(len(once)), once].mean())


def simulate_nearest(
    clusters: int,
    samples: int,
    dimension: int,
    rho: float,
    memories: Sequence[Memory],
    repeats: int,
    rng: np.random.Generator,
    tail: float = 0.0,
) -> Floats:
    """Error of the nearest neighbour on singletons' clusters, for each memory in each repeat.

    Parameters
    ----------
    clusters, samples, dimension : int
        Clusters N, sample size n, positions d.
    rho : float
        Probability that a position is fixed in a cluster.
    memories : sequence of Memory
    repeats : int
        Clusters and samples drawn, at least 2.
    rng : numpy.random.Generator
    tail : float, default=0
        Exponent of the clusters' frequencies.

    Returns
    -------
    numpy.ndarray, shape (repeats, memories)

    Raises
    ------
    BadInput
        If there are fewer than two repeats, or a sample has no singleton.
    """
    _check_repeats(repeats)
    errors = np.empty((repeats, len(memories)))
    for repeat in progress(range(repeats), "nearest neighbour", total=repeats):
        drawn = draw_clusters(clusters, dimension, rho, tail, rng)
        sample = draw_sample(drawn, samples, rng)
        for index, memory in enumerate(memories):
            error = nearest_singleton_error(drawn, sample, memory, rng)
            if error is None:
                raise BadInput(
                    f"clusters: a sample of {samples} from {clusters} has none seen once; allowed: more"
                )
            errors[repeat, index] = error
    return errors


def simulate_lookup(
    references: int,
    samples: int,
    dimension: int,
    noise: float,
    fractions: Sequence[float],
    repeats: int,
    rng: np.random.Generator,
    tail: float = 0.0,
) -> Floats:
    """Error of the lookup learner, for each fraction of singleton bits stored in each repeat.

    The learner stores the known bits of every sample, of singletons only a random fraction of them, and
    answers by their majority, ties and unknown bits by a coin. Its error on a fresh example is taken exactly
    over the example's reference, length and noise.

    Parameters
    ----------
    references, samples, dimension : int
        References N, sample size n, length d.
    noise : float
        Each bit is flipped with probability noise / 2.
    fractions : sequence of float
    repeats : int
        References and samples drawn, at least 2.
    rng : numpy.random.Generator
    tail : float, default=0
        Exponent of the references' frequencies.

    Returns
    -------
    numpy.ndarray, shape (repeats, fractions)
    """
    _check_repeats(repeats)
    frequency = frequencies(references, tail)
    errors = np.empty((repeats, len(fractions)))
    for repeat in progress(range(repeats), "lookup learner", total=repeats):
        strings = draw_references(references, dimension, rng)
        sample = draw_symbols(strings, frequency, samples, noise, rng)
        once = sample.count[sample.reference] == 1
        chance = rng.random(sample.bits.shape)
        for index, fraction in enumerate(fractions):
            kept = sample.known & ~(once[:, None] & (chance >= fraction))
            votes = np.zeros(strings.shape)
            np.add.at(votes, sample.reference, np.where(kept, 2.0 * sample.bits - 1, 0.0))
            right = np.where(votes == 0, 0.5, (votes > 0) == (strings == 1))
            # A fresh bit is the reference's with probability 1 - noise / 2.
            wrong = noise / 2 + (1 - noise) * (1 - right)
            errors[repeat, index] = frequency @ wrong.mean(axis=1)
    return errors


def _check_repeats(repeats: int) -> None:
    if repeats < 2:
        raise BadInput(f"repeats: {repeats} is not allowed; allowed: >= 2, so that there is a standard error")
