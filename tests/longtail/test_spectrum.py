"""K_l, M_l and tau_l against 50 digits, at every size, and the numbers that the paper states."""

import itertools

import mpmath
import numpy as np
import pytest
from tests.longtail.reference import PRIORS, precise_list, precise_sums

from memgen.errors import BadInput
from memgen.longtail.priors import frequencies
from memgen.longtail.spectrum import log_binomial, spectrum

PRECISE = 1e-10


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize(("domain", "samples"), [(1, 3), (7, 1), (40, 23), (30, 150), (150, 90)])
def test_sums_agree_with_fifty_digits(prior: str, domain: int, samples: int) -> None:
    counts = sorted({*range(min(samples, 6) + 1), samples // 2, samples - 1, samples})
    found = spectrum(frequencies(prior, domain), samples, counts)
    with mpmath.workdps(50):
        listed = precise_list(prior, domain)
        for place, count in enumerate(counts):
            points, mass = precise_sums(listed, samples, count)
            if points == 0:
                assert found.points[place] == found.mass[place] == 0
                continue
            assert abs(found.log_points[place] - float(mpmath.log(points))) < PRECISE
            assert abs(found.log_mass[place] - float(mpmath.log(mass))) < PRECISE
            assert found.tau[place] == pytest.approx(float(mass / points), rel=PRECISE)


#: Sample size, multiplicity, and the frequency in units of the one at the mode.
BINOMIALS = [
    *itertools.product((100, 10**4, 10**7), (0, 2, 64, 65, 99), (1e-30, 0.2, 1.0, 1.3)),
    *((10**7, multiplicity, 1.0) for multiplicity in (10**5, 5 * 10**6, 10**7 - 3)),
]


@pytest.mark.parametrize(("samples", "multiplicity", "times"), BINOMIALS)
def test_binomials_agree_with_fifty_digits(samples: int, multiplicity: int, times: float) -> None:
    """Also near the mode, where a sum over log-gammas would lose eight digits."""
    a = min(max(multiplicity, 1) * times / samples, 1 - 1 / samples)
    with mpmath.workdps(50):
        exact = mpmath.mpf(a)
        expected = mpmath.log(mpmath.binomial(samples, multiplicity))
        expected += multiplicity * mpmath.log(exact) + (samples - multiplicity) * mpmath.log(1 - exact)
    found = float(log_binomial(samples, multiplicity, np.log(a)))
    # The logarithm itself is rounded: where it is large, the probability is next to nothing.
    assert abs(found - float(expected)) < PRECISE * max(1.0, abs(float(expected)) / 1000)


def test_leaving_out_the_negligible_changes_nothing() -> None:
    """Against plain sums over all of a domain large enough for the window to close."""
    drawn = frequencies("zipf", 20000)
    for count in (0, 1, 5, 80, 300):
        logs = log_binomial(20000, count, drawn.log_frequency)
        found = spectrum(drawn, 20000, [count])
        assert found.log_points[0] == pytest.approx(np.logaddexp.reduce(logs), abs=PRECISE)
        assert found.log_mass[0] == pytest.approx(
            np.logaddexp.reduce(logs + drawn.log_frequency), abs=PRECISE
        )


@pytest.mark.parametrize("prior", ["geometric:0.99", "zipf:3"])
def test_nothing_underflows_at_ten_million(prior: str) -> None:
    size = 10**7
    found = spectrum(frequencies(prior, size), size, [0, 1, 2, 100])
    assert np.isfinite(found.log_points).all() and np.isfinite(found.log_mass).all()
    assert (found.tau > 0).all() and (np.diff(found.tau) > 0).all()


def test_sizes_out_of_range_are_refused() -> None:
    drawn = frequencies("zipf", 5)
    for samples, counts in ((0, [0]), (10**9, [0]), (4, [5]), (4, [-1])):
        with pytest.raises(BadInput, match="allowed"):
            spectrum(drawn, samples, counts)
