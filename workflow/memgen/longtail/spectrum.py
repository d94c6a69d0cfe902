"""How much of a domain is seen once, twice, …: K_l, M_l and tau_l, exactly, for up to 10^8 points.

With b_l(a) = C(n, l) a^l (1 - a)^(n - l), K_l = sum_x b_l(alpha_x) is the expected number of points seen
l times among n samples, M_l = sum_x alpha_x b_l(alpha_x) their expected probability mass, and
tau_l = M_l / K_l the expected frequency of one of them. Binomials are summed from their logarithms, and
only over the frequencies that matter to each l, so that nothing underflows and large domains stay quick.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import exp1, gammaln

from memgen.errors import BadInput
from memgen.longtail.priors import Floats, Frequencies, Integers

#: Largest sample.
LARGEST = 100_000_000
# Up to this multiplicity the plain product is exact to 1e-13; beyond it, the saddle-point form is.
_PLAIN = 64
# Terms exp(-60) times smaller than the largest one are left out: 10^8 of them weigh 1e-18 of it.
_NEGLIGIBLE = 60.0
_BLOCK = 1 << 18


@dataclass(frozen=True)
class Spectrum:
    """Expected numbers and masses by multiplicity.

    Parameters
    ----------
    samples : int
        Sample size n.
    multiplicity : numpy.ndarray of int, shape (L,)
    log_points : numpy.ndarray, shape (L,)
        Natural logarithm of K_l.
    log_mass : numpy.ndarray, shape (L,)
        Natural logarithm of M_l.
    """

    samples: int
    multiplicity: Integers
    log_points: Floats
    log_mass: Floats

    @property
    def points(self) -> Floats:
        """Expected number K_l of points seen l times."""
        return np.exp(self.log_points)

    @property
    def mass(self) -> Floats:
        """Expected probability M_l of the points seen l times."""
        return np.exp(self.log_mass)

    @property
    def tau(self) -> Floats:
        """Expected frequency tau_l = M_l / K_l of a point seen l times; nan where K_l = 0."""
        with np.errstate(invalid="ignore"):
            return np.exp(self.log_mass - self.log_points)


def _stirling_error(count: int) -> float:
    """log(count!) minus Stirling's formula for it, without cancellation."""
    if count < 16:
        return float(gammaln(count + 1)) - (
            count * math.log(count) - count + 0.5 * math.log(2 * math.pi * count)
        )
    square = 1.0 / (count * count)
    series = 1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))
    return series / count


def _deviance(observed: int, excess: Floats, log_ratio: Floats) -> Floats:
    """Observed times (r - 1 - log r), r = expected / observed and excess = r - 1, accurate near r = 1."""
    with np.errstate(divide="ignore"):
        near = np.log1p(excess)
    return observed * (excess - np.where(np.abs(excess) < 0.5, near, log_ratio))


def log_binomial(samples: int, multiplicity: int, log_frequency: npt.ArrayLike) -> Floats:
    """Logarithm of C(n, l) a^l (1 - a)^(n - l).

    Parameters
    ----------
    samples, multiplicity : int
        n >= 1, and l between 0 and n.
    log_frequency : array_like, shape (…)
        Logarithm of a, at most 0; a itself may be too small for a double.

    Returns
    -------
    numpy.ndarray, shape (…)

    Notes
    -----
    Plain product for l <= 64. Beyond, Loader's saddle-point form ("Fast and accurate computation of
    binomial probabilities", 2000), whose terms are small where the probability is not, keeps the error of
    the logarithm near 1e-12 where the sum over log-gammas would lose eight digits at n = 10^7.
    """
    log_a = np.asarray(log_frequency, dtype=np.float64)
    a = np.exp(log_a)
    rest = samples - multiplicity
    with np.errstate(divide="ignore"):
        log_not = np.log1p(-a)
    if multiplicity <= _PLAIN:
        steps = np.arange(min(multiplicity, rest), dtype=np.float64)
        log_choose = float(np.sum(np.log((samples - steps) / (steps + 1))))
        seen = multiplicity * log_a if multiplicity else 0.0
        return np.asarray(log_choose + seen + (rest * log_not if rest else 0.0))
    if rest == 0:
        return samples * log_a
    scale = 0.5 * math.log(samples / (2 * math.pi * multiplicity * rest))
    scale += _stirling_error(samples) - _stirling_error(multiplicity) - _stirling_error(rest)
    log_samples = math.log(samples)
    seen_part = _deviance(
        multiplicity, samples / multiplicity * a - 1, log_a + log_samples - math.log(multiplicity)
    )
    # r - 1 = (l - n a) / (n - l) exactly; forming r first would lose what is small beside 1.
    rest_part = _deviance(rest, (multiplicity - samples * a) / rest, log_not + log_samples - math.log(rest))
    return np.asarray(scale - seen_part - rest_part)


def _relevant(log_frequency: Floats, samples: int, multiplicity: int) -> slice:
    """Groups whose binomial is not negligible beside the largest one; they are contiguous."""
    groups = len(log_frequency)
    if groups < 64:
        return slice(0, groups)

    def height(index: int) -> float:
        return float(log_binomial(samples, multiplicity, log_frequency[index]))

    mode = math.log(multiplicity / samples) if multiplicity else -math.inf
    # log_frequency descends: `right` is the first group at or below the mode.
    right = int(np.searchsorted(-log_frequency, -mode))
    candidates = [index for index in (right - 1, right) if 0 <= index < groups]
    top = max(candidates, key=height)
    floor = height(top) - _NEGLIGIBLE + min(0.0, float(log_frequency[top]))

    def edge(inside: int, outside: int) -> int:
        """Outermost group between a relevant one and an end that is still relevant."""
        if height(outside) >= floor:
            return outside
        while abs(inside - outside) > 1:
            middle = (inside + outside) // 2
            if height(middle) >= floor:
                inside = middle
            else:
                outside = middle
        return inside

    return slice(edge(top, 0), edge(top, groups - 1) + 1)


def _log_sums(frequencies: Frequencies, samples: int, multiplicity: int) -> tuple[float, float]:
    """Logarithms of K_l and M_l."""
    relevant = _relevant(frequencies.log_frequency, samples, multiplicity)
    points, masses = [], []
    for start in range(relevant.start, relevant.stop, _BLOCK):
        block = slice(start, min(start + _BLOCK, relevant.stop))
        log_a = frequencies.log_frequency[block]
        logs = log_binomial(samples, multiplicity, log_a)
        peak = float(np.max(logs))
        if peak == -math.inf:
            continue
        weighted = np.exp(logs - peak) * frequencies.points[block]
        points.append((peak, float(np.sum(weighted))))
        # Frequencies are taken relative to the block's largest, whose square may underflow.
        shift = float(log_a[0])
        masses.append((peak + shift, float(np.sum(weighted * np.exp(log_a - shift)))))
    return _log_total(points), _log_total(masses)


def _log_total(parts: list[tuple[float, float]]) -> float:
    """Logarithm of sum exp(exponent) factor over (exponent, factor)."""
    top = max((exponent for exponent, factor in parts if factor > 0), default=-math.inf)
    if top == -math.inf:
        return -math.inf
    return top + math.log(math.fsum(math.exp(exponent - top) * factor for exponent, factor in parts))


def spectrum(frequencies: Frequencies, samples: int, multiplicity: npt.ArrayLike) -> Spectrum:
    """K_l, M_l and tau_l of a sample of n points.

    Parameters
    ----------
    frequencies : Frequencies
        The domain.
    samples : int
        Sample size n, at most 10^8.
    multiplicity : array_like of int, shape (L,)
        Multiplicities l, each between 0 and n.

    Raises
    ------
    BadInput
        If the sample size or a multiplicity is out of range.

    Notes
    -----
    Source: memorization, part A, "Closed forms". Time is about 50 ns per relevant frequency and l.
    """
    if not 1 <= samples <= LARGEST:
        raise BadInput(f"samples: {samples} is not allowed; allowed: 1 to {LARGEST}")
    wanted = np.atleast_1d(np.asarray(multiplicity, dtype=np.int64))
    if wanted.size and not (wanted.min() >= 0 and wanted.max() <= samples):
        raise BadInput(f"multiplicity: {wanted.min()} to {wanted.max()}; allowed: 0 to samples = {samples}")
    sums = np.array([_log_sums(frequencies, samples, int(count)) for count in wanted]).reshape(-1, 2)
    return Spectrum(samples, wanted, sums[:, 0], sums[:, 1])


def zipf_asymptotics(domain: int, samples: int) -> float:
    """Large-domain limit of n tau_1 for Zipf's law with exponent 1.

    That is exp(-x) / E1(x), with x = n / (N H_N) and the harmonic number H_N (memorization, part A).
    """
    ranks = np.arange(1, domain + 1, dtype=np.float64)
    x = samples / (domain * float(np.sum(1 / ranks)))
    return math.exp(-x) / float(exp1(x))
