"""Margins from ranks: one subtraction per pair, and what a trained pair memorizes.

f = m y + (1 - m) (r_i - r_j) (theory: Solution), for many learners and pairs at once. One source,
interpreted by numpy where there is little to do, else compiled; both give the same bits (tests hold that).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

COMPILED_WORK = 200_000
"""From this many margins on, it pays to load numba."""


def predictions(
    profile: NDArray[np.float64],
    weight: NDArray[np.float64],
    pairs: NDArray[np.int64],
    target: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the predictions of many learners for many pairs.

    Parameters
    ----------
    profile : array (learners, n)
        Ranks.
    weight : array (learners,)
        Memorization weight m.
    pairs : array of int (2, pairs)
        First and second item of each.
    target : array (pairs,)
        Target y of a trained pair, 0 of an untrained one.
    out : array (learners, pairs)
        Where to write.
    """
    if out.size < COMPILED_WORK:
        own = weight[:, None] * (target != 0)
        np.multiply(1.0 - own, profile[:, pairs[0]] - profile[:, pairs[1]], out=out)
        out += own * target
        return
    # unsigned: the compiler need not provide for indices from the end
    trained = np.flatnonzero(target).astype(np.uint64)
    _compiled()(profile, weight, *pairs.astype(np.uint64), trained, target, out)


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


@cache
def _compiled() -> Callable[..., None]:
    """The loop as machine code; kept on disk where the source's folder can be written to."""
    import numba

    try:
        return numba.njit(cache=True, error_model="numpy")(_write)
    except RuntimeError:  # no folder for the cache: compile anew in each process
        return numba.njit(error_model="numpy")(_write)
