"""How often a plurality vote over noisy labels is wrong, exactly.

A point is seen l times; each time its label is kept with probability `label_keep` and is otherwise drawn
uniformly from all m labels; the most frequent label wins, ties are broken uniformly.
"""

import math

import numpy as np
from scipy.special import bdtr, gammaln

from memgen.longtail.priors import Floats

#: Errors below this are left out.
NEGLIGIBLE = 1e-15


def _longest(truth: float, other: float, labels: int) -> int:
    """Multiplicity from which the error stays below `NEGLIGIBLE`, by Chernoff's bound on each rival."""
    rate = -math.log1p(-((math.sqrt(truth) - math.sqrt(other)) ** 2))
    return math.ceil(math.log(labels / NEGLIGIBLE) / rate)


def _power(weights: Floats, exponent: int, length: int) -> Floats:
    """Coefficients of a polynomial's power, up to x^(length - 1); all terms are positive."""
    result, base = np.ones(1), weights[:length]
    while exponent:
        if exponent & 1:
            result = np.convolve(result, base)[:length]
        exponent >>= 1
        if exponent:
            base = np.convolve(base, base)[:length]
    return result


def plurality_errors(labels: int, label_keep: float) -> Floats:
    """Probability that the vote of l noisy labels is wrong, for l = 0, 1, …, L.

    Parameters
    ----------
    labels : int
        Number of labels m >= 2.
    label_keep : float
        kappa, above 0 and at most 1: probability that a label is kept.

    Returns
    -------
    numpy.ndarray, shape (L + 1,)
        The error at each multiplicity; beyond L it is below `NEGLIGIBLE`. L grows like 1 / label_keep^2.

    Notes
    -----
    With c votes for the truth and t = l - c for the others, the truth wins with probability
    E[1 / (1 + ties); no other label has more than c]. Given t, the others are m - 1 independent Poisson
    counts of any rate given their sum, so the expectation is a coefficient of
    int_0^1 (A_c(x) + u w_c x^c)^(m - 1) du, A_c the Poisson weights w_j x^j of counts below c; the integral
    of a polynomial in u is a Gauss-Legendre sum, every term positive. Own derivation; the tests compare it
    with the enumeration of all votes.
    """
    truth = label_keep + (1 - label_keep) / labels
    other = (1 - label_keep) / labels
    if other == 0:
        return np.array([1 - 1 / labels])
    longest = _longest(truth, other, labels)
    right = np.zeros(longest + 1)
    right[0] = 1 / labels
    rivals = labels - 1
    left_out = np.zeros(longest + 1)
    for votes in range(1, longest + 1):
        # The rate that makes the usual number of other votes the likely one keeps every weight in range.
        rate = other / truth * votes
        counts = np.arange(votes + 1)
        weights = np.exp(counts * math.log(rate) - rate - gammaln(counts + 1))
        length = min(longest - votes, rivals * votes) + 1
        total = np.arange(length)
        multiplicity = votes + total
        log_chance = (
            gammaln(multiplicity + 1)
            - gammaln(votes + 1)
            - gammaln(total + 1)
            + votes * math.log(truth)
            + total * math.log(1 - truth)
        )
        likely = np.flatnonzero(log_chance > math.log(NEGLIGIBLE) - 10)
        if likely.size == 0:
            continue
        log_sum = total * math.log(rivals * rate) - rivals * rate - gammaln(total + 1)
        # So many other votes that their weight would underflow come with few for the truth, and leave it
        # the winner, by a chance next to nothing. Counts of a multinomial are negatively associated, which
        # bounds that chance; the sum is checked below.
        underflow = likely[log_sum[likely] <= -600]
        with np.errstate(divide="ignore"):
            log_win = rivals * np.log(bdtr(votes, total[underflow], 1 / rivals))
        left_out[multiplicity[underflow]] += np.exp(log_chance[underflow] + log_win)
        likely = likely[log_sum[likely] > -600]
        if likely.size == 0:
            continue
        length = int(likely[-1]) + 1
        wins = np.zeros(length)
        # No more than (length - 1) / votes labels can tie: that is the degree in u.
        degree = min(rivals, (length - 1) // votes)
        for node, node_weight in zip(*np.polynomial.legendre.leggauss(degree // 2 + 1), strict=True):
            part = _power(np.append(weights[:-1], (node + 1) / 2 * weights[-1]), rivals, length)
            wins[: len(part)] += node_weight / 2 * part
        right[multiplicity[likely]] += wins[likely] * np.exp((log_chance - log_sum)[likely])
    if left_out.max() > 1e-11:
        raise RuntimeError(f"plurality of {labels} labels, label_keep {label_keep}: votes were left out")
    return np.clip(1 - right, 0, 1)
