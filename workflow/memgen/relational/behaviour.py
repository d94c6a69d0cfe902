"""Every pair of a hierarchy as arrays, and what a learner does on each pair class: accuracy and margin.

The classes are those of `hierarchy`, found all at once; ranks and memorization weights come from `ranks`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memgen.relational.arguments import Floats, Integers
from memgen.relational.hierarchy import PAIR_CLASSES, Hierarchy
from memgen.relational.ranks import Exceptions, memorization_weight, ranks

TIE = 1e-12
"""A margin below this fraction of the largest one is taken for zero, and counts as half right."""


@dataclass(frozen=True)
class Pairs:
    """Every pair higher < lower of a hierarchy, as arrays (pairs,).

    Parameters
    ----------
    higher, lower : array of int
    classes : array of str
    truth : array of int
        +1 if the higher-ranked item is the right answer, -1 if the lower (an exception), 0 without truth.
    trained : array of bool
    """

    higher: Integers
    lower: Integers
    classes: NDArray[np.str_]
    truth: Integers
    trained: NDArray[np.bool_]

    @classmethod
    def of(cls, hierarchy: Hierarchy) -> Self:
        """Pairs of a hierarchy, sorted; the same classes as `Hierarchy.pair_class`, all at once."""
        higher, lower = np.triu_indices(hierarchy.n, 1)
        component = np.full(hierarchy.n, -1)
        for index, (first, last) in enumerate(hierarchy.components):
            component[first : last + 1] = index
        starts = np.cumsum(np.bincount([first for first, _ in hierarchy.components], minlength=hierarchy.n))
        ends = np.cumsum(np.bincount([last for _, last in hierarchy.components], minlength=hierarchy.n))
        exception = np.zeros((hierarchy.n, hierarchy.n), dtype=bool)
        for winner, loser in hierarchy.exceptions:
            exception[loser, winner] = True
        one, other = component[higher], component[lower]
        adjacent, excepted = lower == higher + 1, exception[higher, lower]
        classes = np.select(
            [
                adjacent,
                np.full(higher.size, not hierarchy.exceptions),
                excepted,
                (one >= 0) & (one == other),
                (one >= 0) | (other >= 0),
                ends[lower] > starts[higher],
            ],
            ["train", "test", "exception", "loop", "boundary", "cross"],
            default="within",
        )
        truth = np.where(classes == "exception", -1, np.where(classes == "loop", 0, 1))
        return cls(higher, lower, classes, truth, adjacent | excepted)

    def margins(self, profile: Floats, weight: Floats) -> Floats:
        """Prediction for every pair: array (..., pairs) from ranks (..., n) and memorization weight (...)."""
        difference = profile[..., self.higher] - profile[..., self.lower]
        own = np.asarray(weight)[..., None] * self.trained
        predictions: Floats = own * self.truth + (1.0 - own) * difference
        return predictions


def right_answers(scored: Floats) -> Floats:
    """1 where a margin (..., pairs) in truth's direction is positive, 0 where negative, 1/2 where zero."""
    level = TIE * np.abs(scored).max(axis=-1, keepdims=True)
    return np.where(scored > level, 1.0, np.where(scored < -level, 0.0, 0.5))


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
