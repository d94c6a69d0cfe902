"""All pairs at once, against the hierarchy pair by pair."""

import numpy as np
from hypothesis import given
from tests.relational.reference import hierarchies

from memgen.relational.hierarchy import Hierarchy
from memgen.relational.pairs import Pairs, right_answers


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
