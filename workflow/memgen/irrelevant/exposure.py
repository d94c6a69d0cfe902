"""Exposure of a secret: how far its likelihood stands out among candidates (Carlini and others).

Carlini, Liu, Erlingsson, Kos and Song, The Secret Sharer, arXiv 1802.08232; here the rank is taken among
drawn candidates in place of all. Knows numbers only.
"""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def exposure(rank: npt.ArrayLike, candidates: int) -> Floats:
    """Exposure of a number, bits: log2 of the candidates less log2 of its rank among them.

    Parameters
    ----------
    rank : array_like of int, shape (…)
        1 is the most likely.
    candidates : int
        The true number and those drawn beside it.

    Returns
    -------
    numpy.ndarray, shape (…)
        0 to log2(candidates).
    """
    return np.asarray(math.log2(candidates) - np.log2(np.asarray(rank, dtype=np.float64)))


def chance_exposure(candidates: int) -> float:
    """Expected exposure of a number that a model knows nothing of, bits.

    Its rank is uniform then, and the mean of the exposure is log2(m) - log2(m!) / m, which tends to
    log2(e) = 1.443 as the candidates m grow.

    Parameters
    ----------
    candidates : int
        The true number and those drawn beside it.
    """
    return math.log2(candidates) - math.lgamma(candidates + 1) / math.log(2) / candidates


def rank_of_first(likelihoods: npt.ArrayLike) -> int:
    """Rank of the first of some likelihoods among all; 1 is the largest, and ties count against it."""
    values = np.asarray(likelihoods, dtype=np.float64)
    return int((values >= values[0]).sum())
