"""Means, intervals and correlations against scipy's, and what too few observations give."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from memgen.tables.statistics import (
    holm,
    line_slope,
    mean_with_error,
    means_with_errors,
    pearson,
    spearman,
    standard_error,
    student_factor,
    student_interval,
    units_to_decide,
    wilson,
)

samples = arrays(float, st.integers(3, 30), elements=st.floats(-100, 100).map(lambda value: round(value, 3)))


@given(values=samples)
def test_every_form_of_a_mean_with_its_error_agrees(values):
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


def test_too_few_observations():
    assert mean_with_error(np.array([])) == (None, None) and mean_with_error(pl.Series([2.0])) == (2.0, None)
    assert pl.DataFrame({"value": [1.0]}).select(standard_error("value")).item() is None
    assert np.isnan(student_factor([0, 1])).all()
    low, high = wilson(np.array([0.0, 1.0]), np.array([0, 2]))
    assert math.isnan(low[0]) and math.isnan(high[0]) and 0 < low[1] < high[1] < 1


@given(values=samples, level=st.sampled_from([0.5, 0.95]))
def test_student_s_interval_is_scipys(values, level):
    if np.ptp(values) > 1e-3:
        expected = stats.t.interval(level, len(values) - 1, loc=values.mean(), scale=stats.sem(values))
        assert student_interval(values, level)[2:] == pytest.approx(expected, abs=1e-9)


@given(trials=st.integers(1, 500), share=st.floats(0, 1), level=st.sampled_from([0.5, 0.95, 0.99]))
def test_wilson_is_scipys(trials, share, level):
    successes = round(share * trials)
    expected = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    assert wilson(successes, trials, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(one=samples, seed=st.integers(0, 100))
def test_correlations_are_scipys(one, seed):
    other = np.round(one + np.random.default_rng(seed).normal(0, 50, len(one)), 1)
    if np.ptp(one) < 1e-3:
        assert math.isnan(pearson(one, other)) and math.isnan(spearman(one, other))
        return
    assert pearson(one, other) == pytest.approx(stats.pearsonr(one, other).statistic, abs=1e-9)
    assert spearman(one, other) == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-12)
    assert spearman(list(one), np.exp(one / 100)) == pytest.approx(1.0)


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_step_by_step(values):
    """Rejected at a level are the smallest p, in turn, while each is below level / (tests left)."""
    for level in (0.01, 0.05, 0.3):
        rejected = set()
        for left, index in zip(range(len(values), 0, -1), np.argsort(values, kind="stable"), strict=True):
            if values[index] * left > level:
                break
            rejected.add(int(index))
        assert {i for i, p in enumerate(holm(values)) if p <= level} == rejected
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_units_to_decide_are_those_of_the_tables():
    """One-sample t, two-sided 5%, power .8: Cohen's d of .2, .5 and .8 need 199, 34 and 15."""
    assert [units_to_decide([d], 1.0, 0.025) for d in (0.2, 0.5, 0.8)] == [199, 34, 15]
    assert units_to_decide([0.0], 1.0, 0.025) is None and units_to_decide([1e-4], 1.0, 0.025) is None
    assert units_to_decide([0.5], 0.0, 0.025) is None
    both = units_to_decide([0.5, 0.5], 1.0, 0.05)
    generator = np.random.default_rng(0)
    draws = generator.normal(size=(20_000, both))
    reach = stats.t.ppf(0.95, both - 1) * draws.std(axis=1, ddof=1) / math.sqrt(both)
    assert ((np.abs(draws.mean(axis=1)) + reach) < 0.5).mean() == pytest.approx(0.8, abs=0.02)


@given(values=samples)
def test_line_slope_is_that_of_a_regression(values):
    x = np.arange(len(values), dtype=float)
    expected = stats.linregress(x, values)
    slope, error = line_slope(x, values)
    assert slope == pytest.approx(expected.slope, abs=1e-9)
    if values.std() > 0:  # of equal values scipy knows no error
        assert error == pytest.approx(expected.stderr, abs=1e-7)
    assert line_slope(x[:2], values[:2])[1] is None
