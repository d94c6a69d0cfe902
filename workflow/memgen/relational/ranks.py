"""Exact ranks, margins and dual weights of transitive inference with exceptions.

Knows the solution of kernel ridge regression with an exchangeable kernel (theory: Solution): representation
and regularization enter through one number, gamma, and the memorization weight m. Works from n, the
exceptions, conjunctivity and ridge alone and never forms an n x n matrix: the ranks are potentials of a
circuit, which `memgen.relational.network` solves exactly for any number of exceptions. Knows nothing about
where a conjunctivity comes from (`kernels`) or which pairs make a class (`hierarchy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memgen.errors import BadInput
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.network import potentials

Floats: TypeAlias = NDArray[np.float64]
Exceptions: TypeAlias = Iterable[Sequence[int]] | NDArray[np.integer]


def gamma(alpha: ArrayLike, ridge: ArrayLike = 0.0) -> Floats:
    """The one number that fixes all generalization, gamma = 2 (alpha + ridge) / (1 - alpha).

    Parameters
    ----------
    alpha : array_like (...)
        Conjunctivity, < 1. A measured one may be negative if the ridge outweighs it.
    ridge : array_like (...), default=0
        Effective ridge, raw ridge / (k_same - k_reversed), >= 0.

    Returns
    -------
    array (...)

    Raises
    ------
    BadInput
        If alpha >= 1, ridge < 0, alpha + ridge < 0 or a number is not finite.

    Notes
    -----
    Theory: Solution.
    """
    conjunctivity, effective = _checked(alpha, ridge)
    return 2.0 * (conjunctivity + effective) / (1.0 - conjunctivity)


def decay(gamma: ArrayLike) -> Floats:
    """Decay kappa per item of an influence along the chain, 2 asinh(sqrt(gamma) / 2).

    Parameters
    ----------
    gamma : array_like (...)
        At least 0.

    Returns
    -------
    array (...)
        kappa of 2 cosh(kappa) = 2 + gamma (theory: Solution, Numerically).
    """
    return 2.0 * np.arcsinh(0.5 * np.sqrt(_checked_gamma(gamma)))


def memorization_weight(alpha: ArrayLike, ridge: ArrayLike = 0.0) -> Floats:
    """Weight m = alpha / (alpha + ridge) of its own target in the prediction of a trained pair.

    Parameters
    ----------
    alpha, ridge : array_like (...)
        As for `gamma`.

    Returns
    -------
    array (...)
        0 by convention where alpha = ridge = 0 (alpha -> 0 first; theory: Solution).
    """
    conjunctivity, effective = _checked(alpha, ridge)
    total = conjunctivity + effective
    return np.where(total > 0, conjunctivity / np.where(total > 0, total, 1.0), 0.0)


def ranks(n: int, exceptions: Exceptions = (), alpha: ArrayLike = 0.0, ridge: ArrayLike = 0.0) -> Floats:
    """Ranks r = (L + gamma I)^-1 B^T 1 that the learner gives to the items.

    Parameters
    ----------
    n : int
        Number of items, >= 3.
    exceptions : iterable of (winner, loser), or array of int (..., exceptions, 2)
        Exceptions to the chain, ranks from 0; the array form broadcasts against alpha and ridge.
    alpha, ridge : array_like (...)
        Conjunctivity and effective ridge, as for `gamma`.

    Returns
    -------
    array (..., n)
        Rank of every item, highest for the item that wins; they sum to zero. An untrained pair (i, j) is
        predicted with the margin r_i - r_j.

    Raises
    ------
    BadInput
        If an argument is out of its range.

    Notes ----- Theory: Solution. Good to 1e-12 of the largest rank of the chain alone for n up to 1e6 and
    gamma from 0 (the limit) to 1e12. Time and memory are linear in n.

    Examples
    --------
    >>> ranks(9, [(5, 3)], alpha=1 / 3).round(12) + 0.0
    array([ 0.6,  0.2,  0. , -0.2,  0. ,  0.2,  0. , -0.2, -0.6])
    """
    return ranks_at(n, exceptions, gamma(alpha, ridge))


def ranks_at(n: int, exceptions: Exceptions, gamma: ArrayLike) -> Floats:
    """Ranks at a given gamma: `ranks` for every (alpha, ridge) that share it.

    Parameters
    ----------
    n, exceptions
        As for `ranks`.
    gamma : array_like (...)
        At least 0; 0 gives the additive, ridgeless limit.

    Returns
    -------
    array (..., n)
    """
    leak = _checked_gamma(gamma)
    stacked = _stacked(exceptions)
    if stacked is None:
        return _ranks_of(Hierarchy(n, tuple(exceptions)), leak)  # type: ignore[arg-type]
    shape = np.broadcast_shapes(leak.shape, stacked.shape[:-2])
    leak = np.broadcast_to(leak, shape).ravel()
    rows = np.broadcast_to(stacked, (*shape, *stacked.shape[-2:])).reshape(leak.size, -1)
    kinds, members = np.unique(rows, axis=0, return_inverse=True)
    out = np.empty((leak.size, n))
    for kind, row in enumerate(kinds):
        chosen = np.flatnonzero(members.ravel() == kind)
        out[chosen] = _ranks_of(Hierarchy(n, row.reshape(-1, 2).tolist()), leak[chosen])
    return out.reshape(*shape, n)


def dipole(n: int, first: int, second: int, gamma: ArrayLike) -> Floats:
    """Column G (e_first - e_second) of the chain alone, the pattern that one pair adds to the ranks.

    Parameters
    ----------
    n : int
        Number of items.
    first, second : int
        Ranks; in either order.
    gamma : array_like (...)
        At least 0.

    Returns
    -------
    array (..., n)

    Notes
    -----
    Theory: Closed form. With s of `strengths`, ranks are dipole(0, n - 1) plus, for each exception,
    s * dipole(winner, loser).
    """
    chain = Hierarchy(n)
    if first == second or not (0 <= first < chain.n and 0 <= second < chain.n):
        raise BadInput(f"dipole {first}, {second}: must be two different ranks of 0 to {chain.n - 1}")
    leak = _checked_gamma(gamma)
    nodes = np.array(sorted({0, chain.n - 1, first, second}), dtype=np.int64)
    current = (nodes == first).astype(float) - (nodes == second)
    wires = np.empty((0, 2), dtype=np.int64)
    flat = potentials(leak.ravel(), nodes, np.ones(nodes.size - 1), wires, current, True)
    return flat.reshape(*leak.shape, chain.n)


def strengths(n: int, exceptions: Exceptions, gamma: ArrayLike) -> Floats:
    """Strength s of each exception's dipole: how much of its target the ranks leave unexplained.

    Parameters
    ----------
    n, exceptions, gamma
        As for `ranks_at`, exceptions as an iterable of pairs.

    Returns
    -------
    array (..., exceptions)
        s = 1 - (r_winner - r_loser); for one exception (1 - (r0_w - r0_l)) / (1 + g_w - g_l)
        (theory: Closed form).
    """
    hierarchy = Hierarchy(n, tuple(exceptions))  # type: ignore[arg-type]
    leak = _checked_gamma(gamma)
    winners = [winner for winner, _ in hierarchy.exceptions]
    losers = [loser for _, loser in hierarchy.exceptions]
    found = ranks_among(hierarchy, leak, winners + losers)
    return 1.0 - (found[..., : len(winners)] - found[..., len(winners) :])


def margins(
    n: int,
    exceptions: Exceptions,
    alpha: ArrayLike,
    ridge: ArrayLike,
    higher: ArrayLike,
    lower: ArrayLike,
) -> Floats:
    """Predictions f(higher, lower) of the learner, also for trained pairs.

    Parameters
    ----------
    n, exceptions, alpha, ridge
        As for `ranks`, exceptions as an iterable of pairs.
    higher, lower : array_like of int (pairs,)
        Ranks of the two items, in either order.

    Returns
    -------
    array (..., pairs)
        r_h - r_l for an untrained pair; m y + (1 - m) (r_h - r_l) for a trained one, whose target y is +1 if
        the first wins (theory: Solution).
    """
    hierarchy = Hierarchy(n, tuple(exceptions))  # type: ignore[arg-type]
    first, second = np.atleast_1d(higher), np.atleast_1d(lower)
    target = np.zeros(first.shape)
    for index, (one, other) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        if hierarchy.trained(one, other):
            target[index] = hierarchy.truth(one, other) or 0
    found = ranks(n, hierarchy.exceptions, alpha, ridge)
    difference = found[..., first] - found[..., second]
    weight = memorization_weight(alpha, ridge)[..., None] * (target != 0)
    predictions: Floats = weight * target + (1.0 - weight) * difference
    return predictions


def dual_weights(
    n: int, exceptions: Exceptions = (), alpha: ArrayLike = 0.0, ridge: ArrayLike = 0.0
) -> Floats:
    """Dual weights a_t = (y_t - (B r)_t) / (alpha + ridge) of the training pairs.

    Parameters
    ----------
    n, exceptions, alpha, ridge
        As for `ranks`, exceptions as an iterable of pairs.

    Returns
    -------
    array (..., n - 1 + exceptions)
        In the order of `Hierarchy.training_pairs`, in the direction that wins (the other has the opposite
        sign); NaN where alpha = ridge = 0, where they are undefined. For a raw kernel divide by
        k_same - k_reversed (theory: Solution).
    """
    hierarchy = Hierarchy(n, tuple(exceptions))  # type: ignore[arg-type]
    conjunctivity, effective = _checked(alpha, ridge)
    residual = 1.0 - explained(hierarchy, ranks(n, hierarchy.exceptions, alpha, ridge))
    total = (conjunctivity + effective)[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, residual / total, np.nan)


def explained(hierarchy: Hierarchy, ranks: Floats) -> Floats:
    """B r: the rank difference of every training pair, in the order of `Hierarchy.training_pairs`.

    Parameters
    ----------
    hierarchy : Hierarchy
    ranks : array (..., n)

    Returns
    -------
    array (..., n - 1 + exceptions)
    """
    winners = [winner for winner, _ in hierarchy.exceptions]
    losers = [loser for _, loser in hierarchy.exceptions]
    steps = ranks[..., :-1] - ranks[..., 1:]
    return np.concatenate([steps, ranks[..., winners] - ranks[..., losers]], axis=-1)


def ranks_among(hierarchy: Hierarchy, gamma: ArrayLike, items: Iterable[int]) -> Floats:
    """Ranks of some items only, at a cost that does not grow with n.

    Parameters
    ----------
    hierarchy : Hierarchy
    gamma : array_like (...)
        At least 0.
    items : iterable of int (items,)
        Ranks of the items, repeats allowed.

    Returns
    -------
    array (..., items)
    """
    wanted = list(items)
    leak = _checked_gamma(gamma)
    nodes, wires, current = circuit(hierarchy, wanted)
    flat = potentials(leak.ravel(), nodes, np.ones(nodes.size - 1), wires, current, False)
    return flat[:, np.searchsorted(nodes, wanted)].reshape(*leak.shape, len(wanted))


def circuit(
    hierarchy: Hierarchy, items: Iterable[int] = ()
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """The circuit whose potentials are the ranks.

    Parameters
    ----------
    hierarchy : Hierarchy
    items : iterable of int
        Further items to keep as nodes.

    Returns
    -------
    nodes : array of int (kept,)
        Ends of the chain and of every exception, and `items`.
    wires : array of int (exceptions, 2)
        Exceptions as (winner, loser), indices into `nodes`.
    current : array (kept,)
        B^T 1 at the nodes; it is zero elsewhere.
    """
    pairs = hierarchy.exceptions
    ends = {0, hierarchy.n - 1, *(rank for pair in pairs for rank in pair), *items}
    nodes = np.array(sorted(ends), dtype=np.int64)
    wires = np.searchsorted(nodes, np.array(pairs, dtype=np.int64).reshape(-1, 2)).astype(np.int64)
    current = np.zeros(nodes.size)
    current[0], current[-1] = 1.0, -1.0
    np.add.at(current, wires[:, 0], 1.0)
    np.add.at(current, wires[:, 1], -1.0)
    return nodes, wires, current


def _ranks_of(hierarchy: Hierarchy, leak: Floats) -> Floats:
    nodes, wires, current = circuit(hierarchy)
    flat = potentials(leak.ravel(), nodes, np.ones(nodes.size - 1), wires, current, True)
    return flat.reshape(*leak.shape, hierarchy.n)


def _stacked(exceptions: Any) -> NDArray[np.int64] | None:
    """Exceptions as an array (..., exceptions, 2) if they were given so, with more than one hierarchy."""
    if not isinstance(exceptions, np.ndarray) or exceptions.ndim < 3:
        return None
    if exceptions.shape[-1] != 2 or not np.issubdtype(exceptions.dtype, np.integer):
        raise BadInput(
            f"exceptions of shape {exceptions.shape} and type {exceptions.dtype}: "
            "must be integers (..., exceptions, 2)"
        )
    return exceptions.astype(np.int64)


def _checked(alpha: ArrayLike, ridge: ArrayLike) -> tuple[Floats, Floats]:
    """Conjunctivity and effective ridge, broadcast against each other."""
    conjunctivity, effective = np.broadcast_arrays(
        np.asarray(alpha, dtype=np.float64), np.asarray(ridge, dtype=np.float64)
    )
    _refuse(
        conjunctivity, ~(np.isfinite(conjunctivity) & (conjunctivity < 1)), "alpha", "must be less than 1"
    )
    _refuse(effective, ~(np.isfinite(effective) & (effective >= 0)), "ridge", "must be at least 0 and finite")
    below = conjunctivity + effective < 0
    _refuse(conjunctivity, below, "alpha", "must be at least 0, or at least -ridge where it was measured")
    return conjunctivity, effective


def _checked_gamma(gamma: ArrayLike) -> Floats:
    leak = np.asarray(gamma, dtype=np.float64)
    _refuse(leak, ~(np.isfinite(leak) & (leak >= 0)), "gamma", "must be at least 0 and finite")
    return leak


def _refuse(values: Floats, wrong: NDArray[np.bool_], name: str, allowed: str) -> None:
    if np.any(wrong):
        raise BadInput(f"{name} = {float(values[wrong][0])!r}: {allowed}")
