"""Closed forms against 50-digit sums, the values known beforehand, and drawn samples; and the drawn tasks."""

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.irrelevant.reference import precise_cluster_error, precise_symbol_error

from memgen.errors import BadInput
from memgen.irrelevant.bounds import (
    chance_exposure,
    cluster_error,
    exposure,
    leaked_bits,
    needed_bits,
    recovered_share,
    separating_rho,
    symbol_error,
)
from memgen.irrelevant.configuration import Lookup, Nearest, Size
from memgen.irrelevant.stages.simulate import memories, simulate_lookup, simulate_nearest
from memgen.irrelevant.tasks import draw_clusters, draw_sample, frequencies
from memgen.jobs.seeding import generator


@given(
    samples=st.integers(1, 40),
    dimension=st.integers(1, 25),
    rho=st.floats(0, 0.999),
    share=st.floats(0, 1),
    flip=st.floats(0, 1),
)
@example(samples=30, dimension=120, rho=0.999, share=1.0, flip=0.0)  # small errors keep their digits
def test_cluster_error_is_exact(samples: int, dimension: int, rho: float, share: float, flip: float) -> None:
    stored = round(share * dimension)
    found = cluster_error(samples, dimension, rho, stored, flip)
    agreeing = (1 + mpmath.mpf(rho) * (1 - 2 * mpmath.mpf(flip))) / 2
    exact = precise_cluster_error(samples, stored, agreeing)
    assert found == pytest.approx(float(exact), rel=1e-10, abs=1e-300)


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


def test_separating_rho_is_the_papers() -> None:
    assert round(separating_rho(500, 1000), 4) == 0.1739


def test_chance_exposure_is_the_mean_over_all_ranks() -> None:
    for count in (2, 10, 64, 1000):
        assert chance_exposure(count) == pytest.approx(exposure(np.arange(1, count + 1), count).mean())
    assert chance_exposure(10**9) == pytest.approx(math.log2(math.e), abs=1e-6)
    assert exposure([1, 64], 64).tolist() == [6, 0]


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (cluster_error, (2.5, 10, 0.5)), (cluster_error, (10, 10, math.nan)),
        (cluster_error, (10, 10, 0.5, 11)), (separating_rho, (100, 10)),
        (symbol_error, (5, 5, 5, 1.5)), (symbol_error, (5, 5, 5, 0.1, -1.0)),
        (draw_clusters, (5, 5, 1.0, 0.0, generator("test", "bad"))),
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
    error = dict(zip(stores, found.mean(axis=0), strict=True))
    whole, flipped, blurred, sketch, coarse, fine = (error[stores[index]] for index in (0, 3, 5, 7, 8, 9))
    assert whole < fine < coarse and whole < sketch
    # Noisy numbers say more than their signs, which alone are counted as bits.
    assert whole < blurred < flipped and stores[5].useless_bits(size) == stores[3].useless_bits(size)
    assert [memory.useless_bits(size) for memory in stores[7:]] == [48, 40, 48]
    with pytest.raises(BadInput, match="seen once"):
        simulate_nearest(Size(clusters=2, samples=5000, dimension=5), nearest, generator("test"))


@pytest.mark.parametrize("accuracy", [0.3, 0.8, 0.95])
def test_needed_bits_leave_the_accuracy_and_no_more(accuracy: float) -> None:
    bits = needed_bits(200, 400, 0.267, accuracy)
    assert bits is not None and 0 < bits < 0.733 * 400
    flips = np.linspace(0, 0.5, 2001)
    flip = flips[np.argmin(abs(leaked_bits(flips, 1, 400, 0.267) - bits))]
    assert 1 - cluster_error(200, 400, 0.267, flip=float(flip)) == pytest.approx(accuracy, abs=0.01)
    assert needed_bits(200, 40, 0.1, accuracy) is None


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


def test_clusters_fix_their_share_and_nothing_else() -> None:
    clusters = draw_clusters(50, 400, 0.3, 0.0, generator("test", "clusters"))
    fixed = clusters.pattern != 0
    assert abs(fixed.mean() - 0.3) < 4 * math.sqrt(0.21 / fixed.size)
    sample = draw_sample(clusters, 300, generator("test", "sample"))
    assert set(np.unique(sample.x)) == {-1, 1} and sample.x.dtype == np.int8
    chosen = fixed[sample.y]
    assert (sample.x[chosen] == clusters.pattern[sample.y][chosen]).all()
    assert abs(sample.x[~chosen].mean()) < 4 / math.sqrt((~chosen).sum())
    assert sample.count.sum() == 300 and (sample.multiplicity >= 1).all()
