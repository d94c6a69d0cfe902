"""What each learner does with a point, step by step: keep its label, or draw another one.

Learners are random mechanisms on the label counts of a point here; no closed form is used.
"""

import math
from collections.abc import Sequence

import numpy as np

from memgen.longtail.priors import Floats, Integers
from memgen.longtail.specs import Spec


def _longest(spec: Spec, labels: int) -> int:
    """Multiplicity from which the mechanism no longer changes."""
    value = spec.parameter or 0.0
    if spec.kind == "ignore":
        return int(value) + 1
    if spec.kind == "exponential" and value > 0:
        return math.ceil(2 / value * math.log(labels * 1e17))
    return 2


def mechanisms(specs: Sequence[Spec], labels: int, track: int) -> tuple[Floats, Integers]:
    """Chance of keeping a point's label, and what is drawn otherwise, by learner and multiplicity.

    Parameters
    ----------
    specs : sequence of Spec
        Learners of clean labels.
    labels : int
        Number of labels m.
    track : int
        Largest multiplicity that must have a column of its own.

    Returns
    -------
    keep : numpy.ndarray, shape (learners, L)
        Probability that the label of a point seen l times is given.
    offset : numpy.ndarray of int, shape (learners, L)
        Otherwise a label is drawn uniformly: from all m where this is 0, from the m - 1 wrong ones where
        it is 1. Multiplicities from L on are like the last.

    Notes
    -----
    ``limited`` remembers a singleton with probability limit m / (m - 1) and else guesses, so that it fits
    with probability 1/m + limit. ``exponential`` draws a label in proportion to exp(eps count / 2): the
    truth has weight exp(eps l / 2), every other label 1. Source: memorization, part A.
    """
    length = 1 + max([track + 1, *(_longest(spec, labels) for spec in specs)])
    keep = np.ones((len(specs), length))
    offset = np.zeros((len(specs), length), np.int64)
    multiplicity = np.arange(length)
    for j, spec in enumerate(specs):
        value = spec.parameter or 0.0
        if spec.kind == "ignore":
            keep[j] = multiplicity > value
        elif spec.kind == "flip":
            keep[j], offset[j] = 1 - value, 1
        elif spec.kind == "limited":
            keep[j, 1] = min(1.0, value * labels / (labels - 1))
        elif spec.kind == "exponential":
            keep[j], offset[j] = 1 / (1 + (labels - 1) * np.exp(-value / 2 * multiplicity)), 1
        elif spec.kind == "randomized_response":
            keep[j, 1], offset[j, 1] = 1 / (1 + (labels - 1) * math.exp(-value)), 1
    return keep, offset
