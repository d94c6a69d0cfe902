"""Arguments of the theory: numbers in range, and arrays over many hierarchies taken apart."""

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memgen.errors import BadInput
from memgen.relational.hierarchy import Hierarchy, parse_exception

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

NO_EXCEPTION = -1
"""Winner and loser of a row that holds no exception, in arrays over hierarchies with different numbers."""


def many_hierarchies(n: Any, exceptions: Any) -> bool:
    """Whether n or the exceptions are arrays over more than one hierarchy."""
    return np.ndim(n) > 0 or (isinstance(exceptions, np.ndarray) and exceptions.ndim >= 3)


def grouped(
    n: Any, exceptions: Any, shape: tuple[int, ...]
) -> tuple[tuple[int, ...], int, list[tuple[Hierarchy, Integers]]]:
    """Take arrays over many hierarchies apart into hierarchies, each with where it occurs.

    Given n (...), exceptions (..., exceptions, 2) or pairs, and the shape of what else they are broadcast
    against: the shape of all broadcast, the largest n, and the different hierarchies, each with its indices
    in the flattened shape. Raises `BadInput` if n or the exceptions are not those of a hierarchy.
    """
    sizes, pairs = _integers(n, exceptions)
    shape = np.broadcast_shapes(shape, sizes.shape, pairs.shape[:-2])
    rows = np.broadcast_to(pairs, (*shape, *pairs.shape[-2:])).reshape(*shape, pairs.shape[-2] * 2)
    rows = np.concatenate([np.broadcast_to(sizes, shape)[..., None], rows], axis=-1)
    rows = rows.reshape(-1, rows.shape[-1])
    base = int(rows.max(initial=0)) + 2
    if rows.min(initial=0) >= NO_EXCEPTION and base ** rows.shape[1] < 2**63:
        keys = (rows - NO_EXCEPTION) @ (base ** np.arange(rows.shape[1]))
        _, first, members = np.unique(keys, return_index=True, return_inverse=True)
    else:
        _, first, members = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(members.ravel(), kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(members.ravel(), minlength=len(first)))[:-1])
    groups = []
    for row, part in zip(rows[first], parts if len(first) else [], strict=True):
        there = row[1:].reshape(-1, 2)
        there = there[(there != NO_EXCEPTION).any(axis=1)]
        groups.append((Hierarchy(int(row[0]), there.tolist()), part))
    return shape, int(sizes.max(initial=0)), groups


def _integers(n: Any, exceptions: Any) -> tuple[Integers, Integers]:
    """Sizes (...) and exceptions (..., exceptions, 2)."""
    sizes = np.asarray(n)
    given = exceptions.split() if isinstance(exceptions, str) else exceptions
    if not isinstance(given, np.ndarray):
        read = [parse_exception(pair) if isinstance(pair, str) else pair for pair in given]
        given = np.array(read, dtype=np.int64)
    pairs = given.reshape(0, 2) if given.size == 0 and given.ndim < 2 else given
    if not np.issubdtype(sizes.dtype, np.integer):
        raise BadInput(f"n of type {sizes.dtype}: must be whole numbers of items, at least 3")
    if pairs.ndim < 2 or pairs.shape[-1] != 2 or not np.issubdtype(pairs.dtype, np.integer):
        raise BadInput(
            f"exceptions of shape {pairs.shape} and type {pairs.dtype}: must be integers (..., exceptions, 2)"
        )
    return sizes.astype(np.int64), pairs.astype(np.int64)


def checked(alpha: ArrayLike, ridge: ArrayLike) -> tuple[Floats, Floats]:
    """Conjunctivity and effective ridge as arrays (...) whose shapes broadcast; `BadInput` out of range."""
    one, other = np.asarray(alpha, dtype=np.float64), np.asarray(ridge, dtype=np.float64)
    if not one.size or not other.size:
        return one, other
    # The extremes show that all are in range, never with NaN, without arrays of the full shape.
    low, high, least, most = one.min(), one.max(), other.min(), other.max()
    if high < 1 and least >= 0 and most < np.inf and low + least >= 0:
        return one, other
    _refuse(one, ~(np.isfinite(one) & (one < 1)), "alpha", "must be less than 1")
    _refuse(other, ~(np.isfinite(other) & (other >= 0)), "ridge", "must be at least 0 and finite")
    wide, added = np.broadcast_arrays(one, other)
    _refuse(wide, wide + added < 0, "alpha", "must be at least 0, or at least -ridge where it was measured")
    return one, other


def checked_gamma(gamma: ArrayLike) -> Floats:
    """Gamma as an array (...); `BadInput` where it is negative or not finite."""
    leak = np.asarray(gamma, dtype=np.float64)
    if not (leak.size and leak.min() >= 0 and leak.max() < np.inf):
        _refuse(leak, ~(np.isfinite(leak) & (leak >= 0)), "gamma", "must be at least 0 and finite")
    return leak


def _refuse(values: Floats, wrong: NDArray[np.bool_], name: str, allowed: str) -> None:
    if np.any(wrong):
        raise BadInput(f"{name} = {float(values[wrong][0])!r}: {allowed}")


def pieces(
    alpha: Floats, ridge: Floats, shape: tuple[int, ...], size: int
) -> Iterator[tuple[slice, Floats, Floats]]:
    """Slices of the flattened shape, `size` configurations each, with their alpha and ridge."""
    one, other = (part if part.ndim == 0 else np.broadcast_to(part, shape).ravel() for part in (alpha, ridge))
    for start in range(0, math.prod(shape), size):
        piece = slice(start, start + size)
        yield piece, one if one.ndim == 0 else one[piece], other if other.ndim == 0 else other[piece]
