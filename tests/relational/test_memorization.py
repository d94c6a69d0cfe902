"""Memorization scores against refitting the regression without the pair."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.relational.reference import hierarchies, regression

from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable
from memgen.relational.memorization import left_out_predictions, memorization_scores


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


@given(task=hierarchies(largest=20))
def test_limit_of_no_conjunctivity_and_no_ridge(task):
    """0/0 in theory.md's formula wherever no loop closes over the pair; the limit is that of small gamma."""
    at_zero = left_out_predictions(*task, 0.0)
    assert np.isfinite(at_zero).all()
    np.testing.assert_allclose(left_out_predictions(*task, 1e-11), at_zero, atol=1e-7)


def test_shapes_and_order():
    alpha, ridge = np.array([0.1, 0.5])[:, None], np.array([0.0, 0.1, 1.0])
    found = memorization_scores(9, [(5, 3), (8, 6)], alpha, ridge)
    assert found.shape == (2, 3, 10)
    np.testing.assert_allclose(found[1, 2], memorization_scores(9, [(5, 3), (8, 6)], 0.5, 1.0))
