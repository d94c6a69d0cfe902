"""Kernels: only conjunctivity and effective ridge matter; networks; measured representations."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.relational.reference import hierarchies, regression

from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import (
    Exchangeable,
    conjunctivity,
    measure,
    measure_features,
    network_conjunctivity,
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


@given(kappa_d=st.floats(0, 0.9), between=st.floats(0.01, 1), ridge=st.floats(0.01, 1))
def test_published_conjunctivity_and_its_ridge(kappa_d, between, ridge):
    kappa_o = kappa_d + between * (1 - kappa_d) / 2
    kernel = Exchangeable.from_overlap(kappa_o, kappa_d)
    assert kernel.conjunctivity == pytest.approx(float(conjunctivity(kappa_o, kappa_d)), abs=1e-12)
    assert kernel.scale == pytest.approx(1 - kappa_d)
    test = ordered_pairs(7)
    alpha = max(kernel.conjunctivity, 0.0)
    found = margins(7, [(4, 2)], alpha, ridge / kernel.scale, *test.T)
    np.testing.assert_allclose(found, regression(7, [(4, 2)], kernel, ridge, test), atol=1e-8)


def test_reference_values_of_deep_networks():
    """Theory: Kernel family, last item; its .424643 is .4246438, cut off rather than rounded."""
    nngp = [float(network_conjunctivity("nngp", depth)) for depth in (1, 2, 3, 4)]
    ntk = [float(network_conjunctivity("ntk", depth)) for depth in (1, 2, 3, 4)]
    np.testing.assert_allclose(nngp, [0, 0.147155, 0.248721, 0.325348], atol=1e-6)
    np.testing.assert_allclose(ntk, [0, 0.257864, 0.424643, 0.539084], atol=1e-6)


def leaky_relu_covariance(kappa, slope, samples=2_000_001):
    """E[phi(x) phi(y)] and E[phi'(x) phi'(y)] for unit Gaussians of correlation kappa, over the angle."""
    angle = (np.arange(samples) + 0.5) * 2 * np.pi / samples
    x, y = np.cos(angle), np.cos(angle - np.arccos(kappa))
    slopes = [np.where(z > 0, 1.0, slope) for z in (x, y)]
    derivative = slopes[0] * slopes[1]
    # E over the radius of r^2 is 2
    return 2 * (derivative * x * y).mean(), derivative.mean()


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0, -1.0])
@pytest.mark.parametrize("start", [0.5, 0.0])
def test_layer_maps_are_those_of_a_leaky_relu(slope, start):
    """Against the definition: E[phi phi] / E[phi^2] under correlated Gaussians; NTK's two-layer sum."""
    rho = (1 - slope) ** 2 / (1 + slope**2)
    covariance, derivative = leaky_relu_covariance(start, slope)
    size, _ = leaky_relu_covariance(1.0, slope)
    index = 0 if start == 0.5 else 1
    nngp = float(network_similarities("nngp", 2, rho)[index])
    assert nngp == pytest.approx(covariance / size, abs=1e-6)
    ntk = float(network_similarities("ntk", 2, rho)[index])
    assert ntk == pytest.approx((covariance / size + start * derivative / size) / 2, abs=1e-6)


@given(rho=st.floats(1e-3, 2), kernel=st.sampled_from(["nngp", "ntk"]))
def test_conjunctivity_rises_with_depth(rho, kernel):
    values = [float(network_conjunctivity(kernel, depth, rho)) for depth in range(1, 11)]
    assert values[0] == 0 and np.all(np.diff(values) > 0) and values[-1] < 1


def test_linear_networks_are_additive_and_rho_broadcasts():
    assert np.abs(network_conjunctivity("ntk", 10, np.zeros((2, 3)))).max() < 1e-12
    assert network_conjunctivity("nngp", 3, np.linspace(0, 2, 5)).shape == (5,)


@given(alpha=st.floats(0, 0.95), rotation=st.integers(0, 100))
def test_an_exchangeable_kernel_is_measured_as_what_it_is(alpha, rotation):
    n = 5
    kernel = Exchangeable(2.0, (1 - alpha) * 0.75 + 0.2, 0.2, 0.5, 0.1)
    pairs = ordered_pairs(n)
    found = measure(kernel.matrix(pairs, pairs), n)
    assert found.conjunctivity == pytest.approx(kernel.conjunctivity, abs=1e-12)
    assert found.scale == pytest.approx(1.5) and found.distance < 1e-12
    rng = np.random.default_rng(rotation)
    values, vectors = np.linalg.eigh(kernel.matrix(pairs, pairs))
    assume(values.min() > -1e-12)
    turned = (vectors * np.sqrt(np.maximum(values, 0))) @ np.linalg.qr(rng.normal(size=(20, 20)))[0]
    assert measure_features(turned, n).conjunctivity == pytest.approx(kernel.conjunctivity, abs=1e-10)


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


def test_an_additive_representation_may_measure_below_zero():
    n, pairs = 4, ordered_pairs(4)
    kernel = Exchangeable(1.0, 0.6, 0.0, 0.0, 0.3)
    assert measure(kernel.matrix(pairs, pairs), n).conjunctivity == pytest.approx(-0.2)


def test_overlap_names_every_kind():
    found = overlap([[0, 1]], [[0, 1], [0, 2], [2, 1], [1, 2], [2, 0], [1, 0], [2, 3]])
    assert found.tolist() == [[0, 1, 1, 2, 2, 3, 4]]
    assert ordered_pairs(4).tolist() == [list(pair) for pair in Hierarchy(4).ordered_pairs()]
