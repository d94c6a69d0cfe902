"""Exact expected errors against 50 digits and formulas, plurality votes against enumeration."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from tests.longtail.reference import LEARNERS, PRIORS, precise_list, precise_sums

from memgen.errors import BadInput
from memgen.longtail.learners import Risk, profile
from memgen.longtail.priors import frequencies, from_values
from memgen.longtail.specs import LEARNERS as KINDS
from memgen.longtail.specs import parse_learner
from memgen.longtail.spectrum import spectrum
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


@given(
    st.lists(st.floats(1e-3, 1.0), min_size=1, max_size=30),
    st.integers(1, 200),
    st.integers(2, 50),
    st.floats(0, 1),
    st.integers(1, 4),
)
def test_formulas_of_the_table(
    values: list[float], samples: int, labels: int, chance: float, times: int
) -> None:
    risk = Risk(from_values("list", values), samples, labels)
    guess = 1 - 1 / labels
    limit = chance * guess
    unseen, once = risk.mass(0), risk.mass(1)
    assert risk.error("optimal") == pytest.approx(guess * unseen, abs=PRECISE)
    ignored = guess * math.fsum(risk.mass(count) for count in range(times + 1))
    assert risk.error(f"ignore:{times}") == pytest.approx(ignored, abs=PRECISE)
    flipped = guess * unseen + chance * (1 - unseen)
    assert risk.error(f"flip:{chance!r}") == pytest.approx(flipped, abs=PRECISE)
    limited = guess * unseen + (guess - limit) * once
    assert risk.error(f"limited:{limit!r}") == pytest.approx(limited, abs=PRECISE)
    assert risk.error("limited:0") == pytest.approx(risk.error("ignore:1"), abs=PRECISE)
    # The best learner is best, and pure guessing is worst but for those that avoid the label they saw.
    for learner in LEARNERS:
        if parse_learner(learner, 10).parameter is None or "limited" in learner:
            continue
        assert risk.error(learner) >= risk.optimum - PRECISE
    assert risk.error("exponential:0") == risk.error("majority:0") == pytest.approx(guess, abs=PRECISE)


def test_error_on_a_large_domain() -> None:
    """A learner that misfits at every multiplicity, on a domain without equal frequencies."""
    size = 10**6
    risk = Risk(frequencies("zipf", size), size, 10)
    found = risk.error("exponential:2")
    # Bounded by what has been summed and what is left.
    counts = np.arange(40)
    part = spectrum(risk.frequencies, size, counts)
    misfits = np.array([profile("exponential:2", 10).at(int(count)) for count in counts])
    head = float(misfits @ part.mass)
    assert head <= found + 1e-12
    assert found <= head + misfits[-1] * (1 - part.mass.sum()) + 1e-12


@pytest.mark.parametrize("learner", ["optimal", "ignore:2", "limited:0.4", "exponential:1", "flip:0.2"])
def test_memorization_score_is_what_one_example_more_gains(learner: str) -> None:
    found = profile(learner, 10)
    gains = [found.memorization(times) for times in range(1, 60)]
    assert math.fsum(gains) == pytest.approx(0.9 - found.at(59), abs=1e-12)
    if learner == "limited:0.4":
        assert gains[0] == pytest.approx(0.4)
    if learner == "optimal":
        assert gains[0] == pytest.approx(0.9) and max(map(abs, gains[1:])) == 0


@pytest.mark.parametrize(
    "learner",
    [
        "best", "optimal:1", "ignore", "ignore:0", "ignore:1.5", "flip:1.1", "limited:0.95", "exponential:-1",
        "exponential:1e-5", "majority:0.05", "majority:2", "randomized_response:inf",
    ],
)  # fmt: skip
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


@pytest.mark.parametrize("label_keep", [0.1, 0.5, 0.9])
def test_two_labels_are_binomial(label_keep: float) -> None:
    found = plurality_errors(2, label_keep)
    times = np.arange(len(found))
    truth = (1 + label_keep) / 2
    expected = binom.cdf(np.ceil(times / 2) - 1, times, truth) + np.where(
        times % 2 == 0, binom.pmf(times // 2, times, truth) / 2, 0
    )
    assert np.allclose(found, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("labels", "label_keep", "times"), [(10, 0.2, 60), (10, 0.5, 12), (100, 0.1, 90)])
def test_against_drawn_votes(labels: int, label_keep: float, times: int) -> None:
    rng = np.random.default_rng(3)
    chances = np.full(labels, (1 - label_keep) / labels)
    chances[0] += label_keep
    counts = rng.multinomial(times, chances, size=40000)
    wrong = np.argmax(counts + 0.5 * rng.random(counts.shape), axis=1) != 0
    error = wrong.std() / np.sqrt(len(wrong))
    assert abs(wrong.mean() - plurality_errors(labels, label_keep)[times]) < 4 * error


@pytest.mark.parametrize(
    ("labels", "label_keep"), [(10, 0.1), (100, 0.1), (1000, 0.1), (1000, 0.9999), (3, 0.999)]
)
def test_extremes_fall_to_nothing(labels: int, label_keep: float) -> None:
    found = plurality_errors(labels, label_keep)
    assert np.isfinite(found).all() and found[0] == 1 - 1 / labels
    assert np.all(np.diff(found) < 1e-11), "more votes never hurt"
    assert found[-1] < NEGLIGIBLE + 1e-11
    # Two votes are worth no more than one: where they differ, the tie is broken at random.
    assert found[1] == pytest.approx((1 - label_keep) * (1 - 1 / labels), abs=1e-12)
    assert found[2] == pytest.approx(found[1], abs=1e-12)
    assert plurality_errors(labels, 1.0).tolist() == [1 - 1 / labels], "labels without noise"
