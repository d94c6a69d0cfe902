"""Behaviour by class, and memorization scores: against dense regression, refitted without each pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.relational.reference import hierarchies, regression

from memgen.relational.behaviour import phase, right_answers
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable
from memgen.relational.memorization import left_out_predictions, memorization_scores


@given(problem=hierarchies(largest=10), alpha=st.floats(0.05, 0.9), ridge=st.floats(0.01, 2))
def test_accuracy_and_margin_are_those_of_the_regression(problem, alpha, ridge):
    n, exceptions = problem
    hierarchy = Hierarchy(n, tuple(exceptions))
    found = phase(n, exceptions, alpha, ridge)
    assert sum(part.pairs for part in found.values()) == n * (n - 1) // 2
    test = list(hierarchy.unordered_pairs())
    predicted = regression(n, exceptions, Exchangeable.canonical(alpha), ridge, test)
    for name, part in found.items():
        chosen = [index for index, pair in enumerate(test) if hierarchy.pair_class(*pair) == name]
        scored = np.array([predicted[index] * (hierarchy.truth(*test[index]) or 1) for index in chosen])
        assert part.pairs == len(chosen)
        np.testing.assert_allclose(
            [part.margin, part.lowest_margin], [scored.mean(), scored.min()], atol=1e-9
        )
        if name == "loop":
            assert part.accuracy is None
        elif np.abs(scored).min() > 1e-6:
            assert part.accuracy == pytest.approx((scored > 0).mean())


def test_zero_margins_are_half_right():
    np.testing.assert_array_equal(right_answers(np.array([1.0, -0.1, 0.0, 1e-14])), [1, 0, 0.5, 0.5])
    np.testing.assert_array_equal(right_answers(np.zeros(3)), [0.5] * 3)


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
