"""Potentials of a leaky chain of conductors with extra wires, without a single subtraction that cancels.

A circuit here is n nodes in a row, neighbours joined by a unit conductor, each node leaking to ground through
a conductance gamma, some pairs of nodes joined by a further unit wire, currents (summing to zero) fed in at a
few nodes. (L + gamma I) r = B^T 1 is Kirchhoff's law for the circuit of a hierarchy: ranks are potentials,
each trained pair is a conductor.

Only the few nodes where something happens are kept. A stretch of d conductors between two of them is, seen
from its ends and with q = exp(-kappa), s_d = 1 + q + ... + q^(d-1), one conductor of

    sinh(kappa) / sinh(d kappa) = q^(d-1) (1 + q) / (s_d (1 + q^d))

and at each end a leak of gamma times q s_(d-1) / (1 + q^d); at gamma = 0, where q = 1, these are 1/d and
gamma (d-1)/2 without 0/0. The kept nodes are eliminated one by one from the top, conductances only ever being
added, multiplied and divided (as Grassmann, Taksar and Heyman do for Markov chains). The ground is a node
like the others, eliminated last but one; its conductors are stored divided by gamma, so that gamma = 0 is no
special case. The currents sum to zero, so the last node needs none, and potentials are counted from the
ground. A relative change of one conductance moves no potential difference by more than that fraction of the
voltage across it, so rounding stays rounding: for any number of wires the result is good to some tens of
machine epsilons of the largest potential, where the Woodbury form loses the square root of its condition
(1e-10 for long wires at n = 1e6). Between kept nodes the potential follows from its two ends.

One source serves all ways to run it: interpreted where there is little to do, else compiled by numba, which
is imported only then; one configuration at a time, or LANES at a time, the innermost loops running over them
so that they become vector instructions. Nothing is reassociated or contracted, so all give the same bits
(tests hold that).
"""

import math
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np

from memgen.relational.arguments import Floats, Integers
from memgen.relational.hierarchy import Hierarchy

BLOCK = 32
"""Powers of q are multiplied up within a block of this many, with one exponential per block."""

LANES = 64
"""Configurations solved together where there are many."""

WIDE = 1024
"""Up to this many potentials per configuration, `LANES` of them stay in the processor's cache."""

INTERPRETED_WORK = 300_000
"""Up to about this many elementary steps in one process (half a second), numba is not worth loading."""


def circuit_of(
    hierarchy: Hierarchy, items: Iterable[int] = (), part: tuple[int, int] | None = None
) -> tuple[Integers, Integers, Floats]:
    """The circuit whose potentials are the ranks of a hierarchy, or of a part from a first to a last item.

    Nodes (kept,) are the ends of the chain and of every exception, and `items`; wires (exceptions, 2) are the
    exceptions within the part, as indices into them; current (kept,) is B^T 1, which is zero elsewhere.
    """
    first, last = part or (0, hierarchy.n - 1)
    pairs = [pair for pair in hierarchy.exceptions if first <= pair[1] and pair[0] <= last]
    ends = {first, last, *(item for pair in pairs for item in pair), *items}
    nodes = np.array(sorted(ends), dtype=np.int64)
    wires = np.searchsorted(nodes, np.array(pairs, dtype=np.int64).reshape(-1, 2)).astype(np.int64)
    current = np.zeros(nodes.size)
    current[0], current[-1] = 1.0, -1.0
    np.add.at(current, wires[:, 0], 1.0)
    np.add.at(current, wires[:, 1], -1.0)
    return nodes, wires, current


def potentials(
    gamma: Floats,
    nodes: Integers,
    links: Floats,
    wires: Integers,
    current: Floats,
    fill: bool,
    *,
    out: Floats | None = None,
) -> Floats:
    """Solve one circuit for many leaks.

    Parameters
    ----------
    gamma : array (configurations,)
        Leak of every node of the chain to ground, >= 0; 0 gives the limit gamma -> 0.
    nodes, wires, current
        As of `circuit_of`; the current must sum to zero exactly.
    links : array (kept - 1,)
        Conductance of the chain between neighbouring nodes: 1, or 0 for a conductor taken out (only where the
        two are neighbours in the chain, and only if the rest stays connected).
    fill : bool
        Whether to return the potential of all nodes of the chain rather than of those kept.
    out : array, optional
        Where to write the result.

    Returns
    -------
    array (configurations, length of the chain if `fill`, else kept)
        Potentials against ground; they sum to zero over the whole chain.

    Notes
    -----
    Time O(configurations * (kept^3 + n if fill)); memory beyond the result does not grow with n, apart from
    LANES rows of it where there are many configurations of a short chain.
    """
    kept = nodes.size
    width = int(nodes[-1] - nodes[0]) + 1 if fill else kept
    result = np.empty((gamma.size, width)) if out is None else out
    _Interpreted.steps += gamma.size * (width + kept**3)
    together = LANES if gamma.size >= LANES // 4 and width <= WIDE else 1
    interpreted = _Interpreted.steps <= INTERPRETED_WORK
    solve = _eliminator(1) if interpreted else compiled(_eliminator(together))
    solve(gamma, nodes, links, wires, current, fill, result)
    return result


class _Interpreted:
    """What has been asked for so far; only a choice between two ways to the same bits depends on it."""

    steps = 0


@cache
def _eliminator(lanes: int) -> Callable[..., None]:
    """The elimination for `lanes` configurations at a time, as plain Python."""

    def eliminate(gamma, nodes, links, wires, current, fill, out):  # type: ignore[no-untyped-def]
        kept = nodes.size
        width = out.shape[1]
        longest = 1
        for s in range(kept - 1):
            longest = max(longest, nodes[s + 1] - nodes[s])
        rows = min(longest, BLOCK)
        # which conductors there are, also once nodes above them have been eliminated
        joined = np.zeros((kept, kept), dtype=np.bool_)
        extra = np.zeros((kept, kept))
        for s in range(kept - 1):
            joined[s, s + 1] = True
        for k in range(wires.shape[0]):
            i, j = min(wires[k, 0], wires[k, 1]), max(wires[k, 0], wires[k, 1])
            joined[i, j] = True
            extra[i, j] += 1.0
        for k in range(kept):
            for i in range(k + 1, kept):
                for j in range(i + 1, kept):
                    joined[i, j] |= joined[k, i] and joined[k, j]

        leak = np.empty(lanes)
        ratio = np.empty(lanes)  # q = exp(-kappa)
        decay = np.empty(lanes)  # kappa, only where a stretch is longer than one block
        carry = np.empty(lanes)
        inverse = np.empty(lanes)
        power = np.empty((rows + 1, lanes))  # q^m; the last row is for stretches longer than one block
        partial = np.empty((rows + 1, lanes))  # s_m = 1 + q + ... + q^(m-1); likewise
        reach = np.empty((kept, lanes))  # 1 / s_2d of each stretch
        conductance = np.empty((kept, kept, lanes))  # once eliminated, of the node's total
        weight = np.empty((kept, lanes))  # conductor to the ground over gamma; likewise
        feed = np.empty((kept, lanes))  # current; once eliminated, over the node's total; then the potential
        ground = np.empty(lanes)  # current into the ground, over gamma
        near, rest_near, sum_near, rest_sum = np.empty((4, lanes))
        tile = np.empty((width if lanes > 1 else 1, lanes))  # result, turned around before it is written

        for start in range(0, gamma.size, lanes):
            count = min(lanes, gamma.size - start)
            for c in range(count):
                leak[c] = gamma[start + c]
            for c in range(count, lanes):
                leak[c] = 1.0
            for c in range(lanes):
                ratio[c] = 1.0 / (1.0 + 0.5 * leak[c] + math.sqrt(leak[c] * (1.0 + 0.25 * leak[c])))
                power[0, c] = 1.0
                partial[0, c] = 0.0
                carry[c] = 1.0
                ground[c] = 0.0
            for m in range(1, rows):
                for c in range(lanes):
                    before = power[m - 1, c]
                    power[m, c] = before * ratio[c]
                    partial[m, c] = partial[m - 1, c] + before
            if longest > BLOCK:
                for c in range(lanes):
                    # at 1e-200 every ratio below has reached its limit for kappa -> 0 to the last bit
                    decay[c] = max(2.0 * math.asinh(0.5 * math.sqrt(leak[c])), 1e-200)
            for s in range(kept - 1):
                before = nodes[s + 1] - nodes[s] - 1  # d - 1
                first = before - before % BLOCK
                rest = before - first
                present = links[s]
                wired = extra[s, s + 1]
                fed = current[s]
                place = rest
                if first > 0:
                    place = rows
                    for c in range(lanes):
                        far = math.exp(-first * decay[c])
                        far_sum = math.expm1(-first * decay[c]) / math.expm1(-decay[c])
                        power[rows, c] = far * power[rest, c]
                        partial[rows, c] = far_sum + far * partial[rest, c]
                for c in range(lanes):
                    q, q_before, sum_before = ratio[c], power[place, c], partial[place, c]
                    sum_all = sum_before + q_before
                    one = 1.0 / (sum_all * (1.0 + q * q_before))
                    reach[s, c] = one
                    conductance[s, s + 1, c] = present * (q_before * (1.0 + q) * one) + wired
                    share = q * sum_before * (sum_all * one)
                    weight[s, c] = carry[c] + share
                    carry[c] = 1.0 + share
                    feed[s, c] = fed
                for j in range(s + 2, kept):
                    if joined[s, j]:
                        wired = extra[s, j]
                        for c in range(lanes):
                            conductance[s, j, c] = wired
            fed = current[kept - 1]
            for c in range(lanes):
                weight[kept - 1, c] = carry[c]
                feed[kept - 1, c] = fed

            for k in range(kept - 1):
                single = True
                for j in range(k + 2, kept):
                    single = single and not joined[k, j]
                if single:
                    for c in range(lanes):
                        link = conductance[k, k + 1, c]
                        one = 1.0 / (leak[c] * weight[k, c] + link)
                        fed_on = feed[k, c] * one
                        grounded = weight[k, c] * one
                        ground[c] += fed_on * weight[k, c]
                        weight[k + 1, c] += grounded * link
                        feed[k + 1, c] += fed_on * link
                        feed[k, c] = fed_on
                        conductance[k, k + 1, c] = link * one
                    continue
                for c in range(lanes):
                    inverse[c] = leak[c] * weight[k, c] + conductance[k, k + 1, c]
                for j in range(k + 2, kept):
                    if joined[k, j]:
                        for c in range(lanes):
                            inverse[c] += conductance[k, j, c]
                for c in range(lanes):
                    inverse[c] = 1.0 / inverse[c]
                    feed[k, c] *= inverse[c]
                    ground[c] += feed[k, c] * weight[k, c]
                    weight[k, c] *= inverse[c]
                for j in range(k + 1, kept):
                    if joined[k, j]:
                        for c in range(lanes):
                            weight[j, c] += weight[k, c] * conductance[k, j, c]
                            feed[j, c] += feed[k, c] * conductance[k, j, c]
                        for i in range(k + 1, j):
                            if joined[k, i]:
                                for c in range(lanes):
                                    conductance[i, j, c] += conductance[k, i, c] * conductance[k, j, c]
                        for c in range(lanes):
                            conductance[k, j, c] *= inverse[c]
            if lanes == 1:
                tile = out[start].reshape(width, 1)
            column = width - 1
            for c in range(lanes):
                feed[kept - 1, c] = -ground[c] / weight[kept - 1, c]
                tile[column, c] = feed[kept - 1, c]
            for k in range(kept - 2, -1, -1):
                for j in range(k + 2, kept):
                    if joined[k, j]:
                        for c in range(lanes):
                            feed[k, c] += conductance[k, j, c] * feed[j, c]
                column = nodes[k] - nodes[0] if fill else k
                for c in range(lanes):
                    value = feed[k, c] + conductance[k, k + 1, c] * feed[k + 1, c]
                    feed[k, c] = value
                    tile[column, c] = value
            if fill:
                for s in range(kept - 1):
                    offset = nodes[s] - nodes[0]
                    length = nodes[s + 1] - nodes[s]
                    if length <= BLOCK:
                        for i in range(1, length):
                            rest = length - i
                            for c in range(lanes):
                                upper = power[i, c] * (partial[rest, c] * (1.0 + power[rest, c]))
                                lower = power[rest, c] * (partial[i, c] * (1.0 + power[i, c]))
                                value = (feed[s, c] * upper + feed[s + 1, c] * lower) * reach[s, c]
                                tile[offset + i, c] = value
                        continue
                    for first in range(0, length, BLOCK):
                        # i = first + m and length - i = last + rest, with m and rest within one block
                        last = max(0, length - first - BLOCK + 1)
                        for c in range(lanes):
                            unit = math.expm1(-decay[c])
                            near[c] = math.exp(-first * decay[c])
                            sum_near[c] = math.expm1(-first * decay[c]) / unit
                            rest_near[c] = math.exp(-last * decay[c])
                            rest_sum[c] = math.expm1(-last * decay[c]) / unit
                        for i in range(max(1, first), min(length, first + BLOCK)):
                            m = i - first
                            rest = length - i - last
                            for c in range(lanes):
                                q_i = near[c] * power[m, c]
                                q_rest = rest_near[c] * power[rest, c]
                                sum_i = sum_near[c] + near[c] * partial[m, c]
                                sum_rest = rest_sum[c] + rest_near[c] * partial[rest, c]
                                upper = q_i * (sum_rest * (1.0 + q_rest))
                                lower = q_rest * (sum_i * (1.0 + q_i))
                                value = (feed[s, c] * upper + feed[s + 1, c] * lower) * reach[s, c]
                                tile[offset + i, c] = value
            if lanes > 1:
                for c in range(count):
                    for i in range(width):
                        out[start + c, i] = tile[i, c]

    return eliminate


@cache
def compiled(function: Callable[..., None]) -> Callable[..., None]:
    """A function as machine code; kept on disk where the source's folder can be written to."""
    import numba

    try:
        return numba.njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # no folder for the cache: compile anew in each process
        return numba.njit(error_model="numpy")(function)
