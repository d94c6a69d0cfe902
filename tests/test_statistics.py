"""Means, intervals and correlations against scipy's, and what too few observations give."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from memgen.statistics import (
    mean_with_error,
    means_with_errors,
    pearson,
    spearman,
    standard_error,
    student_factor,
    student_interval,
    wilson,
)

samples = arrays(float, st.integers(3, 30), elements=st.floats(-100, 100).map(lambda value: round(value, 3)))


@given(values=samples)
@settings(deadline=None)
def test_every_form_of_a_mean_with_its_error_agrees(values: np.ndarray) -> None:
    expected = values.mean(), stats.sem(values)
    assert mean_with_error(values) == pytest.approx(expected, abs=1e-10)
    assert mean_with_error(pl.Series(values)) == pytest.approx(expected, abs=1e-10)
    assert student_interval(values)[:2] == pytest.approx(expected, abs=1e-10)
    means, errors = means_with_errors(np.stack([values, 2 * values], axis=1))
    assert means == pytest.approx([expected[0], 2 * expected[0]], abs=1e-10)
    assert errors == pytest.approx([expected[1], 2 * expected[1]], abs=1e-10)
    table = pl.DataFrame({"key": ["a"] * len(values), "value": values})
    found = table.group_by("key").agg(named=standard_error("value"), given=standard_error(pl.col("value")))
    assert found.row(0)[1:] == pytest.approx([expected[1]] * 2, abs=1e-10)


def test_too_few_observations() -> None:
    assert mean_with_error(np.array([])) == (None, None) and mean_with_error(pl.Series([2.0])) == (2.0, None)
    assert pl.DataFrame({"value": [1.0]}).select(standard_error("value")).item() is None
    assert np.isnan(student_factor([0, 1])).all()


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_student_s_interval_is_scipys(level: float) -> None:
    values = np.array([0.1, 0.4, -0.3, 0.25])
    expected = stats.t.interval(level, 3, loc=values.mean(), scale=stats.sem(values))
    assert student_interval(values, level)[2:] == pytest.approx(expected, abs=1e-12)
    assert student_factor([3])[0] == pytest.approx(4.302653, abs=1e-6)


@given(trials=st.integers(1, 500), share=st.floats(0, 1), level=st.sampled_from([0.5, 0.95, 0.99]))
@settings(deadline=None)
def test_wilson_is_scipys(trials: int, share: float, level: float) -> None:
    successes = round(share * trials)
    expected = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    low, high = wilson(successes, trials, level)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_no_trial_is_empty() -> None:
    low, high = wilson(np.array([0.0, 1.0]), np.array([0, 2]))
    assert math.isnan(low[0]) and math.isnan(high[0]) and 0 < low[1] < high[1] < 1


@given(one=samples, seed=st.integers(0, 100))
@settings(deadline=None)
def test_correlations_are_scipys(one: np.ndarray, seed: int) -> None:
    other = np.round(one + np.random.default_rng(seed).normal(0, 50, len(one)), 1)
    if np.ptp(one) < 1e-3:
        assert math.isnan(spearman(one, other))
        return
    assert pearson(one, other) == pytest.approx(stats.pearsonr(one, other).statistic, abs=1e-9)
    assert spearman(one, other) == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-12)
    assert spearman(list(one), np.exp(one / 100)) == pytest.approx(1.0)


def test_no_correlation_without_variation() -> None:
    assert math.isnan(pearson(np.ones(3), np.arange(3.0))) and math.isnan(spearman([1, 2, 3], [1, 1, 1]))
