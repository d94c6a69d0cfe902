"""Exact ranks, margins and dual weights of transitive inference with exceptions.

The solution of kernel ridge regression with an exchangeable kernel (theory: Solution): representation and
regularization enter through one number, gamma, and the memorization weight m. Works from n, the
exceptions, conjunctivity and ridge alone and never forms an n x n matrix: the ranks are potentials of a
circuit, which `memgen.relational.circuit` solves exactly for any number of exceptions.
"""

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memgen.errors import BadInput
from memgen.relational.arguments import (
    Floats,
    Integers,
    checked,
    checked_gamma,
    grouped,
    many_hierarchies,
    pieces,
)
from memgen.relational.circuit import circuit_of, compiled, potentials
from memgen.relational.hierarchy import Hierarchy

Exceptions: TypeAlias = Iterable[str | Sequence[int]] | NDArray[np.integer]

CACHED = 8192
"""Configurations whose gamma is computed at a time."""

COMPILED_WORK = 200_000
"""From this many margins on, it pays to load numba."""


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
    return _gamma(*checked(alpha, ridge))


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
    return _weight(*checked(alpha, ridge))


def _gamma(alpha: Floats, ridge: Floats) -> Floats:
    """`gamma` of values in range."""
    leak: Floats = 2.0 * (alpha + ridge) / (1.0 - alpha)
    return leak


def _weight(alpha: Floats, ridge: Floats) -> Floats:
    """`memorization_weight` of values in range."""
    total = np.asarray(alpha + ridge)
    weight: Floats = np.divide(alpha, total, out=np.zeros(total.shape), where=total > 0)
    return weight


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
        Exceptions to the chain, items from 0; the array form broadcasts against the others; a row (-1, -1) in
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
        return ranks_at(n, exceptions, _gamma(conjunctivity, effective), out=out)
    # piece by piece, so that only the result goes through memory
    hierarchy = Hierarchy.of(n, exceptions)
    result = _result((*shape, hierarchy.n), out)
    rows, circuit = result.reshape(-1, hierarchy.n), circuit_of(hierarchy)
    for piece, one, other in pieces(conjunctivity, effective, shape, CACHED):
        _solve(circuit, _gamma(one, other), rows[piece])
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


def ranks_among(hierarchy: Hierarchy, gamma: ArrayLike, items: Iterable[int]) -> Floats:
    """Ranks (..., items) of some items only, repeats allowed, at a cost that does not grow with n."""
    wanted = list(items)
    leak = checked_gamma(gamma)
    nodes, wires, current = circuit_of(hierarchy, wanted)
    flat = potentials(leak.ravel(), nodes, np.ones(nodes.size - 1), wires, current, False)
    return flat[:, np.searchsorted(nodes, wanted)].reshape(*leak.shape, len(wanted))


def dipole(n: int, first: int, second: int, gamma: ArrayLike) -> Floats:
    """Column G (e_first - e_second) (..., n) of the chain alone, for gamma (...) >= 0.

    The pattern that one pair adds to the ranks: they are dipole(0, n - 1) plus, with s of `strengths`,
    s * dipole(winner, loser) for each exception (theory: Closed form).
    """
    chain = Hierarchy(n)
    if first == second or not (0 <= first < chain.n and 0 <= second < chain.n):
        raise BadInput(f"dipole {first}, {second}: must be two different items of 0 to {chain.n - 1}")
    leak = checked_gamma(gamma)
    nodes = np.array(sorted({0, chain.n - 1, first, second}), dtype=np.int64)
    current = (nodes == first).astype(float) - (nodes == second)
    wires = np.empty((0, 2), dtype=np.int64)
    flat = potentials(leak.ravel(), nodes, np.ones(nodes.size - 1), wires, current, True)
    return flat.reshape(*leak.shape, chain.n)


def strengths(n: int, exceptions: Exceptions, gamma: ArrayLike) -> Floats:
    """Strength s (..., exceptions) of each exception's dipole, for gamma (...) >= 0.

    How much of its target the ranks leave unexplained, 1 - (r_winner - r_loser); for one exception
    (1 - (r0_w - r0_l)) / (1 + g_w - g_l) (theory: Closed form).
    """
    hierarchy = Hierarchy.of(n, exceptions)
    winners = [winner for winner, _ in hierarchy.exceptions]
    found = ranks_among(hierarchy, gamma, winners + [loser for _, loser in hierarchy.exceptions])
    return 1.0 - (found[..., : len(winners)] - found[..., len(winners) :])


def mechanism(hierarchy: Hierarchy, gamma: ArrayLike) -> list[tuple[str, Floats | None, Floats]]:
    """Parts whose sum the ranks are, and last the ranks, for gamma (...) >= 0 (theory: Closed form).

    Of each its name ("chain", an exception as winner:loser, "ranks"), the strength (...) of a dipole, else
    None, and its values (..., n), a dipole's times its strength.
    """
    n, exceptions = hierarchy.n, hierarchy.exceptions
    found = strengths(n, exceptions, gamma)
    parts: list[tuple[str, Floats | None, Floats]] = [("chain", None, dipole(n, 0, n - 1, gamma))]
    for index, (winner, loser) in enumerate(exceptions):
        own = found[..., index]
        parts.append((f"{winner}:{loser}", own, own[..., None] * dipole(n, winner, loser, gamma)))
    return [*parts, ("ranks", None, ranks_at(n, exceptions, gamma))]


def explained(hierarchy: Hierarchy, ranks: Floats) -> Floats:
    """B r: rank differences (..., n - 1 + exceptions) of the training pairs, in their order."""
    winners = [winner for winner, _ in hierarchy.exceptions]
    losers = [loser for _, loser in hierarchy.exceptions]
    steps = ranks[..., :-1] - ranks[..., 1:]
    return np.concatenate([steps, ranks[..., winners] - ranks[..., losers]], axis=-1)


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
    conjunctivity, effective = checked(alpha, ridge)
    shape = np.broadcast_shapes(conjunctivity.shape, effective.shape)
    result = np.empty((*shape, first.size))
    rows = result.reshape(math.prod(shape), first.size)
    chosen, circuit = np.stack([first, second]), circuit_of(hierarchy)
    for piece, one, other in pieces(conjunctivity, effective, shape, CACHED):
        leak = np.atleast_1d(_gamma(one, other))
        profile = np.empty((leak.size, hierarchy.n))
        _solve(circuit, leak, profile)
        predictions(profile, np.atleast_1d(_weight(one, other)), chosen, target, rows[piece])
    return result


def predictions(profile: Floats, weight: Floats, pairs: Integers, target: Floats, out: Floats) -> None:
    """Write f = m y + (1 - m) (r_i - r_j) for many learners and pairs (theory: Solution).

    Of ranks (learners, n), weights m (learners,), items (2, pairs) and targets y (pairs,), 0 where a pair is
    not trained, into (learners, pairs). By numpy where there is little to do, else compiled: the same bits.
    """
    if out.size < COMPILED_WORK:
        own = weight[:, None] * (target != 0)
        np.multiply(1.0 - own, profile[:, pairs[0]] - profile[:, pairs[1]], out=out)
        out += own * target
        return
    # unsigned: the compiler need not provide for indices from the end
    trained = np.flatnonzero(target).astype(np.uint64)
    compiled(_write)(profile, weight, *pairs.astype(np.uint64), trained, target, out)


def _write(profile, weight, first, second, trained, target, out):  # type: ignore[no-untyped-def]
    """The same, a learner at a time, so that its ranks are read from memory once."""
    for row in range(out.shape[0]):
        ranks, found = profile[row], out[row]
        for index in range(found.size):
            found[index] = ranks[first[index]] - ranks[second[index]]
        own = weight[row]
        for number in range(trained.size):
            index = trained[number]
            found[index] = (1.0 - own) * found[index] + own * target[index]


def _solve(circuit: tuple[Integers, Integers, Floats], leak: Floats, out: Floats) -> None:
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
