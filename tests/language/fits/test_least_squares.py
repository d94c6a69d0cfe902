"""Gamma and scale recovered from margins that a dense solve made, and the optimum against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.language.fits.least_squares import (
    GAMMA_RANGE,
    best_scale,
    explained,
    fit_gamma,
    fit_many,
    memorization_weight,
    ranks_at,
)
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import dense_ranks, theory_margins

CHAIN = Hierarchy(9)
ONE = Hierarchy(9, ((5, 3),))
TWO = Hierarchy(12, ((4, 1), (10, 8)))


def split(hierarchy: Hierarchy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pairs = np.array(list(hierarchy.unordered_pairs()))
    trained = np.array([hierarchy.trained(h, k) for h, k in pairs])
    return pairs[:, 0], pairs[:, 1], trained


@pytest.mark.parametrize("hierarchy", [CHAIN, ONE, TWO])
@pytest.mark.parametrize(("gamma", "scale"), [(0.0013, -2.5), (0.04, 11.0), (1.0, 0.01), (88.0, 11.0)])
def test_recovers_what_a_dense_solve_made(hierarchy, gamma, scale):
    higher, lower, trained = split(hierarchy)
    observed = theory_margins(hierarchy, gamma, 0.4, scale)
    fit = fit_gamma(hierarchy, higher[~trained], lower[~trained], observed[~trained])
    assert fit.gamma == pytest.approx(gamma, rel=1e-4)
    assert fit.scale == pytest.approx(scale, rel=1e-3)
    assert fit.correlation == pytest.approx(1, abs=1e-9)
    assert fit.r2 == pytest.approx(1, abs=1e-9)
    assert not fit.at_edge
    r = ranks_at(hierarchy, gamma)
    target = [-1 if (k, h) in hierarchy.exceptions else 1 for h, k in hierarchy.unordered_pairs()]
    difference = (r[higher] - r[lower])[trained]
    m = memorization_weight(difference, scale, np.array(target)[trained], observed[trained])
    assert float(m) == pytest.approx(0.4, abs=1e-9)


@given(seed=st.integers(0, 2**32 - 1), hierarchy=st.sampled_from([CHAIN, ONE, TWO]))
def test_no_gamma_of_a_finer_search_is_better(seed, hierarchy):
    random = np.random.default_rng(seed)
    higher, lower, trained = split(hierarchy)
    higher, lower = higher[~trained], lower[~trained]
    observed = random.normal(size=len(higher)) + random.normal() * (lower - higher)
    fit = fit_gamma(hierarchy, higher, lower, observed)
    predicted = fit.scale * (ranks_at(hierarchy, fit.gamma)[higher] - ranks_at(hierarchy, fit.gamma)[lower])
    error = np.sum((observed - predicted) ** 2)
    gammas = np.exp(random.uniform(*np.log(GAMMA_RANGE), 400))
    shapes = np.array([dense_ranks(hierarchy, gamma) for gamma in gammas])
    shapes = shapes[:, higher] - shapes[:, lower]
    others = np.sum(observed**2) - explained(shapes, np.broadcast_to(observed, shapes.shape))
    assert error <= others.min() * (1 + 1e-9)
    assert fit.r2 == pytest.approx(1 - error / np.sum((observed - observed.mean()) ** 2))
    assert fit.correlation == pytest.approx(np.corrcoef(predicted, observed)[0, 1])


def test_ends_of_the_range_are_told_and_ranks_that_vanish_have_no_gamma():
    for gamma, edge in zip((1e-6, 1e6), GAMMA_RANGE, strict=True):
        higher, lower, trained = split(ONE)
        observed = theory_margins(ONE, gamma, 0, 3)[~trained]
        fit = fit_gamma(ONE, higher[~trained], lower[~trained], observed)
        assert fit.at_edge and fit.gamma == edge
    cancelled = Hierarchy(6, ((5, 0),))
    higher, lower, trained = split(cancelled)
    fit = fit_gamma(cancelled, higher[~trained], lower[~trained], np.arange(float((~trained).sum())))
    assert np.isnan(fit.gamma) and fit.scale == 0


def test_many_fits_agree_with_one_at_a_time():
    random = np.random.default_rng(3)
    higher, lower, trained = split(ONE)
    higher, lower = higher[~trained], lower[~trained]
    base, beyond = (theory_margins(ONE, gamma, 0, 5)[~trained] for gamma in (0.8, 1e7))
    observed = np.stack([*(base + random.normal(size=(20, len(base)))), beyond])
    gamma, scale, r = fit_many(ONE, higher, lower, observed)
    for row, (one_gamma, one_scale) in enumerate(zip(gamma, scale, strict=True)):
        fit = fit_gamma(ONE, higher, lower, observed[row])
        assert one_gamma == pytest.approx(fit.gamma, rel=1e-3)
        assert one_scale == pytest.approx(fit.scale, rel=1e-3)
    np.testing.assert_allclose(r, [dense_ranks(ONE, one) for one in gamma], atol=1e-9)
    np.testing.assert_allclose(scale, best_scale(r[:, higher] - r[:, lower], observed))
