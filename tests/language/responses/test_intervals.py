"""Intervals against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from memgen.language.responses.intervals import mean_with_error, wilson


@given(st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 1)), min_size=1, max_size=5))
def test_wilson_interval_is_where_the_score_test_ends(drawn: list[tuple[int, float]]) -> None:
    trials = np.array([count for count, _ in drawn])
    successes = np.array([round(share * count) for count, share in drawn])
    low, high = wilson(successes, trials)
    for place, (right, count) in enumerate(zip(successes, trials, strict=True)):
        found = stats.binomtest(int(right), int(count)).proportion_ci(method="wilson")
        assert (low[place], high[place]) == pytest.approx((found.low, found.high), abs=1e-9)


def test_no_trials_give_no_interval() -> None:
    assert np.isnan(wilson(np.array([0.0]), np.array([0]))).all()


def test_mean_has_an_error_from_two_seeds_on() -> None:
    assert mean_with_error(np.array([])) == (None, None)
    assert mean_with_error(np.array([2.0])) == (2.0, None)
    assert mean_with_error(np.array([1.0, 3.0])) == (2.0, pytest.approx(1.0))
