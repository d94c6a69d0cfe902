"""Exact ranks, margins and dual weights of transitive inference with exceptions.

The solution of kernel ridge regression with an exchangeable kernel (theory: Solution): representation and
regularization enter through one number, gamma, and the memorization weight m. Works from n, the
exceptions, conjunctivity and ridge alone and never forms an n x n matrix: the ranks are potentials of a
circuit, which `memgen.relational.circuit` solves exactly for any number of exceptions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memgen.errors import BadInput
from memgen.relational.arguments import (
    checked,
    checked_gamma,
    combined,
    grouped,
    many_hierarchies,
    own_weight,
    pieces,
)
from memgen.relational.circuit import circuit_of, potentials
from memgen.relational.differences import predictions
from memgen.relational.hierarchy import Hierarchy

Floats: TypeAlias = NDArray[np.float64]
Exceptions: TypeAlias = Iterable[str | Sequence[int]] | NDArray[np.integer]

CACHED = 8192
"""Configurations whose gamma is computed at a time."""


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
    return combined(*checked(alpha, ridge))


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
    return 2.0 * np.arcsinh(0.5 * np.sqrt(checked_gamma(gamma)))


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
    return own_weight(*checked(alpha, ridge))


def ranks(
    n: int | ArrayLike,
    exceptions: Exceptions = (),
    alpha: ArrayLike = 0.0,
    ridge: ArrayLike = 0.0,
    *,
    out: Floats | None = None,
) -> Floats:
    """Ranks r = (L + gamma I)^-1 B^T 1 that the learner gives to the items.

    Parameters
    ----------
    n : int, or array_like of int (...)
        Number of items, >= 3; an array broadcasts against the others.
    exceptions : iterable of (winner, loser) or "winner:loser", or array of int (..., exceptions, 2)
        Exceptions to the chain, ranks from 0; the array form broadcasts against the others; a row (-1, -1) in
        it holds no exception, so that hierarchies with fewer fit in.
    alpha, ridge : array_like (...)
        Conjunctivity and effective ridge, as for `gamma`.
    out : array (..., n), optional
        C-contiguous array to write into, which saves the time to allocate a large one.

    Returns
    -------
    array (..., n)
        Rank of every item, highest for the item that wins; they sum to zero. An untrained pair (i, j) is
        predicted with the margin r_i - r_j. With an array for n, as long as the largest, NaN beyond n - 1.

    Raises
    ------
    BadInput
        If an argument is out of its range.

    Notes
    -----
    Theory: Solution. Good to 1e-12 of the largest rank of the chain alone for n up to 1e6 and gamma from 0
    (the limit) to 1e12. Time and memory are linear in n.

    Examples
    --------
    >>> ranks(9, [(5, 3)], alpha=1 / 3).round(12) + 0.0
    array([ 0.6,  0.2,  0. , -0.2,  0. ,  0.2,  0. , -0.2, -0.6])
    >>> ranks([3, 4], alpha=0.5).round(3) + 0.0
    array([[ 0.333,  0.   , -0.333,    nan],
           [ 0.357,  0.071, -0.071, -0.357]])
    """
    conjunctivity, effective = checked(alpha, ridge)
    shape = np.broadcast_shapes(conjunctivity.shape, effective.shape)
    if many_hierarchies(n, exceptions) or math.prod(shape) <= CACHED:
        return ranks_at(n, exceptions, combined(conjunctivity, effective), out=out)
    # piece by piece, so that only the result goes through memory
    hierarchy = Hierarchy.of(n, exceptions)
    result = _result((*shape, hierarchy.n), out)
    rows, circuit = result.reshape(-1, hierarchy.n), circuit_of(hierarchy)
    for piece, one, other in pieces(conjunctivity, effective, shape, CACHED):
        _solve(circuit, combined(one, other), rows[piece])
    return result


def ranks_at(
    n: int | ArrayLike, exceptions: Exceptions, gamma: ArrayLike, *, out: Floats | None = None
) -> Floats:
    """Ranks at a given gamma: `ranks` for every (alpha, ridge) that share it.

    Parameters
    ----------
    n, exceptions, out
        As for `ranks`.
    gamma : array_like (...)
        At least 0; 0 gives the additive, ridgeless limit.

    Returns
    -------
    array (..., n)
    """
    leak = checked_gamma(gamma)
    if not many_hierarchies(n, exceptions):
        hierarchy = Hierarchy.of(n, exceptions)
        result = _result((*leak.shape, hierarchy.n), out)
        _solve(circuit_of(hierarchy), leak.ravel(), result.reshape(-1, hierarchy.n))
        return result
    shape, width, groups = grouped(n, exceptions, leak.shape)
    result = _result((*shape, width), out)
    flat, leak = result.reshape(math.prod(shape), width), np.broadcast_to(leak, shape).ravel()
    for hierarchy, members in groups:
        found = np.empty((members.size, hierarchy.n))
        _solve(circuit_of(hierarchy), leak[members], found)
        flat[members, : hierarchy.n] = found
        flat[members, hierarchy.n :] = np.nan
    return result


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
    leak = checked_gamma(gamma)
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
    hierarchy = Hierarchy.of(n, exceptions)
    leak = checked_gamma(gamma)
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
    hierarchy = Hierarchy.of(n, exceptions)
    first, second = np.atleast_1d(higher), np.atleast_1d(lower)
    target = np.zeros(first.shape)
    for index, (one, other) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        if hierarchy.trained(one, other):
            target[index] = hierarchy.truth(one, other) or 0
    if first.size and not (
        min(first.min(), second.min()) >= 0 and max(first.max(), second.max()) < hierarchy.n
    ):
        raise BadInput(f"pairs: ranks must be 0 to {hierarchy.n - 1} with n = {hierarchy.n}")
    conjunctivity, effective = checked(alpha, ridge)
    shape = np.broadcast_shapes(conjunctivity.shape, effective.shape)
    result = np.empty((*shape, first.size))
    rows = result.reshape(math.prod(shape), first.size)
    chosen, circuit = np.stack([first, second]), circuit_of(hierarchy)
    for piece, one, other in pieces(conjunctivity, effective, shape, CACHED):
        leak = np.atleast_1d(combined(one, other))
        profile = np.empty((leak.size, hierarchy.n))
        _solve(circuit, leak, profile)
        weight = np.atleast_1d(own_weight(one, other))
        predictions(profile, weight, chosen, target, rows[piece])
    return result


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
    hierarchy = Hierarchy.of(n, exceptions)
    conjunctivity, effective = checked(alpha, ridge)
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
    leak = checked_gamma(gamma)
    nodes, wires, current = circuit_of(hierarchy, wanted)
    flat = potentials(leak.ravel(), nodes, np.ones(nodes.size - 1), wires, current, False)
    return flat[:, np.searchsorted(nodes, wanted)].reshape(*leak.shape, len(wanted))


def _solve(circuit: tuple[NDArray[np.int64], NDArray[np.int64], Floats], leak: Floats, out: Floats) -> None:
    """Write the potentials of a whole circuit into `out`, a row per leak."""
    nodes, wires, current = circuit
    potentials(leak, nodes, np.ones(nodes.size - 1), wires, current, True, out=out)


def _result(shape: tuple[int, ...], out: Floats | None) -> Floats:
    """The array to write into: the caller's, if it fits."""
    if out is None:
        return np.empty(shape)
    if out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous or not out.flags.writeable:
        raise BadInput(
            f"out of shape {out.shape}, {out.dtype}: must be C-contiguous float64 of shape {shape}"
        )
    return out
