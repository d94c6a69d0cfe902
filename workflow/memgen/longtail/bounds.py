"""What the theory proves of every learner: lower bounds on its error, and one on tau_1.

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


def private_excess_bound(risk: Risk, epsilon: float, delta: float = 0.0) -> float:
    """Excess error that the paper proves of label differential privacy.

    (1 - 1/m - limit) M_1, and never below zero: under (epsilon, delta) privacy no memorization score exceeds
    the limit e^eps - 1 + delta.
    """
    limit = math.expm1(min(epsilon, 700.0)) + delta
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
