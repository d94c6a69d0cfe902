"""K_l, M_l and tau_l against 50 digits, at every size, and the numbers that the paper states."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.longtail.reference import PRIORS, precise_list, precise_sums

from memgen.errors import BadInput
from memgen.longtail.priors import frequencies, from_values
from memgen.longtail.spectrum import log_binomial, spectrum, zipf_asymptotics

PRECISE = 1e-10

#: N, n, n tau_1, K_1 / n, opt, cost of memorization limited to 1/2 (memorization, part A).
PAPER = [
    (50000, 50000, 0.4717, 0.1704, 0.1534, 0.0321),
    (5000, 50000, 1.7891, 0.0205, 0.0184, 0.0146),
    (5000, 10000, 0.7005, 0.1260, 0.1134, 0.0353),
    (25000, 50000, 0.6487, 0.1195, 0.1075, 0.0310),
]


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


@pytest.mark.parametrize("samples", [100, 10**4, 10**7])
@pytest.mark.parametrize("multiplicity", [0, 1, 2, 40, 64, 65, 99])
@pytest.mark.parametrize("times", [1e-30, 1e-3, 0.2, 1.0, 1.3, 4.0])
def test_binomials_agree_with_fifty_digits(samples: int, multiplicity: int, times: float) -> None:
    """Also near the mode, where a sum over log-gammas would lose eight digits."""
    a = min(max(multiplicity, 1) * times / samples, 0.9)
    with mpmath.workdps(50):
        exact = mpmath.mpf(a)
        expected = mpmath.log(mpmath.binomial(samples, multiplicity))
        expected += multiplicity * mpmath.log(exact) + (samples - multiplicity) * mpmath.log(1 - exact)
    found = float(log_binomial(samples, multiplicity, np.log(a)))
    # The logarithm itself is rounded: where it is large, the probability is next to nothing.
    assert abs(found - float(expected)) < PRECISE * max(1.0, abs(float(expected)) / 1000)


@pytest.mark.parametrize("multiplicity", [10**5, 5 * 10**6, 10**7 - 3])
def test_large_multiplicities_at_the_mode(multiplicity: int) -> None:
    samples = 10**7
    with mpmath.workdps(50):
        a = mpmath.mpf(multiplicity) / samples
        expected = float(
            mpmath.log(mpmath.binomial(samples, multiplicity))
            + multiplicity * mpmath.log(a)
            + (samples - multiplicity) * mpmath.log(1 - a)
        )
        log_a = float(mpmath.log(a))
    # A double's log a is off by 1e-16 log a, which the slope at the mode, zero, forgives.
    assert abs(float(log_binomial(samples, multiplicity, log_a)) - expected) < 1e-8


@given(st.lists(st.floats(1e-4, 1.0), min_size=1, max_size=50), st.integers(1, 300), st.integers(1, 5))
def test_every_point_is_seen_some_number_of_times(values: list[float], samples: int, copies: int) -> None:
    drawn = from_values("list", values * copies)
    found = spectrum(drawn, samples, np.arange(samples + 1))
    assert found.points.sum() == pytest.approx(drawn.domain, rel=PRECISE)
    assert (found.points * found.multiplicity).sum() == pytest.approx(samples, rel=PRECISE)
    assert found.mass.sum() == pytest.approx(1, rel=PRECISE)
    # Seen l + 1 times is seen l times and then once more: (n + 1) M_l(n) = (l + 1) K_(l+1)(n + 1).
    more = spectrum(drawn, samples + 1, np.arange(1, samples + 2))
    assert np.allclose((samples + 1) * found.mass, found.multiplicity * more.points + more.points, rtol=1e-8)


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


@pytest.mark.parametrize("prior", ["zipf", "geometric:0.99", "lognormal:3", "zipf:3"])
def test_nothing_underflows_at_ten_million(prior: str) -> None:
    size = 10**7
    found = spectrum(frequencies(prior, size), size, [0, 1, 2, 100])
    assert np.isfinite(found.log_points).all() and np.isfinite(found.log_mass).all()
    assert (found.tau > 0).all() and (np.diff(found.tau) > 0).all()


@pytest.mark.parametrize(("domain", "samples", "tau", "fraction", "optimum", "cost"), PAPER)
def test_numbers_of_the_paper(
    domain: int, samples: int, tau: float, fraction: float, optimum: float, cost: float
) -> None:
    """To every digit given, at least three significant ones."""
    found = spectrum(frequencies("zipf", domain), samples, [0, 1])
    ours = (found.tau[1] * samples, found.points[1] / samples, 0.9 * found.mass[0], 0.4 * found.mass[1])
    assert [round(value, 4) for value in ours] == [tau, fraction, optimum, cost]


def test_zipf_asymptotics_are_approached() -> None:
    for size, tolerance in ((10**3, 2e-2), (10**5, 5e-4), (10**7, 5e-6)):
        found = spectrum(frequencies("zipf", size), size, [1])
        fraction, tau = zipf_asymptotics(size, size)
        assert found.points[0] / size == pytest.approx(fraction, rel=tolerance)
        assert found.tau[0] * size == pytest.approx(tau, rel=tolerance)


def test_sizes_out_of_range_are_refused() -> None:
    drawn = frequencies("zipf", 5)
    for samples, counts in ((0, [0]), (10**9, [0]), (4, [5]), (4, [-1])):
        with pytest.raises(BadInput, match="allowed"):
            spectrum(drawn, samples, counts)
