"""What each learner gets wrong: its misfit probability e_l at multiplicity l, and from it its error.

A learner here treats all labels alike and all points seen equally often alike, so that it is wholly
described by e_0 = 1 - 1/m, e_1, e_2, …; its expected error is sum_l e_l M_l exactly. These are the
closed forms; `simulation` runs the same learners on samples without them.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from memgen.longtail.priors import Floats, Frequencies
from memgen.longtail.specs import parse_learner
from memgen.longtail.spectrum import Spectrum, spectrum
from memgen.longtail.vote import plurality_errors

# What an error may leave out.
_NEGLIGIBLE = 1e-15


@dataclass(frozen=True)
class Profile:
    """Misfit probabilities of a learner.

    Parameters
    ----------
    first : numpy.ndarray, shape (L + 1,)
        e_0, …, e_L.
    rest : float
        e_l for every l > L.
    """

    first: Floats
    rest: float = 0.0

    def at(self, multiplicity: int) -> float:
        """e_l at one multiplicity."""
        return float(self.first[multiplicity]) if multiplicity < len(self.first) else self.rest


def profile(learner: str, labels: int) -> Profile:
    """Misfit probabilities of a named learner.

    Parameters
    ----------
    learner : str
        A key of `memgen.longtail.specs.LEARNERS` with its parameter, such as ``ignore:2``; see Notes.
    labels : int
        Number of labels m.

    Raises
    ------
    BadInput
        If there is no such learner or its parameter is not allowed.

    Notes
    -----
    Source: memorization, part A, "Closed forms". ``optimal`` memorizes what it has seen and guesses the
    rest; ``ignore:k`` guesses points seen k times or less; ``flip:p`` answers a seen point, with
    probability p, by a uniformly drawn wrong label; ``limited:g`` fits singletons with probability
    1/m + g only; ``exponential:eps`` draws a label in proportion to exp(eps count / 2);
    ``randomized_response:eps`` keeps a singleton's label with probability exp(eps) / (exp(eps) + m - 1)
    and memorizes the rest; ``majority:kappa`` takes the plurality of labels each kept with probability
    kappa, and ``majority_ignore:kappa`` does so but guesses singletons.
    """
    spec = parse_learner(learner, labels)
    guess, value = 1 - 1 / labels, spec.value
    if spec.kind == "ignore":
        return Profile(np.full(int(value) + 1, guess))
    if spec.kind == "flip":
        return Profile(np.array([guess]), value)
    if spec.kind == "limited":
        return Profile(np.array([guess, max(0.0, guess - value)]))
    if spec.kind == "randomized_response":
        odds_of_one = (labels - 1) * math.exp(-value)
        return Profile(np.array([guess, odds_of_one / (1 + odds_of_one)]))
    if spec.kind == "optimal":
        return Profile(np.array([guess]))
    if value == 0:  # exponential or a majority: the labels seen say nothing
        return Profile(np.empty(0), guess)
    if spec.kind == "exponential":
        longest = math.ceil(2 / value * math.log(labels / _NEGLIGIBLE))
        odds = (labels - 1) * np.exp(-value / 2 * np.arange(longest + 1))
        return Profile(odds / (1 + odds))
    errors = plurality_errors(labels, value)
    if spec.kind == "majority_ignore":
        errors = np.concatenate([[guess, guess], errors[2:]])
    return Profile(errors)


class Risk:
    """Expected errors on one domain at one sample size.

    M_l is computed once for each l that some learner needs, and no further than its error needs.

    Parameters
    ----------
    frequencies : Frequencies
        The domain.
    samples : int
        Sample size n.
    labels : int
        Number of labels m.
    weight : float, default=1
        Probability of the domain where it is a subgroup of a mixture, of which the sample is drawn. Masses
        and errors are then those within the subgroup: a point of frequency a is seen as often as one of
        weight a.

    Notes
    -----
    Source: memorization, part A, "Closed forms" and "Disparate effect".
    """

    def __init__(self, frequencies: Frequencies, samples: int, labels: int, weight: float = 1.0) -> None:
        if weight != 1:
            frequencies = replace(frequencies, log_frequency=frequencies.log_frequency + math.log(weight))
        self.frequencies, self.samples, self.labels, self.weight = frequencies, samples, labels, weight
        self._mass: list[float] = []

    def mass(self, multiplicity: int) -> float:
        """M_l; zero beyond the sample size."""
        if multiplicity > self.samples:
            return 0.0
        while len(self._mass) <= multiplicity:
            mass = float(spectrum(self.frequencies, self.samples, len(self._mass)).mass[0])
            self._mass.append(mass / self.weight)
        return self._mass[multiplicity]

    def error(self, learner: str) -> float:
        """Expected error sum_l e_l M_l of a named learner; see `profile`."""
        misfits = profile(learner, self.labels)
        first = misfits.first[: self.samples + 1]
        # Largest |e_l - rest| from each multiplicity on: what stopping there could still change.
        open_part = np.maximum.accumulate(np.abs(first - misfits.rest)[::-1])[::-1]
        error: list[float] = []
        seen: list[float] = []
        left = 1.0
        for multiplicity in range(len(first)):
            if open_part[multiplicity] * left < _NEGLIGIBLE:
                break
            mass = self.mass(multiplicity)
            left -= mass
            seen.append(mass)
            error.append(float(first[multiplicity]) * mass)
        return math.fsum(error) + misfits.rest * max(0.0, 1 - math.fsum(seen))

    @property
    def optimum(self) -> float:
        """Smallest expected error of any learner, (1 - 1/m) M_0."""
        return (1 - 1 / self.labels) * self.mass(0)

    def singletons(self) -> Spectrum:
        """K_1, M_1 and tau_1, never underflowing."""
        return spectrum(self.frequencies, self.samples, 1)
