"""Critical conjunctivity: where the pairs next to an exception, and any pair, begin to be answered wrong.

The criterion of a pair is the sign of its margin (theory: What it predicts): positive in the additive limit,
negative beyond the pair's critical gamma. *The* critical gamma of a component is that of the two items just
outside it. Only the ranks of a few items are needed, so n may be large.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from memgen.errors import BadInput
from memgen.relational.arguments import Floats
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import Exceptions, ranks_among

POINTS_PER_DECADE = 8
"""Grid in log gamma on which a change of sign is looked for before it is refined."""

LOWEST, HIGHEST = 1e-3, 1e4
"""The search runs over gamma from LOWEST / n^2 to HIGHEST (1 + number of exceptions).

Below it the chain acts as one (n kappa << 1) and the margin has its additive value; above it every
influence falls by more than 1e-3 per item, and the sign is that of the nearest one.
"""

HALVINGS = 49
"""Of an interval of log gamma, from 1/3 to less than 1e-15."""

ROUNDING = 1e-14
"""A margin below this fraction of the largest rank involved is taken for zero."""


@dataclass(frozen=True)
class Crossing:
    """Critical values of one component.

    Parameters
    ----------
    first, last : int
        Ranks of the component's ends.
    gamma, alpha : float or None
        Critical gamma and conjunctivity (gamma - 2 ridge) / (2 + gamma); if that is <= 0, every alpha is
        beyond it. None where there is no change of sign.
    """

    first: int
    last: int
    gamma: float | None
    alpha: float | None


@dataclass(frozen=True)
class PairCrossing:
    """Critical values of one untrained pair.

    Parameters
    ----------
    higher, lower : int
        The two items; the order says that the first wins.
    pair_class : str
        As `Hierarchy.pair_class` has it.
    gamma, alpha : float or None
        As of `Crossing`: beyond them the pair is answered wrong.
    """

    higher: int
    lower: int
    pair_class: str
    gamma: float | None
    alpha: float | None


def critical(n: int, exceptions: Exceptions, ridge: float = 0.0) -> tuple[Crossing, ...]:
    """Critical gamma and conjunctivity of each component of a hierarchy.

    Parameters
    ----------
    n : int
        Number of items.
    exceptions : iterable of (winner, loser) or "winner:loser"
        Exceptions, all of them present throughout.
    ridge : float, default=0
        Effective ridge at which the conjunctivity is stated.

    Returns
    -------
    tuple of Crossing
        One per component, in order; none without an exception. The first change of sign from right to wrong
        as gamma rises (with one exception there is at most one).

    Raises
    ------
    BadInput
        If the hierarchy or the ridge is out of range.

    Notes
    -----
    Theory: Critical conjunctivity. None where the component reaches an end of the chain.

    Examples
    --------
    >>> [round(crossing.alpha, 9) for crossing in critical(9, [(5, 3)])]
    [0.333333333]
    """
    hierarchy = _hierarchy(n, exceptions, ridge)
    found = []
    for first, last in hierarchy.components:
        root = None
        if first > 0 and last < hierarchy.n - 1:
            root = _root(hierarchy, [(first - 1, last + 1)])
        found.append(Crossing(first, last, root, _alpha(root, ridge)))
    return tuple(found)


def critical_pairs(
    n: int, exceptions: Exceptions, ridge: float = 0.0, pairs: Iterable[tuple[int, int]] | None = None
) -> tuple[PairCrossing, ...]:
    """Critical gamma and conjunctivity of untrained pairs, by default of those next to each exception.

    Parameters
    ----------
    n, exceptions, ridge
        As for `critical`.
    pairs : iterable of (higher, lower), optional
        By default up to three pairs for each component: the item above it and its last, its first and the
        item below it, and the items above and below.

    Returns
    -------
    tuple of PairCrossing
        Sorted by gamma, pairs without a change of sign last.

    Notes
    -----
    With one exception the first pair listed is the first of all untrained pairs to err (tried for all
    hierarchies of up to 12 items), unless the loser is item 1 or the winner item n - 2: then a pair one item
    further into the loop may err at a slightly smaller gamma.

    Examples
    --------
    >>> [(pair.higher, pair.lower, round(pair.alpha, 3)) for pair in critical_pairs(9, [(5, 3)])]
    [(2, 5, 0.131), (3, 6, 0.131), (2, 6, 0.333)]
    """
    hierarchy = _hierarchy(n, exceptions, ridge)
    if pairs is None:
        beside = [
            pair
            for first, last in hierarchy.components
            for pair in ((first - 1, last), (first, last + 1), (first - 1, last + 1))
        ]
        pairs = [(higher, lower) for higher, lower in beside if higher >= 0 and lower < hierarchy.n]
    found = []
    for higher, lower in pairs:
        name, root = hierarchy.pair_class(higher, lower), _root(hierarchy, [(higher, lower)])
        found.append(PairCrossing(higher, lower, name, root, _alpha(root, ridge)))
    return tuple(sorted(found, key=lambda pair: math.inf if pair.gamma is None else pair.gamma))


@dataclass(frozen=True)
class Balance:
    """Up to where one exception is remembered and every pair with a truth is answered right.

    Parameters
    ----------
    gamma : float or None
        Gamma at which the first untrained pair turns wrong; None where none does.
    alpha : float or None
        The conjunctivity that has this gamma without ridge.
    ridge : float or None
        The largest effective ridge with which some conjunctivity answers all pairs right.
    """

    gamma: float | None
    alpha: float | None
    ridge: float | None


def balance(n: int, winner: int, loser: int) -> Balance:
    """Where one exception is remembered and nothing else is wrong, in closed form but for one root.

    Parameters
    ----------
    n, winner, loser : int
        A hierarchy with one exception.

    Returns
    -------
    Balance

    Raises
    ------
    BadInput
        If there is no such hierarchy.

    Notes
    -----
    Own derivation. Untrained pairs are right below one gamma. A trained pair whose ranks say d in the
    direction of its target is right where m + (1 - m) d > 0; the most forgotten one needs the memorization
    weight m = -d / (1 - d). Of the learners of one gamma, that weight has the largest ridge,
    (1 - m) gamma / (2 + m gamma), which rises with gamma. Only pairs of the loop and of the two items on
    either side of it are looked at; the tests compare with every pair.

    Examples
    --------
    >>> found = balance(9, 5, 3)
    >>> [round(value, 4) for value in (found.gamma, found.alpha, found.ridge)]
    [0.3028, 0.1315, 0.1244]
    """
    hierarchy = Hierarchy.of(n, [(winner, loser)])
    above, below = range(max(0, loser - 2), loser), range(winner + 1, min(n, winner + 3))
    loop = range(loser, winner + 1)
    across = [*itertools.product(above, loop), *itertools.product([*above, *loop], below)]
    root = _root(hierarchy, [(one, other) for one, other in across if other > one + 1])
    if root is None:
        return Balance(None, None, None)
    profile = ranks_among(hierarchy, root, (*above, *loop, *below))
    first, last = len(above), len(above) + len(loop) - 1
    worst = min(0.0, float(-np.diff(profile).max()), float(profile[last] - profile[first]))
    weight = -worst / (1 - worst)
    return Balance(root, root / (2 + root), (1 - weight) * root / (2 + weight * root))


def _hierarchy(n: int, exceptions: Exceptions, ridge: float) -> Hierarchy:
    if not (math.isfinite(ridge) and ridge >= 0):
        raise BadInput(f"ridge = {ridge!r}: must be at least 0 and finite")
    return Hierarchy.of(n, exceptions)


def _alpha(gamma: float | None, ridge: float) -> float | None:
    """Conjunctivity at which gamma is reached with this ridge."""
    return None if gamma is None else (gamma - 2 * ridge) / (2 + gamma)


def _root(hierarchy: Hierarchy, pairs: Sequence[tuple[int, int]]) -> float | None:
    """Gamma at which the lowest r_above - r_below of some pairs turns negative, or None."""
    if not pairs:
        return None
    items = sorted({item for pair in pairs for item in pair})
    one, other = np.searchsorted(items, np.array(pairs).T)

    def lowest(profile: Floats) -> Floats:
        return np.asarray((profile[..., one] - profile[..., other]).min(axis=-1))

    start = math.log(LOWEST / hierarchy.n**2)
    stop = math.log(HIGHEST * (1 + len(hierarchy.exceptions)))
    grid = np.linspace(start, stop, 1 + math.ceil((stop - start) / math.log(10) * POINTS_PER_DECADE))
    ends = (0, *(item for pair in hierarchy.exceptions for item in pair))
    found = ranks_among(hierarchy, np.exp(grid), (*items, *ends))
    values = lowest(found)
    values[np.abs(values) <= ROUNDING * np.abs(found).max(axis=1)] = 0.0
    signed = np.flatnonzero(values)
    for left, right in itertools.pairwise(signed):
        if values[left] > 0 > values[right]:
            low, high = grid[left], grid[right]
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                value = lowest(ranks_among(hierarchy, math.exp(middle), items))
                low, high = (middle, high) if value > 0 else (low, middle)
            return math.exp((low + high) / 2)
    return None
