"""Kernels: only conjunctivity and effective ridge matter; networks; measured representations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.relational.reference import hierarchies, regression

from memgen.relational.kernels import (
    Exchangeable,
    conjunctivity,
    measure,
    measure_features,
    network_similarities,
    ordered_pairs,
    overlap,
)
from memgen.relational.ranks import margins

share = st.floats(0.05, 0.95)


@given(
    task=hierarchies(largest=8, most=3), parts=st.tuples(share, share, share, share), ridge=st.floats(0.01, 5)
)
def test_only_conjunctivity_and_effective_ridge_matter(task, parts, ridge):
    """Any positive mixture of features by position, item, pair and unordered pair; distinct is free."""
    n, exceptions = task
    position, item, pair, unordered = parts
    kernel = Exchangeable(
        same=2 * position + 2 * item + pair + unordered + 0.3,
        position=position + item + 0.3,
        cross=item + 0.3,
        reversed=2 * item + unordered + 0.3,
        distinct=0.3,
    )
    assert kernel.conjunctivity == pytest.approx(pair / (2 * position + pair))
    test = ordered_pairs(n)
    found = margins(n, exceptions, kernel.conjunctivity, ridge / kernel.scale, *test.T)
    np.testing.assert_allclose(found, regression(n, exceptions, kernel, ridge, test), atol=1e-8)


@given(kappa_d=st.floats(0, 0.9), between=st.floats(0.01, 1))
def test_published_conjunctivity_is_that_of_its_kernel(kappa_d, between):
    kappa_o = kappa_d + between * (1 - kappa_d) / 2
    kernel = Exchangeable.from_overlap(kappa_o, kappa_d)
    assert kernel.conjunctivity == pytest.approx(float(conjunctivity(kappa_o, kappa_d)), abs=1e-12)
    assert kernel.scale == pytest.approx(1 - kappa_d)


def leaky_relu_covariance(kappa, slope, samples=1_000_001):
    """E[phi(x) phi(y)] and E[phi'(x) phi'(y)] for unit Gaussians of correlation kappa, over the angle."""
    angle = (np.arange(samples) + 0.5) * 2 * np.pi / samples
    x, y = np.cos(angle), np.cos(angle - np.arccos(kappa))
    slopes = [np.where(z > 0, 1.0, slope) for z in (x, y)]
    derivative = slopes[0] * slopes[1]
    # E over the radius of r^2 is 2
    return 2 * (derivative * x * y).mean(), derivative.mean()


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0, -1.0])
def test_layer_maps_are_those_of_a_leaky_relu(slope):
    """Against the definition: E[phi phi] / E[phi^2] under correlated Gaussians; NTK's two-layer sum."""
    rho = (1 - slope) ** 2 / (1 + slope**2)
    size, _ = leaky_relu_covariance(1.0, slope)
    found = [network_similarities(kernel, 2, rho) for kernel in ("nngp", "ntk")]
    for start, nngp, ntk in zip((0.5, 0.0), *found, strict=True):
        covariance, derivative = leaky_relu_covariance(start, slope)
        assert nngp == pytest.approx(covariance / size, abs=1e-6)
        assert ntk == pytest.approx((covariance / size + start * derivative / size) / 2, abs=1e-6)


@given(seed=st.integers(0, 1000), noise=st.floats(0, 2))
def test_measured_distance_is_the_distance_to_the_nearest(seed, noise):
    """No other exchangeable kernel is nearer on antisymmetric functions: least squares over two patterns."""
    n, pairs = 4, ordered_pairs(4)
    features = np.random.default_rng(seed).normal(size=(12, 12)) * noise
    kernel = Exchangeable.canonical(0.3).matrix(pairs, pairs) + features @ features.T
    flip = np.array([np.flatnonzero((pairs == pair[::-1]).all(axis=1))[0] for pair in pairs])
    odd = (kernel - kernel[flip] - kernel[:, flip] + kernel[flip][:, flip]) / 2

    def pattern(values):
        matrix = np.array(values, dtype=float)[overlap(pairs, pairs)]
        return (matrix - matrix[flip]).ravel()

    design = np.stack([pattern([1, 0, 0, 0, 0]), pattern([0, 1, 0, 0, 0])], axis=1)
    weights, *_ = np.linalg.lstsq(design, odd.ravel(), rcond=None)
    residual = odd.ravel() - design @ weights
    found = measure(kernel, n)
    assert found.distance == pytest.approx(np.linalg.norm(residual) / np.linalg.norm(odd), abs=1e-9)
    assert found.conjunctivity == pytest.approx(1 - 2 * weights[1] / weights[0], abs=1e-9)
    assert found.scale == pytest.approx(weights[0])
    if noise > 0.01:
        assert measure_features(features, n) == measure(features @ features.T, n)
