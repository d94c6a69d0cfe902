"""Accuracy and margin of every pair class: what a learner does, in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from memgen.relational.arguments import Floats
from memgen.relational.hierarchy import PAIR_CLASSES, Hierarchy
from memgen.relational.pairs import Pairs, right_answers
from memgen.relational.ranks import Exceptions, memorization_weight, ranks


@dataclass(frozen=True)
class Behaviour:
    """What a learner does on the pairs of one class.

    Parameters
    ----------
    pairs : int
        Number of pairs.
    accuracy : array (...) or None
        Share answered right, in truth's direction; None where there is no truth (class `loop`).
    margin : array (...)
        Mean margin in the direction of the truth; without truth, in that of the chain.
    lowest_margin : array (...)
        The lowest of them.
    """

    pairs: int
    accuracy: Floats | None
    margin: Floats
    lowest_margin: Floats


def phase(
    n: int, exceptions: Exceptions = (), alpha: ArrayLike = 0.0, ridge: ArrayLike = 0.0
) -> dict[str, Behaviour]:
    """Accuracy and mean margin of every pair class that the hierarchy has.

    Parameters
    ----------
    n, exceptions, alpha, ridge
        As for `ranks`, exceptions as an iterable of pairs.

    Returns
    -------
    dict of str to Behaviour
        By class, in the order of `hierarchy.PAIR_CLASSES`; arrays of the shape of alpha and ridge.

    Raises
    ------
    BadInput
        If an argument is out of its range.

    Notes
    -----
    Theory: Task (classes and truth), Solution (margins). A margin of zero is answered right half the time.

    Examples
    --------
    >>> phase(9, [(5, 3)], alpha=[0.2, 0.5])["cross"].accuracy.round(3)
    array([1.   , 0.889])
    """
    hierarchy = Hierarchy.of(n, exceptions)
    profile = ranks(hierarchy.n, hierarchy.exceptions, alpha, ridge)
    return behaviour(Pairs.of(hierarchy), profile, memorization_weight(alpha, ridge))


def behaviour(pairs: Pairs, profile: Floats, weight: Floats) -> dict[str, Behaviour]:
    """`phase` of ranks that are known: profile (..., n), memorization weight (...)."""
    predicted = pairs.margins(profile, weight)
    scored = np.where(pairs.truth == 0, 1, pairs.truth) * predicted
    right = right_answers(scored)
    found = {}
    for name in PAIR_CLASSES:
        chosen = pairs.classes == name
        if chosen.any():
            accuracy = None if name == "loop" else right[..., chosen].mean(axis=-1)
            of_class = scored[..., chosen]
            mean, lowest = of_class.mean(axis=-1), of_class.min(axis=-1)
            found[name] = Behaviour(int(chosen.sum()), accuracy, mean, lowest)
    return found
