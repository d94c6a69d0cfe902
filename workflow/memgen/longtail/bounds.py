"""What the theory proves of every learner: lower bounds on its error, and bounds on tau_1.

The tests hold each bound against simulated learners, and the inequalities against drawn frequencies.
"""

import math

import numpy as np
import numpy.typing as npt

from memgen.errors import BadInput
from memgen.longtail.learners import Risk
from memgen.longtail.priors import Frequencies
from memgen.longtail.specs import check_memorization_limit
from memgen.longtail.spectrum import Spectrum


def lower_bound(optimum: float, tau: Spectrum, misfits: npt.ArrayLike) -> float:
    """Error that a learner cannot go below, given how many seen points it misfits.

    Parameters
    ----------
    optimum : float
        opt, the error of the best learner.
    tau : Spectrum
        Spectrum at multiplicities l = 1, …, L.
    misfits : array_like, shape (L,)
        errn(A, l): expected number of points seen l times whose label the learner does not give.

    Returns
    -------
    float
        opt + sum_l tau_l errn(A, l). Reached by learners that treat equally frequent points alike and
        guess unseen points as well as can be.

    Notes
    -----
    Source: arXiv 1906.05271, Theorem 2.3; memorization, part A.
    """
    return optimum + math.fsum(tau.tau * np.asarray(misfits, dtype=np.float64))


def noisy_singleton_excess(risk: Risk, label_keep: float) -> float:
    """What a learner pays for not fitting singletons when labels are noisy, kappa (1 - 1/m) M_1.

    A training label is kept with probability `label_keep`, kappa, else drawn uniformly. A singleton's label
    is then right by a confidence of exactly kappa over any other label, so even noisy labels must be fitted.
    """
    return label_keep * (1 - 1 / risk.labels) * risk.mass(1)


def limited_memorization_cost(risk: Risk, memorization_limit: float) -> float:
    """Excess error of any learner whose memorization scores of singletons are at most a limit.

    That is (1 - 1/m - memorization_limit) M_1.

    Raises
    ------
    BadInput
        If the limit is not between 0 and 1 - 1/m.

    Notes
    -----
    Source: arXiv 1906.05271: tau_1 E sum conf (1 - max F - gamma), with gamma the limit and uniform labels.
    """
    check_memorization_limit(memorization_limit, risk.labels, "memorization limit")
    return (1 - 1 / risk.labels - memorization_limit) * risk.mass(1)


def private_memorization_limit(epsilon: float, delta: float = 0.0) -> float:
    """Largest memorization score under (epsilon, delta) label differential privacy, e^eps - 1 + delta."""
    return math.expm1(min(epsilon, 700.0)) + delta


def private_excess_bound(risk: Risk, epsilon: float, delta: float = 0.0) -> float:
    """Excess error that the paper proves of label differential privacy.

    (1 - 1/m - limit) M_1 with the limit e^eps - 1 + delta on memorization, and never below zero.
    """
    limit = private_memorization_limit(epsilon, delta)
    return max(0.0, 1 - 1 / risk.labels - limit) * risk.mass(1)


def private_excess_optimum(risk: Risk, epsilon: float) -> float:
    """Least excess error from singletons under pure label differential privacy.

    (m - 1) / (e^eps + m - 1) M_1, which randomized response on singletons reaches.

    Notes
    -----
    Own derivation: let P(y | z) be the chance of answer y when the singleton's label is z. Privacy gives
    P(y | z) >= e^-eps P(y | y), so m = sum_z sum_y P(y | z) >= (1 + (m - 1) e^-eps) sum_y P(y | y), and the
    mean chance of fitting is at most e^eps / (e^eps + m - 1). The paper's bound is weaker, and 0 beyond
    eps = log(2 - 1/m).
    """
    odds = (risk.labels - 1) * math.exp(-epsilon)
    return odds / (1 + odds) * risk.mass(1)


def tau_lower_bound(frequencies: Frequencies, samples: int) -> float:
    """Weight of frequencies near 1/n, which bounds tau_1 from below: weight([1/3n, 2/n]) / (5 n).

    Raises
    ------
    BadInput
        If the sample size n is below three: the lemma fails there.

    Notes
    -----
    Source: arXiv 1906.05271; memorization, part A. Proof for a fixed list: sum alpha (1-alpha)^(n-1) <= 1,
    and alpha (1-alpha)^(n-1) >= 1/(5n) on the interval, being unimodal and, for n >= 3, at least 0.222/n at
    both ends.
    """
    if samples < 3:
        raise BadInput(f"samples: {samples} is not allowed for the bound on tau_1; allowed: >= 3")
    return frequencies.weight(1 / (3 * samples), 2 / samples) / (5 * samples)


def tau_no_tail_bound(frequencies: Frequencies, samples: int, threshold: float) -> float | None:
    """Upper bound 2 theta on tau_1 where there is no tail, or None where the lemma says nothing.

    Where no frequency lies between theta and t/n, a singleton is as rare as theta: it is an outlier,
    and fitting it gains next to nothing.

    Parameters
    ----------
    frequencies, samples
        The domain, and the sample size n.
    threshold : float
        theta, at most 1/(2n).

    Returns
    -------
    float or None
        2 theta if the weight of [theta, t/n] is zero, t = log(1 / (theta beta)) + 2 and beta the weight
        below theta; None if some frequency lies there, or none below theta.

    Raises
    ------
    BadInput
        If theta is not in (0, 1/(2n)].

    Notes
    -----
    Source: arXiv 1906.05271, section 2, from memory; proved again for a fixed list: below theta the
    numerator of tau_1 is at most theta times its denominator; above t/n its terms are at most
    (t/n) e^(-t + t/n), and the denominator is at least beta (1 - theta)^(n-1) >= beta / 2, so that the
    rest is at most 2 (t/n) e^(t/n - 2) theta <= theta for t <= n.
    """
    if not 0 < threshold <= 1 / (2 * samples):
        raise BadInput(f"threshold: {threshold:g} is not allowed; allowed: above 0, at most 1/(2 samples)")
    below = frequencies.weight(0.0, math.nextafter(threshold, 0.0))
    if below <= 0:
        return None
    spread = math.log(1 / (threshold * below)) + 2
    return None if frequencies.weight(threshold, spread / samples) > 0 else 2 * threshold
