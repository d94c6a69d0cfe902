"""Leave-one-out memorization scores of the training pairs, in closed form.

The one definition that all studies share (theory: Memorization) is how much the prediction of a training pair
gains from having been trained on it, both directions of it removed together. For kernel ridge regression that
is a gain of margin and may exceed 1. Nothing is fitted again: the hierarchy without the pair is solved by the
same circuit with one conductor taken out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from memgen.relational.circuit import circuit_of, potentials
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import Exceptions, Floats, explained, gamma, memorization_weight, ranks_at


def memorization_scores(
    n: int,
    exceptions: Exceptions = (),
    alpha: ArrayLike = 0.0,
    ridge: ArrayLike = 0.0,
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
    """Predictions f_{-t}(t) of every training pair by the learner trained without it.

    Parameters
    ----------
    n : int
    exceptions : iterable of (winner, loser) or "winner:loser"
    gamma : array_like (...)
        At least 0.

    Returns
    -------
    array (..., n - 1 + exceptions)
        Margin in the direction that wins in training; equal to 1 - (1 - b r) / (1 - b G b^T)
        (theory: Memorization).
    """
    hierarchy = Hierarchy.of(n, exceptions)
    leak = np.asarray(gamma, dtype=np.float64)
    flat = leak.ravel()
    columns = [_without_step(hierarchy, rank, flat) for rank in range(hierarchy.n - 1)]
    columns += [_without_exception(hierarchy, index, flat) for index in range(len(hierarchy.exceptions))]
    return np.stack(columns, axis=-1).reshape(*leak.shape, len(columns))


def _without_exception(hierarchy: Hierarchy, index: int, leak: Floats) -> Floats:
    pair = hierarchy.exceptions[index]
    others = hierarchy.exceptions[:index] + hierarchy.exceptions[index + 1 :]
    nodes, wires, current = circuit_of(Hierarchy(hierarchy.n, others), pair)
    found = potentials(leak, nodes, np.ones(nodes.size - 1), wires, current, False)
    winner, loser = np.searchsorted(nodes, pair)
    return found[:, winner] - found[:, loser]


def _without_step(hierarchy: Hierarchy, rank: int, leak: Floats) -> Floats:
    """Prediction of (rank, rank + 1) without that pair."""
    if any(first <= rank < last for first, last in hierarchy.components):
        nodes, wires, current = circuit_of(hierarchy, (rank, rank + 1))
        upper = int(np.searchsorted(nodes, rank))
        links = np.ones(nodes.size - 1)
        links[upper] = 0.0
        current[upper] -= 1.0
        current[upper + 1] += 1.0
        found = potentials(leak, nodes, links, wires, current, False)
        return found[:, upper] - found[:, upper + 1]
    # no loop closes over the pair: without it the chain falls into two that know nothing of each other
    last_above = _end_rank(hierarchy, 0, rank, leak, end=-1)
    first_below = _end_rank(hierarchy, rank + 1, hierarchy.n - 1, leak, end=0)
    return last_above - first_below


def _end_rank(hierarchy: Hierarchy, first: int, last: int, leak: Floats, end: int) -> Floats:
    """Rank of one end item (0 or -1) of the part of a hierarchy from `first` to `last`."""
    if first == last:
        return np.zeros(leak.shape)
    inside = [pair for pair in hierarchy.exceptions if first <= pair[1] and pair[0] <= last]
    nodes = np.array(sorted({first, last, *(rank for pair in inside for rank in pair)}), dtype=np.int64)
    wires = np.searchsorted(nodes, np.array(inside, dtype=np.int64).reshape(-1, 2)).astype(np.int64)
    current = np.zeros(nodes.size)
    current[0] += 1.0
    current[-1] -= 1.0
    np.add.at(current, wires[:, 0], 1.0)
    np.add.at(current, wires[:, 1], -1.0)
    return potentials(leak, nodes, np.ones(nodes.size - 1), wires, current, False)[:, end]
