"""Bounds of the theory: against drawn frequencies, linear programmes, and each other."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from tests.longtail.reference import LEARNERS

from memgen.errors import BadInput
from memgen.longtail.bounds import (
    limited_memorization_cost,
    lower_bound,
    noisy_singleton_excess,
    private_excess_bound,
    private_excess_optimum,
    tau_lower_bound,
)
from memgen.longtail.learners import Risk, profile
from memgen.longtail.priors import frequencies, from_values
from memgen.longtail.spectrum import spectrum

lists = st.lists(st.floats(-12, 0).map(lambda power: 10**power), min_size=2, max_size=40)


@given(lists, st.integers(3, 10**6))
def test_weight_near_one_over_n_bounds_tau(values: list[float], samples: int) -> None:
    drawn = from_values("list", values)
    assert spectrum(drawn, samples, [1]).tau[0] >= tau_lower_bound(drawn, samples)
    # With two samples the upper end of the interval is 1, where alpha (1 - alpha) is 0.
    with pytest.raises(BadInput, match=">= 3"):
        tau_lower_bound(drawn, 2)


@pytest.mark.parametrize("prior", ["zipf", "lognormal:2"])
@pytest.mark.parametrize("learner", LEARNERS)
def test_bound_is_reached_by_learners_that_treat_equals_alike(prior: str, learner: str) -> None:
    domain, samples = 40, 60
    risk = Risk(frequencies(prior, domain), samples, 10)
    misfits = profile(learner, 10)
    counts = np.arange(1, samples + 1)
    part = spectrum(risk.frequencies, samples, counts)
    misfit = np.array([misfits.at(int(count)) for count in counts]) * part.points
    assert lower_bound(risk.optimum, part, misfit) == pytest.approx(risk.error(learner), abs=1e-12)


def test_excess_errors_are_differences_of_learners() -> None:
    risk = Risk(frequencies("zipf", 300), 300, 10)
    for keep in (0.5, 1.0):
        excess = risk.error(f"majority_ignore:{keep}") - risk.error(f"majority:{keep}")
        assert noisy_singleton_excess(risk, keep) == pytest.approx(excess, abs=1e-11)
    for limit in (0.0, 0.3, 0.9):
        excess = risk.error(f"limited:{limit}") - risk.optimum
        assert limited_memorization_cost(risk, limit) == pytest.approx(excess, abs=1e-13)
    with pytest.raises(BadInput, match=r"0 to 1 - 1/labels = 0\.9"):
        limited_memorization_cost(risk, 0.91)


@pytest.mark.parametrize(("labels", "epsilon"), [(2, 1.0), (3, 0.0), (5, 3.0)])
def test_least_price_of_privacy_is_a_linear_programme(labels: int, epsilon: float) -> None:
    """Fit a uniform label as often as label privacy allows: over all tables of answers by label."""
    size = labels * labels  # P(answer y | label z) at y * labels + z
    upper = []
    for answer in range(labels):
        for one in range(labels):
            for other in range(labels):
                if one != other:
                    row = np.zeros(size)
                    row[answer * labels + one], row[answer * labels + other] = 1, -math.exp(epsilon)
                    upper.append(row)
    equal = [np.tile(np.eye(labels)[label], labels) for label in range(labels)]
    goal = -np.eye(labels).ravel() / labels
    best = linprog(goal, np.array(upper), np.zeros(len(upper)), np.array(equal), np.ones(labels))
    risk = Risk(frequencies("zipf", 50), 50, labels)
    misfit = private_excess_optimum(risk, epsilon) / risk.mass(1)
    assert misfit == pytest.approx(1 + best.fun, abs=1e-7)
    assert misfit == pytest.approx(profile(f"randomized_response:{epsilon}", labels).at(1), abs=1e-12)


@given(st.floats(1e-3, 5), st.integers(2, 40))
def test_bounds_of_privacy_are_in_order(epsilon: float, labels: int) -> None:
    risk = Risk(frequencies("zipf", 60), 60, labels)
    weak, strong = private_excess_bound(risk, epsilon), private_excess_optimum(risk, epsilon)
    assert 0 <= weak <= strong + 1e-12
    for kind in ("exponential", "randomized_response"):
        assert risk.error(f"{kind}:{epsilon!r}") - risk.optimum >= strong - 1e-10
        misfits = profile(f"{kind}:{epsilon!r}", labels)
        assert misfits.at(0) - misfits.at(1) <= math.expm1(epsilon) + 1e-12, "memorization of a singleton"
