"""Plurality votes against the enumeration of all votes, the binomial, and drawn votes."""

import itertools

import numpy as np
import pytest
from scipy.stats import binom

from memgen.longtail.vote import NEGLIGIBLE, plurality_errors


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


def test_perfect_labels() -> None:
    assert plurality_errors(7, 1.0).tolist() == [1 - 1 / 7]
