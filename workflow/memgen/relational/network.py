"""Potentials of a leaky chain of conductors with extra wires, without a single subtraction that cancels.

Knows circuits only: n nodes in a row, neighbours joined by a unit conductor, each node leaking to ground
through a conductance gamma, some pairs of nodes joined by a further unit wire, currents (summing to zero)
fed in at a few nodes. Knows nothing about hierarchies or kernels. `memgen.relational.ranks` uses it because
(L + gamma I) r = B^T 1 is Kirchhoff's law for this circuit: ranks are potentials, each trained pair is a
conductor.

Only the few nodes where something happens are kept. A stretch of d conductors between two of them is, seen
from its ends and with q = exp(-kappa), s_d = 1 + q + ... + q^(d-1), one conductor of

    sinh(kappa) / sinh(d kappa) = q^(d-1) (1 + q) / (s_d (1 + q^d))

and at each end a leak of gamma times q s_(d-1) / (1 + q^d); at gamma = 0, where q = 1, these are 1/d and
gamma (d-1)/2 without 0/0. The ground is eliminated first (the currents sum to zero, so it carries none): it
becomes conductors gamma w_i w_j / sum(w) between the nodes, and the potential of the ground is the mean of
theirs weighted by w. The kept nodes are then eliminated one by one, conductances only ever being added,
multiplied and divided (as Grassmann, Taksar and Heyman do for Markov chains). A relative change of one
conductance moves no potential difference by more than that fraction of the voltage across it, so rounding
stays rounding: for any number of wires the result is good to some tens of machine epsilons of the largest
potential, where the Woodbury form loses the square root of its condition (1e-10 for long wires at n = 1e6).
Between kept nodes the potential follows from its two ends.

One source serves both ways to run it: interpreted where there is little to do, else compiled by numba,
which is imported only then. Nothing is reassociated or contracted, so both give the same bits (tests hold
that).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Powers of q are multiplied up within a block of this many, with one exponential per block."""

INTERPRETED_WORK = 20_000
"""Up to about this many elementary steps (some tens of milliseconds), numba is not worth loading."""


def potentials(
    gamma: NDArray[np.float64],
    nodes: NDArray[np.int64],
    links: NDArray[np.float64],
    wires: NDArray[np.int64],
    current: NDArray[np.float64],
    fill: bool,
) -> NDArray[np.float64]:
    """Solve one circuit for many leaks.

    Parameters
    ----------
    gamma : array (configurations,)
        Leak of every node of the chain to ground, >= 0; 0 gives the limit gamma -> 0.
    nodes : array of int (kept,)
        Positions that are kept, rising; the first and last are the ends of the chain. Must hold every end of
        a wire and every node with a current.
    links : array (kept - 1,)
        Conductance of the chain's conductors between neighbouring kept nodes: 1, or 0 for a conductor taken
        out (only where the two are neighbours in the chain, and only if the rest stays connected).
    wires : array of int (wires, 2)
        Extra unit conductors, as indices into `nodes`.
    current : array (kept,)
        Current fed in at each kept node; must sum to zero exactly.
    fill : bool
        Whether to return the potential of all nodes of the chain rather than of those kept.

    Returns
    -------
    array (configurations, nodes[-1] - nodes[0] + 1) if `fill`, else (configurations, kept)
        Potentials against ground; they sum to zero over the whole chain.

    Notes
    -----
    Time O(configurations * (kept^3 + n if fill)); memory beyond the result at most two more of its rows.
    """
    kept = nodes.size
    width = int(nodes[-1] - nodes[0]) + 1 if fill else kept
    out = np.empty((gamma.size, width))
    work = gamma.size * (width + kept**3)
    lanes = max(1, min(64, gamma.size, 4096 // max(1, width)))
    solve = _eliminate if work <= INTERPRETED_WORK else _compiled()
    solve(gamma, nodes, links, wires, current, lanes, fill, out)
    return out


def _eliminate(gamma, nodes, links, wires, current, lanes, fill, out):  # type: ignore[no-untyped-def]
    """Fill `out`, `lanes` configurations at a time: the innermost loops run over them, so they vectorize."""
    kept = nodes.size
    longest = 1
    for s in range(kept - 1):
        longest = max(longest, nodes[s + 1] - nodes[s])
    rows = longest if fill else min(longest, BLOCK)

    ratio = np.empty(lanes)  # q = exp(-kappa)
    decay = np.empty(lanes)  # kappa, only where a stretch is longer than one block
    power = np.empty((rows, lanes))  # q^m
    partial = np.empty((rows, lanes))  # s_m = 1 + q + ... + q^(m-1)
    reach = np.empty((kept, lanes))  # s_2d of each stretch, which divides its inner potentials
    weight = np.empty(
        (kept, lanes)
    )  # leak of each kept node, its share of the stretches included, over gamma
    scale = np.empty(lanes)
    total = np.empty((kept, lanes))
    feed = np.empty((kept, lanes))
    value = np.empty((kept, lanes))
    conductance = np.empty((kept, kept, lanes))

    for start in range(0, gamma.size, lanes):
        count = min(lanes, gamma.size - start)

        for c in range(count):
            leak = gamma[start + c]
            ratio[c] = 1.0 / (1.0 + 0.5 * leak + math.sqrt(leak) * math.sqrt(1.0 + 0.25 * leak))
            power[0, c] = 1.0
            partial[0, c] = 0.0
        for m in range(1, min(rows, BLOCK)):
            for c in range(count):
                power[m, c] = power[m - 1, c] * ratio[c]
                partial[m, c] = partial[m - 1, c] + power[m - 1, c]
        if longest > BLOCK:
            for c in range(count):
                # at 1e-200 every ratio below has reached its limit for kappa -> 0 to the last bit
                decay[c] = max(2.0 * math.asinh(0.5 * math.sqrt(gamma[start + c])), 1e-200)
        for first in range(BLOCK, rows, BLOCK):
            for c in range(count):
                far = math.exp(-first * decay[c])
                far_sum = math.expm1(-first * decay[c]) / math.expm1(-decay[c])
                for m in range(min(BLOCK, rows - first)):
                    power[first + m, c] = far * power[m, c]
                    partial[first + m, c] = far_sum + far * partial[m, c]

        for i in range(kept):
            for c in range(count):
                weight[i, c] = 1.0
                feed[i, c] = current[i]
            for j in range(i + 1, kept):
                for c in range(count):
                    conductance[i, j, c] = 0.0
        for s in range(kept - 1):
            before = nodes[s + 1] - nodes[s] - 1  # d - 1
            first = before - before % BLOCK
            for c in range(count):
                q_before = power[before - first, c]
                sum_before = partial[before - first, c]
                if first > 0:
                    far = math.exp(-first * decay[c])
                    q_before = far * q_before
                    sum_before = math.expm1(-first * decay[c]) / math.expm1(-decay[c]) + far * sum_before
                q = ratio[c]
                q_all = q * q_before
                reach[s, c] = (sum_before + q_before) * (1.0 + q_all)
                conductance[s, s + 1, c] = links[s] * (q_before * (1.0 + q) / reach[s, c])
                share = q * sum_before / (1.0 + q_all)
                weight[s, c] += share
                weight[s + 1, c] += share
        for k in range(wires.shape[0]):
            i = min(wires[k, 0], wires[k, 1])
            j = max(wires[k, 0], wires[k, 1])
            for c in range(count):
                conductance[i, j, c] += 1.0
        for c in range(count):
            scale[c] = 0.0
        for i in range(kept):
            for c in range(count):
                scale[c] += weight[i, c]
        for i in range(kept):
            for j in range(i + 1, kept):
                for c in range(count):
                    conductance[i, j, c] += gamma[start + c] * (weight[i, c] / scale[c]) * weight[j, c]

        for k in range(kept - 1):
            for c in range(count):
                total[k, c] = 0.0
            for j in range(k + 1, kept):
                for c in range(count):
                    total[k, c] += conductance[k, j, c]
            for i in range(k + 1, kept):
                for c in range(count):
                    value[i, c] = conductance[k, i, c] / total[k, c]
                    feed[i, c] += feed[k, c] * value[i, c]
                for j in range(k + 1, i):
                    for c in range(count):
                        conductance[j, i, c] += value[i, c] * conductance[k, j, c]
        for c in range(count):
            value[kept - 1, c] = 0.0
        for k in range(kept - 2, -1, -1):
            for c in range(count):
                value[k, c] = feed[k, c]
            for j in range(k + 1, kept):
                for c in range(count):
                    value[k, c] += conductance[k, j, c] * value[j, c]
            for c in range(count):
                value[k, c] /= total[k, c]

        for c in range(count):
            weighted = 0.0
            for i in range(kept):
                weighted += weight[i, c] * value[i, c]
            ground = weighted / scale[c]
            for i in range(kept):
                value[i, c] -= ground
        for i in range(kept):
            column = nodes[i] - nodes[0] if fill else i
            for c in range(count):
                out[start + c, column] = value[i, c]
        if fill:
            for s in range(kept - 1):
                offset = nodes[s] - nodes[0]
                length = nodes[s + 1] - nodes[s]
                for i in range(1, length):
                    rest = length - i
                    for c in range(count):
                        near = power[i, c] * (partial[rest, c] * (1.0 + power[rest, c]))
                        far = power[rest, c] * (partial[i, c] * (1.0 + power[i, c]))
                        out[start + c, offset + i] = (value[s, c] * near + value[s + 1, c] * far) / reach[
                            s, c
                        ]


@cache
def _compiled() -> Callable[..., None]:
    """The same function as machine code; kept on disk where the source's folder can be written to."""
    import numba

    try:
        return numba.njit(cache=True, error_model="numpy")(_eliminate)
    except RuntimeError:  # no folder for the cache: compile anew in each process
        return numba.njit(error_model="numpy")(_eliminate)
