"""Pairs and behaviour by class: against the hierarchy pair by pair, and dense regression."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.relational.reference import hierarchies, regression

from memgen.relational.behaviour import Pairs, phase, right_answers
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable


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


@given(problem=hierarchies(largest=20))
def test_pairs_are_those_of_the_hierarchy(problem):
    hierarchy = Hierarchy(problem[0], tuple(problem[1]))
    pairs = Pairs.of(hierarchy)
    ends = list(zip(pairs.higher.tolist(), pairs.lower.tolist(), strict=True))
    assert ends == list(hierarchy.unordered_pairs())
    assert pairs.classes.tolist() == [hierarchy.pair_class(*end) for end in ends]
    assert pairs.truth.tolist() == [hierarchy.truth(*end) or 0 for end in ends]
    assert pairs.trained.tolist() == [hierarchy.trained(*end) for end in ends]


def test_zero_margins_are_half_right():
    np.testing.assert_array_equal(right_answers(np.array([1.0, -0.1, 0.0, 1e-14])), [1, 0, 0.5, 0.5])
    np.testing.assert_array_equal(right_answers(np.zeros(3)), [0.5] * 3)
