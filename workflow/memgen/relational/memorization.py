"""Leave-one-out memorization scores of the training pairs, in closed form.

The one definition that all studies share (theory: Memorization) is how much the prediction of a training pair
gains from having been trained on it, both directions of it removed together. For kernel ridge regression that
is a gain of margin and may exceed 1. Nothing is fitted again: the hierarchy without the pair is solved by the
same circuit with one conductor taken out.
"""

import numpy as np
from numpy.typing import ArrayLike

from memgen.relational.arguments import Floats
from memgen.relational.circuit import circuit_of, potentials
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import Exceptions, explained, gamma, memorization_weight, ranks_at


def memorization_scores(
    n: int, exceptions: Exceptions = (), alpha: ArrayLike = 0.0, ridge: ArrayLike = 0.0
) -> Floats:
    """Memorization score y_t (f(t) - f_{-t}(t)) of every training pair.

    Parameters
    ----------
    n : int
        Number of items.
    exceptions : iterable of (winner, loser) or "winner:loser"
    alpha, ridge : array_like (...)
        Conjunctivity and effective ridge.

    Returns
    -------
    array (..., n - 1 + exceptions)
        Gain of margin, in the order of `Hierarchy.training_pairs`.

    Raises
    ------
    BadInput
        If an argument is out of range.

    Notes
    -----
    Theory: Memorization. Equal to (1 - b r) [1 / (1 - b G b^T) - (1 - m)], which is 0/0 where gamma = 0 and
    the pair is the only link between two parts of the chain; computed so that this limit is exact as well.
    """
    hierarchy = Hierarchy.of(n, exceptions)
    leak = gamma(alpha, ridge)
    weight = memorization_weight(alpha, ridge)[..., None]
    fitted = explained(hierarchy, ranks_at(n, hierarchy.exceptions, leak))
    return weight + (1.0 - weight) * fitted - left_out_predictions(n, hierarchy.exceptions, leak)


def left_out_predictions(n: int, exceptions: Exceptions, gamma: ArrayLike) -> Floats:
    """Predictions f_{-t}(t) of every training pair by the learner trained without it, for gamma (...) >= 0.

    Margins (..., n - 1 + exceptions) in the direction that wins in training, 1 - (1 - b r) / (1 - b G b^T)
    (theory: Memorization).
    """
    hierarchy = Hierarchy.of(n, exceptions)
    leak = np.asarray(gamma, dtype=np.float64)
    flat = leak.ravel()
    columns = [_without_step(hierarchy, item, flat) for item in range(hierarchy.n - 1)]
    for index, pair in enumerate(hierarchy.exceptions):
        others = hierarchy.exceptions[:index] + hierarchy.exceptions[index + 1 :]
        nodes, wires, current = circuit_of(Hierarchy(hierarchy.n, others), pair)
        found = potentials(flat, nodes, np.ones(nodes.size - 1), wires, current, False)
        winner, loser = np.searchsorted(nodes, pair)
        columns.append(found[:, winner] - found[:, loser])
    return np.stack(columns, axis=-1).reshape(*leak.shape, len(columns))


def _without_step(hierarchy: Hierarchy, item: int, leak: Floats) -> Floats:
    """Prediction of (item, item + 1) without that pair."""
    if any(first <= item < last for first, last in hierarchy.components):
        nodes, wires, current = circuit_of(hierarchy, (item, item + 1))
        upper = int(np.searchsorted(nodes, item))
        links = np.ones(nodes.size - 1)
        links[upper] = 0.0
        current[upper] -= 1.0
        current[upper + 1] += 1.0
        found = potentials(leak, nodes, links, wires, current, False)
        return found[:, upper] - found[:, upper + 1]
    # no loop closes over the pair: without it the chain falls into two that know nothing of each other
    last_above = _end_rank(hierarchy, (0, item), leak, end=-1)
    first_below = _end_rank(hierarchy, (item + 1, hierarchy.n - 1), leak, end=0)
    return last_above - first_below


def _end_rank(hierarchy: Hierarchy, part: tuple[int, int], leak: Floats, end: int) -> Floats:
    """Rank of one end item (0 or -1) of a part of a hierarchy."""
    if part[0] == part[1]:
        return np.zeros(leak.shape)
    nodes, wires, current = circuit_of(hierarchy, part=part)
    return potentials(leak, nodes, np.ones(nodes.size - 1), wires, current, False)[:, end]
