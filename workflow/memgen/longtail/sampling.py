"""Compiled loops that draw samples and run every learner on each.

The truth of every point is called label 0: the labels are uniform and no learner here prefers one, so this
renaming changes no distribution. A learner's answer to a point is worked out from the point's label counts
and one uniform number, the same number for all learners of a repeat: their errors are each drawn from the
right distribution, and their differences are far less noisy than with separate numbers. This module knows
the learners' mechanisms and none of their closed forms.
"""

import numpy as np
from numba import njit

from memgen.longtail.priors import Floats, Integers

#: Codes of the learners in the compiled loops.
CODES = {
    name: code
    for code, name in enumerate(
        (
            "optimal",
            "ignore",
            "flip",
            "limited",
            "exponential",
            "randomized_response",
            "majority",
            "majority_ignore",
        )
    )
}


# Points drawn more often than this on average are cheaper to draw by a binomial each.
_OFTEN = 8


@njit(cache=True)
def alias_table(weights: Floats) -> tuple[Floats, Integers]:
    """Walker's alias table: drawing from any distribution takes one uniform number and one look-up.

    Parameters
    ----------
    weights : numpy.ndarray, shape (N,)
        Non-negative, any sum.

    Returns
    -------
    threshold : numpy.ndarray, shape (N,)
        Chance of staying in a cell.
    alias : numpy.ndarray of int, shape (N,)
        Where to go otherwise.

    Notes
    -----
    Vose's version (1991), linear in N.
    """
    n = len(weights)
    scaled = weights * (n / weights.sum())
    threshold = np.ones(n)
    alias = np.arange(n).astype(np.int32)
    small = np.empty(n, np.int64)
    large = np.empty(n, np.int64)
    smalls, larges = 0, 0
    for i in range(n):
        if scaled[i] < 1.0:
            small[smalls] = i
            smalls += 1
        else:
            large[larges] = i
            larges += 1
    while smalls > 0 and larges > 0:
        smalls -= 1
        less = small[smalls]
        more = large[larges - 1]
        threshold[less] = scaled[less]
        alias[less] = more
        scaled[more] -= 1.0 - scaled[less]
        if scaled[more] < 1.0:
            larges -= 1
            small[smalls] = more
            smalls += 1
    return threshold, alias


@njit(cache=True)
def _scatter(uniform: Floats, threshold: Floats, alias: Integers, counts: Integers, first: int) -> None:
    """Count one draw per uniform number among the points from `first` on."""
    cells = len(threshold)
    for number in uniform:
        position = number * cells
        cell = int(position)
        counts[first + (cell if position - cell < threshold[cell] else alias[cell])] += 1


class Sampler:
    """Draws samples of a domain as counts, exactly multinomial.

    The few points that are drawn often get their counts from one multinomial draw, the many that are drawn
    seldom one by one from an alias table: each part in the way that is cheap for it.

    Parameters
    ----------
    frequency : numpy.ndarray, shape (N,)
        Frequencies, descending.
    samples : int
        Sample size n.
    """

    def __init__(self, frequency: Floats, samples: int) -> None:
        self.samples, self.domain = samples, len(frequency)
        self.head = int(np.searchsorted(-frequency, -_OFTEN / samples))
        total = float(frequency.sum())
        tail = frequency[self.head :]
        self._head = np.append(frequency[: self.head], tail.sum()) / total
        self._table = alias_table(tail) if tail.sum() > 0 else None

    def counts(self, rng: np.random.Generator) -> Integers:
        """Number of times that each point is drawn, shape (N,)."""
        counts = np.zeros(self.domain, np.int32)
        left = self.samples
        if self.head:
            drawn = rng.multinomial(self.samples, self._head)
            counts[: self.head], left = drawn[:-1], int(drawn[-1])
        if left and self._table is not None:
            _scatter(rng.random(left), *self._table, counts, self.head)
        return counts


@njit(cache=True)
def _answer(code: int, value: float, other: float, count: int, labels: int, u: float) -> int:
    """Label that a learner gives a point whose `count` >= 1 examples all carry label 0.

    `other` is the weight exp(-value count / 2) of any other label, which only code 4 uses.
    """
    if code == 1 and count <= value:  # ignore
        return int(u * labels)
    if code == 2 and u < value:  # flip
        return 1 + min(int(u / value * (labels - 1)), labels - 2)
    if code == 3 and count == 1:  # limited: remember with some chance, else guess
        remember = value * labels / (labels - 1)
        return 0 if u < remember else int((u - remember) / (1 - remember) * labels)
    if code == 4:  # exponential
        position = u * (1 + (labels - 1) * other)
        return 0 if position < 1 else 1 + min(int((position - 1) / other), labels - 2)
    if code == 5 and count == 1:  # randomized response
        keep = 1 / (1 + (labels - 1) * other * other)
        return 0 if u < keep else 1 + min(int((u - keep) / (1 - keep) * (labels - 1)), labels - 2)
    return 0


@njit(cache=True)
def _plurality(votes: Integers, u: float) -> int:
    """Most frequent label, ties broken by a uniform number."""
    most = votes.max()
    ties = 0
    for count in votes:
        ties += count == most
    chosen = int(u * ties)
    for label in range(len(votes)):
        if votes[label] == most:
            if chosen == 0:
                return label
            chosen -= 1
    return 0


@njit(cache=True)
def other_weights(codes: Integers, values: Floats, longest: int) -> Floats:
    """Weights exp(-value count / 2), shape (J, longest), of the two learners that draw by weight."""
    weights = np.ones((len(codes), longest))
    for j in range(len(codes)):
        if codes[j] == 4 or codes[j] == 5:
            for count in range(longest):
                weights[j, count] = np.exp(-values[j] / 2 * count)
    return weights


@njit(cache=True)
def learn_clean(
    counts: Integers,
    uniform: Floats,
    frequency: Floats,
    group: Integers,
    labels: int,
    codes: Integers,
    values: Floats,
    weights: Floats,
    errors: Floats,
    misfits: Integers,
) -> None:
    """Run learners on one sample with clean labels.

    Parameters
    ----------
    counts : numpy.ndarray of int, shape (N,)
        Multiplicity of each point.
    uniform : numpy.ndarray, shape (N,)
        One uniform number per point.
    frequency, group : numpy.ndarray, shape (N,)
        Frequency and subgroup of each point.
    labels : int
    codes, values : numpy.ndarray, shape (J,)
        Learners: code and parameter.
    weights : numpy.ndarray, shape (J, longest)
        See `other_weights`; beyond them the weight is computed.
    errors : numpy.ndarray, shape (J, groups)
        Added to: frequency of the points that each learner gets wrong.
    misfits : numpy.ndarray of int, shape (J, track + 1)
        Added to: points seen l times that it gets wrong.
    """
    learners, longest, tracked = len(codes), weights.shape[1], misfits.shape[1]
    # Points seen first, so that the loops below have no branch that is hard to predict.
    seen = np.empty(len(counts), np.int32)
    found = 0
    for point in range(len(counts)):
        seen[found] = point
        found += counts[point] > 0
    for j in range(learners):
        if codes[j] == 0:
            continue
        for point in seen[:found]:
            count = counts[point]
            other = weights[j, count] if count < longest else np.exp(-values[j] / 2 * count)
            if _answer(codes[j], values[j], other, count, labels, uniform[point]) != 0:
                errors[j, group[point]] += frequency[point]
                if count < tracked:
                    misfits[j, count] += 1
    # Every learner guesses unseen points alike.
    unseen, wrong = np.zeros(errors.shape[1]), 0
    for point in range(len(counts)):
        if counts[point] == 0 and int(uniform[point] * labels) != 0:
            unseen[group[point]] += frequency[point]
            wrong += 1
    for j in range(learners):
        misfits[j, 0] += wrong
        errors[j] += unseen


@njit(cache=True)
def learn_noisy(
    counts: Integers,
    uniform: Floats,
    label_uniform: Floats,
    frequency: Floats,
    group: Integers,
    labels: int,
    codes: Integers,
    label_keep: float,
    errors: Floats,
    misfits: Integers,
) -> None:
    """Run plurality votes on one sample whose labels are kept with probability `label_keep`, else uniform.

    Parameters are those of `learn_clean`, with `label_uniform`, shape (n,), for the labels of the examples.
    Errors are against the truth; a singleton is misfit where the answer is not its observed label.
    """
    votes = np.zeros(labels, np.int64)
    scale = labels / (1 - label_keep) if label_keep < 1 else 0.0
    example = 0
    for point in range(len(counts)):
        count, u = counts[point], uniform[point]
        guess = int(u * labels)
        vote = guess
        if count > 0:
            votes[:] = 0
            for number in label_uniform[example : example + count]:
                vote = max(0, min(int((number - label_keep) * scale), labels - 1))
                votes[vote] += 1
            example += count
            if count > 1:
                vote = 0 if 2 * votes[0] > count else _plurality(votes, u)
        for j in range(len(codes)):
            answer = guess if count == 1 and codes[j] == 7 else vote
            if answer != 0:
                errors[j, group[point]] += frequency[point]
            if (count == 1 and answer != vote) or (count == 0 and answer != 0):
                misfits[j, count] += 1


@njit(cache=True)
def tally(counts: Integers, points: Integers) -> None:
    """Add to `points`, shape (track + 1,), the number of points seen l times."""
    for count in counts:
        if count < len(points):
            points[count] += 1
