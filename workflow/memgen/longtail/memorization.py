"""Memorization scores of training examples: by retraining on random subsamples, and by leaving each one out.

mem(A, S, i) = Pr[h(x_i) = y_i] with example i in training, minus the same without it. Subsampling estimates
both chances at once from learners trained on random subsamples of S, as Feldman and Zhang (2020) do: what
is scored is then the learner on samples of that size. Leaving one out is exact for S itself, where the
learner has a closed form. Arguments are those of `memgen.longtail.classifiers`; settings are ridges, numbers
of neighbours or weight decays.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from memgen.errors import BadInput
from memgen.jobs.stage import progress
from memgen.longtail.classifiers import CLOSED_FORMS, neighbour_scores, ridge_left_out_scores
from memgen.longtail.configuration import Network
from memgen.longtail.priors import Floats, Integers


@dataclass(frozen=True)
class Gains:
    """What each example gains from being in training, at each setting; all of shape (settings, n)."""

    with_it: Floats  # chance that its label is given when trained on it
    without_it: Floats  # the same when not trained on it
    margin_gain: Floats | None  # gain of margin; ridge only, where the targets' margin is 1


def _right(scores: Floats, y: Integers) -> Floats:
    """1 where the label is given, else 0, shape (settings, n)."""
    return np.asarray(scores.argmax(axis=2) == y, dtype=np.float64)


def _margins(scores: Floats, y: Integers) -> Floats:
    """Score of the label minus the mean of the others, shape (settings, n)."""
    labels = scores.shape[2]
    own = np.take_along_axis(scores, y[None, :, None], axis=2)[:, :, 0]
    return np.asarray((own * labels - scores.sum(axis=2)) / (labels - 1))


def leave_one_out(learner: str, settings: Floats, x: Floats, y: Integers, labels: int) -> Gains:
    """Gains of every example by ridge or neighbours, all others being in training; each chance is 0 or 1."""
    if learner == "ridge":
        fitted, left_out = ridge_left_out_scores(x, y, labels, settings)
        return Gains(_right(fitted, y), _right(left_out, y), _margins(fitted, y) - _margins(left_out, y))
    fitted = neighbour_scores(x, y, labels, settings, x)
    left_out = neighbour_scores(x, y, labels, settings, x, own=np.arange(len(x)))
    return Gains(_right(fitted, y), _right(left_out, y), None)


def subsamples(samples: int, size: int, count: int, rng: np.random.Generator) -> Floats:
    """Random subsamples of one size, shape (count, samples), 1 where an example is in.

    Every example is left out equally often, give or take once; too few subsamples for that are refused.
    """
    used = np.ones((count, samples))
    times_out = np.zeros(samples)
    for row in used:
        # Those that were left out least often, in random order among equals.
        chosen = np.lexsort((rng.random(samples), times_out))[: samples - size]
        row[chosen] = 0
        times_out[chosen] += 1
    share = used.mean(axis=0)
    if share.min() == 0 or share.max() == 1:
        raise BadInput(
            f"{count} subsamples of {size} of {samples} examples never leave out, or never hold, some "
            "example; allowed: more subsamples"
        )
    return used


def subsampled(
    learner: str,
    settings: Floats,
    x: Floats,
    y: Integers,
    labels: int,
    used: Floats,
    training: Network,
    seed: int,
) -> Gains:
    """Gains of every example by ridge, neighbours or network, trained on random subsamples.

    The subsamples `used` are those of `subsamples`; all networks start from the same weights.
    """
    right = np.empty((len(used), len(settings), len(x)))
    margins = np.empty_like(right)
    if learner == "network":
        from memgen.longtail.networks import network_scores

        for index, value in enumerate(settings):
            decays = np.full(len(used), value)
            right[:, index] = _right(network_scores(x, y, labels, used, decays, x, training, seed), y)
    else:
        for index, row in enumerate(progress(used, f"retraining {learner}", total=len(used))):
            chosen = row == 1
            scores = CLOSED_FORMS[learner](x[chosen], y[chosen], labels, settings, x)
            right[index], margins[index] = _right(scores, y), _margins(scores, y)
    inside, outside = used / used.sum(axis=0), (1 - used) / (1 - used).sum(axis=0)
    gain = np.einsum("tn,tsn->sn", inside - outside, margins) if learner == "ridge" else None
    return Gains(np.einsum("tn,tsn->sn", inside, right), np.einsum("tn,tsn->sn", outside, right), gain)


def expected_gain(multiplicity: Integers, samples: int, size: int, labels: int) -> Floats:
    """Gain of a learner that gives every example its label and guesses clusters that it has not seen.

    Without one of l examples of its cluster, the cluster is unseen where the other l - 1 are left out as
    well: the gain is (1 - 1/m) C(n - l, k) / C(n - 1, k), in the shape of `multiplicity`, for sample size n
    and subsamples of size k; leaving one out, k = n - 1.
    """
    others = np.asarray(multiplicity, dtype=np.float64) - 1
    room = samples - 1.0 - others - size
    possible = room >= 0
    free = np.where(possible, room, 0.0)
    logs = (gammaln(samples - others) - gammaln(samples)) + (gammaln(samples - size) - gammaln(free + 1))
    return np.where(possible, (1 - 1 / labels) * np.exp(logs), 0.0)
