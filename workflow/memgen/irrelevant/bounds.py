"""Closed forms: what must be stored to answer, and what an attack gets back of it.

Two tasks, with irrelevant information in both. In the cluster task each of N clusters fixes a share `rho` of
d positions at random signs, and all other bits of a sample are random and useless. In the next-symbol task a
sample is a noisy prefix of its reference string. All are exact expectations; `simulation` runs the same
learners on samples without them.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from memgen.irrelevant.tasks import MOST_SAMPLES, Floats, check_cluster_task, check_symbol_task
from memgen.jobs.arguments import check_number, check_whole

# What a sum over a binomial may leave out on either side.
_NEGLIGIBLE = 1e-18
# Probabilities below which scipy's binomial overflows; nothing of them is seen in an error.
_TINY = 1e-100
# Where expected ties are this rare, 1 - (1 - (1-r)^n) / (n r) is summed as a series: the difference cancels.
_FEW_TIES = 0.05
_SERIES = 14


def cluster_error(
    samples: int, dimension: int, rho: float, stored: int | None = None, flip: float = 0.0
) -> float:
    """Probability that the nearest neighbour gets a fresh example of a singleton's cluster wrong.

    Parameters
    ----------
    samples : int
        Sample size n, from 1 to 10^8. The n - 1 other samples are taken to be of other clusters.
    dimension : int
        Positions d of an example, up to 10^6.
    rho : float
        Probability that a position is fixed in a cluster, in [0, 1).
    stored : int, optional
        Positions k <= d that the learner stores of every sample; all by default.
    flip : float, default=0
        Probability that a stored bit is flipped.

    Returns
    -------
    float
        1 - sum_b Bin(b; k, (1 + r)/2) P(b beats n - 1 independent Bin(k, 1/2)), r = rho (1 - 2 flip), where
        ties are broken uniformly. Accurate relative to its own size, however small.

    Raises
    ------
    BadInput
        If an argument is out of range.

    Notes
    -----
    Source: Brown and others (arXiv 2012.06421), hypercube cluster labelling; the sum was derived for this
    study. With T of n - 1 rivals tied and none above, the learner is right with probability 1 / (T + 1),
    which sums to ((lt + eq)^n - lt^n) / (n eq): the powers are taken in log space.
    """
    check_cluster_task(samples, dimension, rho)
    kept = dimension if stored is None else stored
    check_whole("stored", kept, 0, dimension)
    check_number("flip", flip, 0, 1)
    agreeing = (1 + rho * (1 - 2 * flip)) / 2
    overlap = np.arange(kept + 1)
    chance = stats.binom.pmf(overlap, kept, agreeing)
    log_equal = stats.binom.logpmf(overlap, kept, 0.5)
    log_below = np.logaddexp.accumulate(log_equal)
    # At most b. Near 1 it is taken from the other end; symmetry turns P(> b) into P(< k - b).
    log_above = np.concatenate([log_below[::-1][1:], [-math.inf]])
    log_most = np.where(log_below < -math.log(2), log_below, np.log1p(-np.exp(np.minimum(log_above, -0.5))))
    share = np.minimum(np.exp(log_equal - log_most), 1.0)
    rivals = (samples - 1) * log_most
    wrong = -np.expm1(rivals) + np.exp(rivals) * _loses_tie(share, samples)
    return float(min(1.0, max(0.0, math.fsum(chance * wrong))))


def needed_bits(samples: int, dimension: int, rho: float, accuracy: float) -> float | None:
    """Useless bits of every sample that a nearest neighbour needs to label clusters seen once this well.

    Parameters
    ----------
    samples, dimension, rho
        As of `cluster_error`.
    accuracy : float
        On fresh examples of clusters seen once, in [0, 1).

    Returns
    -------
    float or None
        (1 - rho) d (1 - h2(p)), p the probability of flipped bits at which `cluster_error` leaves the
        accuracy; None where even the whole sample does not give it.
    """
    check_number("accuracy", accuracy, 0, 1, below=True)

    def missing(flip: float) -> float:
        return cluster_error(samples, dimension, rho, flip=flip) - (1 - accuracy)

    if missing(0.0) > 0:
        return None
    # With bits that say nothing every sample is as near as any other.
    flip = optimize.brentq(missing, 0.0, 0.5) if missing(0.5) > 0 else 0.5
    return float(leaked_bits(flip, 1, dimension, rho))


def _loses_tie(share: Floats, samples: int) -> Floats:
    """E[T / (T + 1)], T ~ Bin(n - 1, share): probability that a tie with T rivals is lost."""
    few = (share * samples < _FEW_TIES) | (samples == 1)
    usual = np.where(few, 0.5, share)
    with np.errstate(divide="ignore"):
        lost = 1 + np.expm1(samples * np.log1p(-usual)) / (samples * usual)
    # sum over k >= 2 of (-1)^k C(n, k) / n share^(k - 1)
    rare = np.where(few, share, 0.0)
    series, term = np.zeros_like(rare), np.ones_like(rare)
    for k in range(2, _SERIES):
        term = term * rare * (samples - k + 1) / k
        series += term if k % 2 == 0 else -term
    return np.where(few, series, lost)


def symbol_error(
    references: int, samples: int, dimension: int, noise: float, stored_fraction: float = 1.0
) -> float:
    """Expected error of the lookup learner on a fresh example of the next-symbol task.

    Parameters
    ----------
    references : int
        Number N of reference strings, equally frequent, up to 10^8.
    samples : int
        Sample size n, up to 10^7. A sample is a reference, a length L uniform in 1..d, and the first L bits,
        each flipped; bit L is the label and the learner stores all of them.
    dimension : int
        Length d of a reference, up to 10^5.
    noise : float
        The paper's delta in [0, 1]: each bit is flipped with probability delta / 2.
    stored_fraction : float, default=1
        Share in [0, 1] of the bits of singletons that the learner stores.

    Returns
    -------
    float
        The mean over positions t of sum_k Bin(k; n, c_t / N) e_k, where k stored samples cover the position,
        c_t = (d - t + 1) / d, and e_k = q + (1 - 2q) w_k is the error of their majority, w_k = P(Bin(k, q) >
        k/2) + P(tie)/2 and q = noise / 2; plus what singletons whose bits are not stored cost.

    Raises
    ------
    BadInput
        If an argument is out of range.

    Notes
    -----
    Source: Brown and others (arXiv 2012.06421), next-symbol prediction; derived for this study. The number of
    samples of a reference is Bin(n, 1/N), and each covers position t with probability c_t, so that Bin(n, c_t
    / N) do.
    """
    check_symbol_task(references, samples, dimension, noise)
    check_number("stored_fraction", stored_fraction, 0, 1)
    flipped = noise / 2
    covering = (dimension - np.arange(dimension)) / dimension / references
    # From `settled` copies on, the majority is wrong with a probability that no error can show (Hoeffding).
    settled = 0.0 if noise == 1 else -math.log(_NEGLIGIBLE) / (2 * (0.5 - flipped) ** 2)
    low = np.maximum(stats.binom.ppf(_NEGLIGIBLE, samples, covering) - 1, 0).astype(np.int64)
    high = np.minimum(stats.binom.isf(_NEGLIGIBLE, samples, covering) + 1, min(samples, settled))
    excess = majority_errors(int(high.max()), flipped) - flipped
    total = []
    for share, first, last in zip(covering, low, high.astype(np.int64), strict=True):
        times = np.arange(first, last + 1)
        total.append(float(stats.binom.pmf(times, samples, share) @ excess[first : last + 1]))
    error = flipped + math.fsum(total) / dimension
    once = math.exp(
        math.log(samples) - math.log(references) + float(special.xlog1py(samples - 1, -1 / references))
    )
    covered = (dimension + 1) / (2 * dimension)
    return error + once * (1 - stored_fraction) * covered * float(0.5 - majority_errors(1, flipped)[1])


def majority_errors(most: int, flipped: float) -> Floats:
    """Probability e_k that the majority of k noisy copies of a bit misses a fresh noisy copy of it.

    Parameters
    ----------
    most : int
        Largest k.
    flipped : float
        Probability q in [0, 1/2] that a copy is flipped.

    Returns
    -------
    numpy.ndarray, shape (most + 1,)
        e_0 = 1/2, e_1 = 2 q (1 - q), …; ties are broken uniformly.
    """
    copies = np.arange(most + 1)
    half = copies // 2
    flipped = 0.0 if flipped < _TINY else flipped
    wrong = stats.binom.sf(half, copies, flipped)
    tied = np.where(copies % 2 == 0, stats.binom.pmf(half, copies, flipped), 0.0)
    return np.asarray(flipped + (1 - 2 * flipped) * (wrong + tied / 2))


def recovered_share(multiplicity: ArrayLike, rho: ArrayLike) -> Floats:
    """Expected share of a sample's bits that the majority over its cluster's samples gives back.

    Parameters
    ----------
    multiplicity : array_like of int >= 1
        Samples l of the cluster.
    rho : array_like
        Share of fixed positions, in [0, 1).

    Returns
    -------
    numpy.ndarray, same shape
        rho + (1 - rho) (1/2 + C(l - 1, floor((l - 1) / 2)) / 2^l): 1 for a singleton, falling as the others
        outvote the sample.
    """
    seen = np.asarray(multiplicity, dtype=np.float64)
    choose = special.binom(seen - 1, np.floor((seen - 1) / 2))
    fixed = np.asarray(rho)
    return np.asarray(fixed + (1 - fixed) * (0.5 + choose / 2**seen))


def leaked_bits(free_error: ArrayLike, targets: ArrayLike, dimension: ArrayLike, rho: ArrayLike) -> Floats:
    """Bits of irrelevant information that an attack has got out of a model.

    Parameters
    ----------
    free_error : array_like
        Share of the bits at positions that are not fixed that it gets wrong; 1/2 and more leak nothing.
    targets : array_like of int
        Samples attacked.
    dimension : array_like of int
        Positions d.
    rho : array_like
        Share of fixed positions.

    Returns
    -------
    numpy.ndarray
        targets (1 - rho) d (1 - h2(free_error)), h2 the binary entropy: by Fano's inequality, at most what
        the model holds of these bits.
    """
    error = np.minimum(np.asarray(free_error, dtype=np.float64), 0.5)
    entropy = (special.entr(error) + special.entr(1 - error)) / math.log(2)
    return np.asarray(np.asarray(targets) * (1 - np.asarray(rho)) * np.asarray(dimension) * (1 - entropy))


def separating_rho(samples: int, dimension: int) -> float:
    """Share of fixed positions at which a fresh example just stands out from n others.

    sqrt((2 ln(50000 * 0.368 n) - ln ln n) / d), as in the paper's experiments: .1739 at n = 500, d = 1000.

    Raises
    ------
    BadInput
        If n < 3, or the dimension is so small that no share below 1 does.
    """
    check_whole("samples", samples, 3, MOST_SAMPLES)
    check_whole("dimension", dimension, 1, MOST_SAMPLES)
    rho = math.sqrt((2 * math.log(50000 * 0.368 * samples) - math.log(math.log(samples))) / dimension)
    check_number("rho", rho, 0, 1, below=True)
    return rho


def exposure(rank: ArrayLike, candidates: int) -> Floats:
    """Exposure of a secret, bits: how far its likelihood stands out among candidates.

    Parameters
    ----------
    rank : array_like of int, shape (…)
        Of the secret by likelihood; 1 is the most likely.
    candidates : int
        The secret and those drawn beside it.

    Returns
    -------
    numpy.ndarray, shape (…)
        log2(candidates) - log2(rank): 0 to log2(candidates).

    Notes
    -----
    Source: Carlini, Liu, Erlingsson, Kos and Song, The Secret Sharer, arXiv 1802.08232; here the rank is
    taken among drawn candidates in place of all.
    """
    return np.asarray(math.log2(candidates) - np.log2(np.asarray(rank, dtype=np.float64)))


def chance_exposure(candidates: int) -> float:
    """Expected exposure of a secret that a model knows nothing of, bits.

    Its rank is uniform then, and the mean of the exposure is log2(m) - log2(m!) / m, which tends to
    log2(e) = 1.443 as the candidates m grow.
    """
    return math.log2(candidates) - math.lgamma(candidates + 1) / math.log(2) / candidates
