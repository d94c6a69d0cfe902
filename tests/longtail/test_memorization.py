"""Memorization scores against training again with and without an example."""

import itertools

import numpy as np
import pytest

from memgen.errors import BadInput
from memgen.jobs.seeding import generator
from memgen.longtail.classifiers import CLOSED_FORMS
from memgen.longtail.configuration import Network
from memgen.longtail.memorization import expected_gain, leave_one_out, subsampled, subsamples
from memgen.longtail.networks import network_scores

TRAINING = Network(settings=(), hidden=4, steps=15, learning_rate=0.05)
LABELS = 3


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = generator("retraining")
    centres = rng.standard_normal((8, 10))
    cluster = rng.integers(0, 8, 20)
    return centres[cluster] + 0.3 * rng.standard_normal((20, 10)), rng.integers(0, LABELS, 8)[cluster]


def scores_of(learner: str, setting: float, used: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Scores of a learner trained on the examples that are used; the ridge has the units of these."""
    if learner == "network":
        return network_scores(x, y, LABELS, used[None].astype(float), np.array([setting]), x, TRAINING, 3)[0]
    return CLOSED_FORMS[learner](x[used], y[used], LABELS, np.array([setting]), x)[0]


def test_subsamples_have_one_size_and_leave_out_evenly() -> None:
    used = subsamples(30, 21, 40, generator("subsamples"))
    assert (used.sum(axis=1) == 21).all()
    held = used.sum(axis=0)
    assert held.sum() == 40 * 21 and np.abs(held - 28).max() <= 1
    assert len({tuple(row) for row in used}) == 40
    with pytest.raises(BadInput, match="more subsamples"):
        subsamples(30, 29, 3, generator("few"))


@pytest.mark.parametrize(("learner", "settings"), [("ridge", [0.05, 3.0]), ("neighbours", [1.0, 3.0])])
def test_leaving_one_out_is_training_again(learner: str, settings: list[float]) -> None:
    x, y = data()
    found = leave_one_out(learner, np.array(settings), x, y, LABELS)
    assert (found.margin_gain is not None) == (learner == "ridge")
    scale = (x**2).sum() / len(x)
    for place in range(len(x)):
        others = np.arange(len(x)) != place
        for index, setting in enumerate(settings):
            margins = []
            for chosen, gains in ((np.ones(len(x), bool), found.with_it), (others, found.without_it)):
                # The ridge keeps its size: it is in units of all examples' mean squared length.
                unit = scale / ((x[chosen] ** 2).sum() / chosen.sum()) if learner == "ridge" else 1
                scores = scores_of(learner, setting * unit, chosen, x, y)[place]
                assert gains[index, place] == (scores.argmax() == y[place])
                margins.append(scores[y[place]] - np.delete(scores, y[place]).mean())
            if found.margin_gain is not None:
                gain = margins[0] - margins[1]
                assert found.margin_gain[index, place] == pytest.approx(gain, abs=1e-9)


@pytest.mark.parametrize(
    ("learner", "settings"), [("ridge", [0.05, 3.0]), ("neighbours", [1.0, 3.0]), ("network", [0.0, 0.1])]
)
def test_subsampled_scores_are_means_over_retrained_learners(learner: str, settings: list[float]) -> None:
    x, y = data()
    used = subsamples(20, 14, 8, generator("used", learner))
    found = subsampled(learner, np.array(settings), x, y, LABELS, used, TRAINING, 3)
    for index, setting in enumerate(settings):
        right = [scores_of(learner, setting, row == 1, x, y).argmax(axis=1) == y for row in used]
        for place in range(20):
            inside = used[:, place] == 1
            values = np.array(right)[:, place]
            assert found.with_it[index, place] == pytest.approx(values[inside].mean())
            assert found.without_it[index, place] == pytest.approx(values[~inside].mean())


@pytest.mark.parametrize("size", [3, 5, 7])
def test_expected_gain_counts_subsamples(size: int) -> None:
    """Over all subsamples of 8 examples: a learner that fits what it saw, and guesses the other clusters."""
    cluster = np.array([0, 1, 1, 2, 2, 2, 3, 3])
    counts = np.bincount(cluster)[cluster]
    labels = 5
    found = expected_gain(counts, 8, size, labels)
    for place in range(8):
        chances: dict[bool, list[float]] = {True: [], False: []}
        for chosen in itertools.combinations(range(8), size):
            seen = cluster[place] in cluster[list(chosen)]
            chances[place in chosen].append(1.0 if seen else 1 / labels)
        assert found[place] == pytest.approx(np.mean(chances[True]) - np.mean(chances[False]), abs=1e-12)
