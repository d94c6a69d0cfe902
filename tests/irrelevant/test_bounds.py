"""Closed forms against 50-digit sums, the values known beforehand, and drawn samples; and the drawn tasks."""

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memgen.errors import BadInput
from memgen.irrelevant.bounds import (
    cluster_error,
    leaked_bits,
    needed_bits,
    recovered_share,
    separating_rho,
    symbol_error,
)
from memgen.irrelevant.configuration import Lookup, Nearest, Size
from memgen.irrelevant.stages.simulate import memories, simulate_lookup, simulate_nearest
from memgen.irrelevant.tasks import draw_clusters, frequencies
from memgen.jobs.seeding import generator

mpmath.mp.dps = 50
SHARES = st.floats(0, 1)


def binomial(k: int, n: int, p: mpmath.mpf) -> mpmath.mpf:
    return mpmath.binomial(n, k) * p**k * (1 - p) ** (n - k)


def precise_cluster_error(samples: int, kept: int, agreeing: mpmath.mpf) -> mpmath.mpf:
    """Error of the nearest neighbour on a singleton's cluster, from the number of ties one by one."""
    half = [mpmath.binomial(kept, b) / mpmath.mpf(2) ** kept for b in range(kept + 1)]
    wrong = mpmath.mpf(0)
    for b in range(kept + 1):
        below, equal = mpmath.fsum(half[:b]), half[b]
        right = mpmath.fsum(
            mpmath.binomial(samples - 1, ties) * equal**ties * below ** (samples - 1 - ties) / (ties + 1)
            for ties in range(samples)
        )
        wrong += binomial(b, kept, agreeing) * (1 - right)
    return wrong


def precise_symbol_error(
    references: int, samples: int, dimension: int, noise: mpmath.mpf, fraction: mpmath.mpf
) -> mpmath.mpf:
    """Error of the lookup learner, summed over a reference's samples and those that cover a position."""
    q = noise / 2

    def majority(k: int) -> mpmath.mpf:
        wrong = mpmath.fsum(binomial(b, k, q) for b in range(k + 1) if 2 * b > k)
        if k % 2 == 0:
            wrong += binomial(k // 2, k, q) / 2
        return q + (1 - 2 * q) * wrong

    errors = [majority(k) for k in range(samples + 1)]
    total = mpmath.mpf(0)
    for seen in range(samples + 1):
        chance = binomial(seen, samples, mpmath.mpf(1) / references)
        for position in range(1, dimension + 1):
            covering = mpmath.mpf(dimension - position + 1) / dimension
            for k in range(seen + 1):
                error = errors[k]
                if seen == 1 and k == 1:
                    error = fraction * errors[1] + (1 - fraction) / 2
                total += chance * binomial(k, seen, covering) * error / dimension
    return total


@given(st.tuples(st.integers(1, 40), st.integers(1, 25), st.floats(0, 0.999), SHARES, SHARES))
@example((30, 120, 0.999, 1.0, 0.0))  # small errors keep their digits
def test_cluster_error_is_exact(drawn: tuple[int, int, float, float, float]) -> None:
    samples, dimension, rho, share, flip = drawn
    stored = round(share * dimension)
    agreeing = (1 + mpmath.mpf(rho) * (1 - 2 * mpmath.mpf(flip))) / 2
    exact = float(precise_cluster_error(samples, stored, agreeing))
    assert cluster_error(samples, dimension, rho, stored, flip) == pytest.approx(exact, rel=1e-10, abs=1e-300)


@given(st.tuples(st.integers(1, 6), st.integers(1, 7), st.integers(1, 5), SHARES, SHARES))
def test_symbol_error_is_exact(drawn: tuple[int, int, int, float, float]) -> None:
    *sizes, noise, fraction = drawn
    exact = precise_symbol_error(*sizes, mpmath.mpf(noise), mpmath.mpf(fraction))
    assert symbol_error(*drawn) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("multiplicity", [1, 2, 3, 4, 7])
def test_recovered_share_is_that_of_a_majority(multiplicity: int) -> None:
    """Of all bits that the others may have, an even vote by a coin."""
    others = multiplicity - 1
    right = 0.0
    for alike in range(others + 1):
        votes = 2 * (1 + alike) - multiplicity
        right += math.comb(others, alike) / 2**others * (0.5 if votes == 0 else votes > 0)
    assert recovered_share(multiplicity, 0.3) == pytest.approx(0.3 + 0.7 * right)


def test_leaked_bits() -> None:
    assert leaked_bits(0.0, 184, 1000, 0.2) == pytest.approx(184 * 800)
    assert leaked_bits(0.8, 184, 1000, 0.2) == 0, "worse than chance by chance leaks nothing"
    assert leaked_bits(0.11, 1, 1, 0.0) == pytest.approx(0.5, abs=1e-3)


def test_separating_rho_is_the_papers() -> None:
    assert round(separating_rho(500, 1000), 4) == 0.1739


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (cluster_error, (10, 10, math.nan)), (cluster_error, (10, 10, 0.5, 11)), (separating_rho, (100, 10)),
        (symbol_error, (5, 5, 5, 0.1, -1.0)), (draw_clusters, (5, 5, 1.0, 0.0, generator("test", "bad"))),
    ],
)  # fmt: skip
def test_tasks_that_do_not_exist_are_refused(function: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(BadInput, match="allowed"):
        function(*arguments)


def within_four(values: np.ndarray, expected: float) -> bool:
    return abs(values.mean() - expected) <= 1e-12 + 4 * values.std(ddof=1) / math.sqrt(len(values))


def test_simulated_nearest_neighbours_against_the_closed_form() -> None:
    size = Size(clusters=60, samples=60, dimension=80, rho=0.4)
    nearest = Nearest(stored=(1, 0.5, 0), flips=(0.2, 0.5), sketches=(1,), codes=(4, 8), repeats=400)
    found = simulate_nearest(size, nearest, generator("test", "nearest"))
    stores = memories(size, nearest)
    for index, memory in enumerate(stores[:5]):
        assert within_four(found[:, index], cluster_error(60, 80, 0.4, memory.stored, memory.flip)), memory
    whole, flipped, blurred, sketch, coarse, fine = (found[:, index].mean() for index in (0, 3, 5, 7, 8, 9))
    # Noisy numbers say more than their signs, which alone are counted as bits.
    assert whole < fine < coarse and whole < sketch and whole < blurred < flipped
    assert [stores[index].useless_bits(size) for index in (7, 8, 9)] == [48, 40, 48]
    with pytest.raises(BadInput, match="seen once"):
        simulate_nearest(Size(clusters=2, samples=5000, dimension=5), nearest, generator("test"))


def test_needed_bits_leave_the_accuracy_and_no_more() -> None:
    bits, flips = needed_bits(200, 400, 0.267, 0.95), np.linspace(0, 0.5, 2001)
    flip = flips[np.argmin(abs(leaked_bits(flips, 1, 400, 0.267) - bits))]
    assert 1 - cluster_error(200, 400, 0.267, flip=float(flip)) == pytest.approx(0.95, abs=0.01)
    assert needed_bits(200, 40, 0.1, 0.95) is None


@pytest.mark.parametrize(("references", "samples", "noise"), [(10, 60, 0.4), (30, 5, 0.0)])
def test_simulated_lookup_learners_against_the_closed_form(
    references: int, samples: int, noise: float
) -> None:
    size = {"references": references, "samples": samples, "dimension": 25, "noise": noise}
    lookup = Lookup(**size, stored_fractions=(0.0, 0.5, 1.0), repeats=1500)  # type: ignore[arg-type]
    found = simulate_lookup(lookup, generator("test", "lookup", references))
    for index, fraction in enumerate(lookup.stored_fractions):
        assert within_four(found[:, index], symbol_error(**size, stored_fraction=fraction)), fraction  # type: ignore[arg-type]


def test_frequencies_from_uniform_to_long_tailed() -> None:
    assert frequencies(4, 0.0) == pytest.approx([0.25] * 4)
    assert frequencies(3, 1.0) * 11 / 6 == pytest.approx([1, 1 / 2, 1 / 3])
