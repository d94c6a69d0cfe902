"""Exact expected errors against 50 digits, plurality votes against enumeration."""

import itertools

import mpmath
import numpy as np
import pytest
from tests.longtail.reference import LEARNERS, PRIORS, precise_list, precise_sums

from memgen.errors import BadInput
from memgen.longtail.learners import Risk, profile
from memgen.longtail.priors import frequencies
from memgen.longtail.specs import LEARNERS as KINDS
from memgen.longtail.vote import NEGLIGIBLE, plurality_errors

PRECISE = 1e-10


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("learner", LEARNERS)
def test_error_agrees_with_fifty_digits(prior: str, learner: str) -> None:
    """E err = sum_l e_l M_l, every l up to n."""
    domain, samples, labels = 30, 60, 10
    misfits = profile(learner, labels)
    with mpmath.workdps(50):
        listed = precise_list(prior, domain)
        expected = mpmath.fsum(
            misfits.at(times) * precise_sums(listed, samples, times)[1] for times in range(samples + 1)
        )
    assert abs(Risk(frequencies(prior, domain), samples, labels).error(learner) - float(expected)) < PRECISE


@pytest.mark.parametrize(
    "learner",
    ["best", "optimal:1", "ignore", "ignore:1.5", "limited:0.95", "majority:0.05", "randomized_response:inf"],
)
def test_bad_learners_are_refused_in_one_line(learner: str) -> None:
    with pytest.raises(BadInput) as caught:
        profile(learner, 10)
    assert "allowed" in str(caught.value) and "\n" not in str(caught.value)
    assert any(kind in str(caught.value) for kind in KINDS)


def enumerated(labels: int, label_keep: float, times: int) -> float:
    """Chance of a wrong plurality, over all sequences of labels; label 0 is the truth."""
    other = (1 - label_keep) / labels
    truth = label_keep + other
    right = 0.0
    for votes in itertools.product(range(labels), repeat=times):
        counts = np.bincount(votes, minlength=labels) if times else np.zeros(labels, int)
        if counts[0] == counts.max():
            right += truth ** counts[0] * other ** (times - counts[0]) / (counts == counts.max()).sum()
    return 1 - right


@pytest.mark.parametrize(("labels", "label_keep"), [(2, 0.3), (3, 0.5), (4, 0.8), (5, 0.2)])
def test_against_all_votes(labels: int, label_keep: float) -> None:
    found = plurality_errors(labels, label_keep)
    expected = [enumerated(labels, label_keep, times) for times in range(7)]
    assert np.allclose(found[:7], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("labels", "label_keep"), [(10, 0.1), (1000, 0.1), (1000, 0.9999), (3, 0.999)])
def test_extremes_fall_to_nothing(labels: int, label_keep: float) -> None:
    found = plurality_errors(labels, label_keep)
    assert np.isfinite(found).all() and found[0] == 1 - 1 / labels
    assert np.all(np.diff(found) < 1e-11), "more votes never hurt"
    assert found[-1] < NEGLIGIBLE + 1e-11
    # Two votes are worth no more than one: where they differ, the tie is broken at random.
    assert found[1] == pytest.approx((1 - label_keep) * (1 - 1 / labels), abs=1e-12)
    assert found[2] == pytest.approx(found[1], abs=1e-12)
    assert plurality_errors(labels, 1.0).tolist() == [1 - 1 / labels], "labels without noise"
