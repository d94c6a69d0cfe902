"""Closed forms against 50-digit sums, the values known beforehand, and drawn samples."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.irrelevant.reference import nearest_singleton_errors, precise_cluster_error, precise_symbol_error

from memgen.errors import BadInput
from memgen.irrelevant.bounds import (
    cluster_error,
    leaked_bits,
    recovered_share,
    separating_rho,
    symbol_error,
)
from memgen.jobs.seeding import generator


@pytest.mark.parametrize(
    ("options", "accuracy"),
    [
        ({}, 0.9896), ({"stored": 300}, 0.496), ({"stored": 500}, 0.793), ({"stored": 700}, 0.931),
        ({"stored": 900}, 0.980), ({"flip": 0.1}, 0.901), ({"flip": 0.2}, 0.601), ({"flip": 0.3}, 0.217),
    ],
)  # fmt: skip
def test_known_accuracies_of_the_nearest_neighbour(options: dict[str, float], accuracy: float) -> None:
    digits = 4 if not options else 3
    assert round(1 - cluster_error(500, 1000, 0.1739, **options), digits) == accuracy


def test_known_errors_of_the_lookup_learner() -> None:
    assert round(symbol_error(500, 500, 200, 0.1), 5) == 0.34940
    assert round(symbol_error(500, 500, 200, 0.1, 0.5), 5) == 0.38687


@given(
    samples=st.integers(1, 40),
    dimension=st.integers(1, 25),
    rho=st.floats(0, 0.999),
    flip=st.floats(0, 1),
    data=st.data(),
)
def test_cluster_error_is_exact(samples: int, dimension: int, rho: float, flip: float, data) -> None:  # type: ignore[no-untyped-def]
    stored = data.draw(st.integers(0, dimension))
    found = cluster_error(samples, dimension, rho, stored, flip)
    agreeing = (1 + mpmath.mpf(rho) * (1 - 2 * mpmath.mpf(flip))) / 2
    exact = precise_cluster_error(samples, stored, agreeing)
    assert found == pytest.approx(float(exact), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize("rho", [0.3, 0.9, 0.999])
def test_small_cluster_errors_keep_their_digits(rho: float) -> None:
    exact = precise_cluster_error(30, 120, (1 + mpmath.mpf(rho)) / 2)
    assert cluster_error(30, 120, rho) == pytest.approx(float(exact), rel=1e-10)


@given(
    references=st.integers(1, 6),
    samples=st.integers(1, 7),
    dimension=st.integers(1, 5),
    noise=st.floats(0, 1),
    fraction=st.floats(0, 1),
)
def test_symbol_error_is_exact(
    references: int, samples: int, dimension: int, noise: float, fraction: float
) -> None:
    found = symbol_error(references, samples, dimension, noise, fraction)
    exact = precise_symbol_error(references, samples, dimension, mpmath.mpf(noise), mpmath.mpf(fraction))
    assert found == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize(("stored", "flip"), [(60, 0.0), (25, 0.0), (60, 0.15), (40, 0.9)])
def test_cluster_error_within_four_standard_errors(stored: int, flip: float) -> None:
    rng = generator("test", "nearest", stored, int(100 * flip))
    wrong = nearest_singleton_errors(20, 60, 0.35, stored, flip, 4000, rng)
    expected = cluster_error(20, 60, 0.35, stored, flip)
    assert abs(wrong.mean() - expected) < 4 * math.sqrt(expected * (1 - expected) / 4000)


def test_more_stored_is_never_worse() -> None:
    errors = [cluster_error(100, 200, 0.3, stored=stored) for stored in range(0, 201, 10)]
    assert errors == sorted(errors, reverse=True)
    errors = [symbol_error(50, 50, 20, 0.1, fraction) for fraction in (0, 0.3, 0.7, 1)]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("multiplicity", [1, 2, 3, 4, 7])
def test_recovered_share_is_that_of_a_majority(multiplicity: int) -> None:
    rng = generator("test", "majority", multiplicity)
    bits = rng.integers(0, 2, (200000, multiplicity))
    total = bits.sum(axis=1)
    tie = rng.integers(0, 2, len(bits))
    guess = np.where(2 * total == multiplicity, tie, 2 * total > multiplicity)
    share = (guess == bits[:, 0]).mean()
    expected = recovered_share(multiplicity, 0.0)
    assert abs(share - expected) < 4 * math.sqrt(0.25 / len(bits))
    assert recovered_share(multiplicity, 0.3) == pytest.approx(0.3 + 0.7 * expected)


def test_leaked_bits() -> None:
    assert leaked_bits(0.0, 184, 1000, 0.2) == pytest.approx(184 * 800)
    assert leaked_bits(0.5, 184, 1000, 0.2) == 0
    assert leaked_bits(0.8, 184, 1000, 0.2) == 0, "worse than chance by chance leaks nothing"
    assert leaked_bits(0.11, 1, 1, 0.0) == pytest.approx(0.5, abs=1e-3)


def test_separating_rho() -> None:
    assert round(separating_rho(500, 1000), 4) == 0.1739
    assert round(separating_rho(100, 200), 3) == 0.370
    with pytest.raises(BadInput):
        separating_rho(100, 10)


@pytest.mark.parametrize(
    "arguments",
    [
        (0, 10, 0.5), (10, 0, 0.5), (10, 10, 1.0), (10, 10, -0.1), (10, 10, math.nan), (10, 10, 0.5, 11),
        (10, 10, 0.5, -1), (10, 10, 0.5, 5, 1.1), (10, 10, 0.5, 2.5), (2.5, 10, 0.5), (10**9, 10, 0.5),
    ],
)  # fmt: skip
def test_bad_cluster_tasks_are_refused(arguments: tuple[float, ...]) -> None:
    with pytest.raises(BadInput, match="allowed"):
        cluster_error(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments",
    [
        (0, 5, 5, 0.1), (5, 0, 5, 0.1), (5, 5, 0, 0.1), (5, 5, 5, 1.5), (5, 5, 5, -0.1), (5, 5, 5, math.nan),
        (5, 5, 5, 0.1, 1.5), (5, 5, 5, 0.1, -1.0), (5, 5.5, 5, 0.1),
    ],
)  # fmt: skip
def test_bad_symbol_tasks_are_refused(arguments: tuple[float, ...]) -> None:
    with pytest.raises(BadInput, match="allowed"):
        symbol_error(*arguments)  # type: ignore[arg-type]
