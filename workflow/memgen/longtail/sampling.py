"""Compiled loops that draw samples and run every learner on each.

The truth of every point is called label 0: the labels are uniform and no learner here prefers one, so this
renaming changes no distribution. A learner's answer to a point is worked out from the point's label counts
and one uniform number, the same number for all learners of a repeat: their errors are each drawn from the
right distribution, and their differences are far less noisy than with separate numbers. This module knows
the learners' mechanisms and none of their closed forms.
"""

from typing import Any

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
    alias = np.arange(n)
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
def _draw(rng: Any, threshold: Floats, alias: Integers) -> int:
    """One point."""
    position = rng.random() * len(threshold)
    cell = int(position)
    return cell if position - cell < threshold[cell] else alias[cell]


@njit(cache=True)
def _answer(code: int, value: float, count: int, labels: int, u: float) -> int:
    """Label that a learner gives a point whose `count` examples all carry label 0."""
    if count == 0 or (code == 1 and count <= value):
        return int(u * labels)
    if code == 2 and u < value:  # flip
        return 1 + int(u / value * (labels - 1))
    if count == 1 and code == 3:  # limited: remember with some chance, else guess
        remember = value * labels / (labels - 1)
        return 0 if u < remember else int((u - remember) / (1 - remember) * labels)
    if code == 4:  # exponential: weights exp(value / 2 count), relative to the truth's
        other = np.exp(-value / 2 * count)
        position = u * (1 + (labels - 1) * other)
        return 0 if position < 1 else 1 + min(int((position - 1) / other), labels - 2)
    if count == 1 and code == 5:  # randomized response
        keep = 1 / (1 + (labels - 1) * np.exp(-value))
        return 0 if u < keep else 1 + min(int((u - keep) / (1 - keep) * (labels - 1)), labels - 2)
    return 0


@njit(cache=True)
def _plurality(counts: Integers, u: float) -> int:
    """Most frequent label, ties broken by a uniform number."""
    most = counts.max()
    ties = 0
    for count in counts:
        ties += count == most
    chosen = int(u * ties)
    for label in range(len(counts)):
        if counts[label] == most:
            if chosen == 0:
                return label
            chosen -= 1
    return 0


@njit(cache=True)
def run_clean(
    rng: Any,
    threshold: Floats,
    alias: Integers,
    frequency: Floats,
    group: Integers,
    groups: int,
    samples: int,
    labels: int,
    codes: Integers,
    values: Floats,
    repeats: int,
    track: int,
) -> tuple[Floats, Integers, Integers]:
    """Run learners on samples with clean labels.

    Parameters
    ----------
    rng : numpy.random.Generator
    threshold, alias : numpy.ndarray, shape (N,)
        Alias table of the frequencies.
    frequency : numpy.ndarray, shape (N,)
    group : numpy.ndarray of int, shape (N,)
        Subgroup of each point, below `groups`.
    groups, samples, labels, repeats : int
    codes, values : numpy.ndarray, shape (J,)
        Learners: code and parameter.
    track : int
        Largest multiplicity whose misfits are counted.

    Returns
    -------
    errors : numpy.ndarray, shape (repeats, J, groups)
        Frequency of the points that each learner gets wrong, by subgroup.
    misfits : numpy.ndarray of int, shape (repeats, J, track + 1)
        Points seen l times that it gets wrong.
    points : numpy.ndarray of int, shape (repeats, track + 1)
        Points seen l times.
    """
    n, learners = len(frequency), len(codes)
    errors = np.zeros((repeats, learners, groups))
    misfits = np.zeros((repeats, learners, track + 1), np.int64)
    points = np.zeros((repeats, track + 1), np.int64)
    for repeat in range(repeats):
        counts = np.zeros(n, np.int32)
        for _ in range(samples):
            counts[_draw(rng, threshold, alias)] += 1
        unseen = np.zeros(groups)
        unseen_wrong = 0
        for point in range(n):
            count = counts[point]
            u = rng.random()
            if count <= track:
                points[repeat, count] += 1
            if count == 0:
                # Every learner guesses alike here.
                if int(u * labels) != 0:
                    unseen[group[point]] += frequency[point]
                    unseen_wrong += 1
                continue
            for j in range(learners):
                if _answer(codes[j], values[j], count, labels, u) != 0:
                    errors[repeat, j, group[point]] += frequency[point]
                    if count <= track:
                        misfits[repeat, j, count] += 1
        for j in range(learners):
            misfits[repeat, j, 0] = unseen_wrong
            for g in range(groups):
                errors[repeat, j, g] += unseen[g]
    return errors, misfits, points


@njit(cache=True)
def run_noisy(
    rng: Any,
    threshold: Floats,
    alias: Integers,
    frequency: Floats,
    group: Integers,
    groups: int,
    samples: int,
    labels: int,
    codes: Integers,
    label_keep: float,
    repeats: int,
) -> tuple[Floats, Integers, Integers]:
    """Run plurality votes on samples whose labels are kept with probability `label_keep`, else uniform.

    Parameters and results are those of `run_clean`, but that misfits and points are counted for
    multiplicities 0 and 1, a singleton being misfit where the answer is not its observed label; errors are
    always against the truth.
    """
    n, learners = len(frequency), len(codes)
    errors = np.zeros((repeats, learners, groups))
    misfits = np.zeros((repeats, learners, 2), np.int64)
    points = np.zeros((repeats, 2), np.int64)
    for repeat in range(repeats):
        counts = np.zeros((n, labels), np.int32)
        seen = np.zeros(n, np.int32)
        for _ in range(samples):
            point = _draw(rng, threshold, alias)
            u = rng.random()
            label = 0 if u < label_keep else int((u - label_keep) / (1 - label_keep) * labels)
            counts[point, min(label, labels - 1)] += 1
            seen[point] += 1
        for point in range(n):
            u = rng.random()
            count = seen[point]
            guess = int(u * labels)
            vote = guess if count == 0 else _plurality(counts[point], u)
            if count <= 1:
                points[repeat, count] += 1
            for j in range(learners):
                answer = guess if count == 1 and codes[j] == 7 else vote
                if answer != 0:
                    errors[repeat, j, group[point]] += frequency[point]
                if count == 1 and counts[point, answer] == 0:
                    misfits[repeat, j, 1] += 1
                if count == 0 and answer != 0:
                    misfits[repeat, j, 0] += 1
    return errors, misfits, points
