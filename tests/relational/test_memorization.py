"""Memorization scores against refitting the regression without the pair, and theory.md's formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.relational.reference import dense_matrices, dense_ranks, hierarchies, regression

from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable
from memgen.relational.memorization import left_out_predictions, memorization_scores
from memgen.relational.ranks import gamma, memorization_weight


@given(
    task=hierarchies(largest=9, most=3), alpha=st.floats(0.01, 0.95), ridge=st.just(0.0) | st.floats(0.01, 5)
)
def test_scores_are_those_of_refitting(task, alpha, ridge):
    n, exceptions = task
    kernel = Exchangeable.canonical(alpha)
    pairs = np.array(list(Hierarchy(n, tuple(exceptions)).training_pairs()))
    fitted = regression(n, exceptions, kernel, ridge, pairs)
    left_out = [regression(n, exceptions, kernel, ridge, pairs, without=t)[t] for t in range(len(pairs))]
    found = memorization_scores(n, exceptions, alpha, ridge)
    np.testing.assert_allclose(found, fitted - left_out, atol=1e-8)


@given(task=hierarchies(largest=20), alpha=st.floats(0, 0.95), ridge=st.floats(1e-3, 5))
def test_scores_are_theory_s_formula(task, alpha, ridge):
    n, exceptions = task
    leak = float(gamma(alpha, ridge))
    laplacian, incidence = dense_matrices(n, exceptions)
    explained = incidence @ dense_ranks(n, exceptions, leak)
    kernel = incidence @ np.linalg.solve(laplacian + leak * np.eye(n), incidence.T)
    rest = 1 - np.diagonal(kernel)
    expected = (1 - explained) * (1 / rest - (1 - memorization_weight(alpha, ridge)))
    np.testing.assert_allclose(memorization_scores(n, exceptions, alpha, ridge), expected, atol=1e-8)


@given(task=hierarchies(largest=20))
def test_limit_of_no_conjunctivity_and_no_ridge(task):
    """0/0 in theory.md's formula wherever no loop closes over the pair; the limit is that of small gamma."""
    at_zero = left_out_predictions(*task, 0.0)
    assert np.isfinite(at_zero).all()
    np.testing.assert_allclose(left_out_predictions(*task, 1e-11), at_zero, atol=1e-7)


def test_without_the_only_link_the_two_parts_are_ranked_apart():
    """Chain of 9 in the additive limit, pair 3-4 removed: ends of chains of 4 and 5, each centred."""
    assert left_out_predictions(9, [], 0.0)[3] == pytest.approx(-1.5 - 2.0)


def test_shapes_and_order():
    alpha, ridge = np.array([0.1, 0.5])[:, None], np.array([0.0, 0.1, 1.0])
    found = memorization_scores(9, [(5, 3), (8, 6)], alpha, ridge)
    assert found.shape == (2, 3, 10)
    np.testing.assert_allclose(found[1, 2], memorization_scores(9, [(5, 3), (8, 6)], 0.5, 1.0))


def test_all_scores_meet_where_pairs_share_nothing():
    np.testing.assert_allclose(memorization_scores(9, [(5, 3)], 1 - 1e-10, 0.5), 1 / 1.5, rtol=1e-8)
