"""Drawing samples, and running learners on them, in compiled loops.

The truth of every point is called label 0: the labels are uniform and no learner here prefers one, so this
renaming changes no distribution. A learner's answer to a point is worked out from the point's examples and
one uniform number, the same number for all learners of a sample: their errors are each drawn from the
right distribution, and their differences are far less noisy than with separate numbers. Learners are
mechanisms here; no closed form is used.
"""

import numpy as np
from numba import njit

from memgen.longtail.priors import Floats, Integers

# Points drawn more often than this on average are cheaper to draw by a binomial each.
_OFTEN = 8


@njit(cache=True)
def alias_table(weights: Floats) -> Floats:
    """Walker's alias table: drawing from any distribution takes one uniform number and one look-up.

    Of N non-negative weights; shape (N, 3): chance of leaving a cell, the cell itself, and where to go when
    leaving it. Vose's version (1991), linear in N.
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
    table = np.empty((n, 3))
    for i in range(n):
        table[i, 0], table[i, 1], table[i, 2] = 1 - threshold[i], i, alias[i]
    return table


@njit(cache=True)
def _scatter(uniform: Floats, table: Floats, counts: Integers, first: int) -> None:
    """Count one draw per uniform number among the points from `first` on."""
    cells = len(table)
    for number in uniform:
        position = number * cells
        cell = int(position)
        # 0 to stay, 1 to leave: a look-up, since a branch would be mispredicted every other time.
        leaves = int(position - cell + table[cell, 0])
        counts[first + int(table[cell, 1 + leaves])] += 1


class Sampler:
    """Draws samples of n points as counts, exactly multinomial; frequencies may have any order.

    The few points that are drawn often get their counts from one multinomial draw, the many that are drawn
    seldom one by one from an alias table: each part in the way that is cheap for it.
    """

    def __init__(self, frequency: Floats, samples: int) -> None:
        self.samples, self.domain = samples, len(frequency)
        self._order = None
        if np.any(np.diff(frequency) > 0):
            self._order = np.argsort(-frequency, kind="stable")
            frequency = frequency[self._order]
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
            _scatter(rng.random(left), self._table, counts, self.head)
        if self._order is None:
            return counts
        given = np.empty_like(counts)
        given[self._order] = counts
        return given


@njit(cache=True)
def split(counts: Integers, uniform: Floats, frequency: Floats, labels: int) -> tuple[Integers, float, int]:
    """Points that one sample holds, frequency of the others that are guessed wrong, number of singletons.

    All learners guess alike the points that the sample does not hold. Of each point, shape (N,): `counts` is
    the multiplicity, `uniform` the uniform number.
    """
    seen = np.empty(len(counts), np.int32)
    held, error, singletons = 0, 0.0, 0
    # Arithmetic instead of branches: which points are seen is hard to predict.
    for point in range(len(counts)):
        absent = counts[point] == 0
        seen[held] = point
        held += not absent
        singletons += counts[point] == 1
        error += frequency[point] * (absent & (int(uniform[point] * labels) != 0))
    return seen[:held], error, singletons


@njit(cache=True)
def learn_clean(
    seen: Integers,
    counts: Integers,
    uniform: Floats,
    frequency: Floats,
    labels: int,
    keep: Floats,
    offset: Integers,
    errors: Floats,
    misfits: Integers,
) -> None:
    """Run J learners on the seen points of one sample with clean labels.

    A point seen l times is answered by its label with probability keep[j, l]; else by a label drawn
    uniformly, from all labels where offset[j, l] is 0 and from the wrong ones where it is 1. Multiplicities
    beyond the last are like the last. The frequency of the points that a learner gets wrong is added to
    `errors`, shape (J,), the number of singletons that it gets wrong to `misfits`, shape (J,).
    """
    learners, longest = keep.shape
    held = len(seen)
    times, u, f = np.empty(held, np.int32), np.empty(held), np.empty(held)
    for k in range(held):
        point = seen[k]
        times[k], u[k], f[k] = min(counts[point], longest - 1), uniform[point], frequency[point]
    for j in range(learners):
        if keep[j, 1:].min() == 1:
            continue
        error, misfit = 0.0, 0
        for k in range(held):
            count = times[k]
            kept, first = keep[j, count], offset[j, count]
            drawn = first + int((u[k] - kept) / (1 - kept + 1e-300) * (labels - first))
            label = 0 if u[k] < kept else drawn
            error += f[k] * (label != 0)
            misfit += (count == 1) & (label != 0)
        errors[j] += error
        misfits[j] += misfit


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
def learn_noisy(
    seen: Integers,
    label_uniform: Floats,
    counts: Integers,
    uniform: Floats,
    frequency: Floats,
    labels: int,
    label_keep: float,
    ignore: Integers,
    errors: Floats,
    misfits: Integers,
) -> None:
    """Run plurality votes on the seen points of a sample whose labels are noisy.

    A label is kept with probability `label_keep`, else drawn uniformly. Parameters are those of
    `learn_clean`, with `label_uniform` for the labels of the examples, of which the first sum(counts) are
    used, and `ignore`, shape (J,): 1 for a learner that guesses singletons. Errors are against the truth; a
    singleton is misfit where the answer is not its observed label.
    """
    votes = np.zeros(labels, np.int64)
    scale = labels / (1 - label_keep) if label_keep < 1 else 0.0
    example = 0
    for point in seen:
        count, u = counts[point], uniform[point]
        vote = 0
        if count == 1:
            vote = max(0, min(int((label_uniform[example] - label_keep) * scale), labels - 1))
        else:
            votes[:] = 0
            right = 0
            for number in label_uniform[example : example + count]:
                label = max(0, min(int((number - label_keep) * scale), labels - 1))
                right += label == 0
                votes[label] += 1
            if 2 * right <= count:
                vote = _plurality(votes, u)
        example += count
        for j in range(len(ignore)):
            answer = int(u * labels) if count == 1 and ignore[j] else vote
            errors[j] += frequency[point] * (answer != 0)
            misfits[j] += count == 1 and answer != vote
