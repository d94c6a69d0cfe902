"""References beside the code under test: dense regression, and theory.md's forms in 80 digits."""

import mpmath
import numpy as np
from hypothesis import strategies as st

from memgen.relational.kernels import Exchangeable, kernel_ridge

DIGITS = 80

#: Number of items and exceptions of hierarchies of which tables are made, by name.
HIERARCHIES = {
    "ti_n9": (9, []),
    "exc_mid_n9": (9, ["5:3"]),
    "exc_far_n11": (11, ["7:3"]),
    "two_n15": (15, ["5:3", "11:9"]),
    "edge_n5": (5, ["2:0"]),
}


def regression(n, exceptions, kernel: Exchangeable, ridge, test, without=None):
    """Kernel ridge regression on both directions of every training pair, one of them left out if asked."""
    pairs = [(i, i + 1) for i in range(n - 1)] + [tuple(pair) for pair in exceptions]
    if without is not None:
        pairs = pairs[:without] + pairs[without + 1 :]
    train = np.array([*pairs, *[(loser, winner) for winner, loser in pairs]])
    target = np.repeat([1.0, -1.0], len(pairs))
    return kernel_ridge(kernel.matrix(train, train), target, kernel.matrix(test, train), ridge)


def precise_dipole(n, a, b, gamma):
    """Function i -> [G (e_a - e_b)]_i of the chain alone (theory: Closed form), a and b in either order."""
    sign = 1 if a < b else -1
    a, b = min(a, b), max(a, b)
    # the limit gamma -> 0 is reached to 40 digits long before rounding is felt
    k = 2 * mpmath.asinh(mpmath.sqrt(mpmath.mpf(gamma or "1e-60")) / 2)
    sinh, half = mpmath.sinh, k / 2
    below = sign / (sinh(k) * sinh(n * k))
    left = 2 * sinh((2 * n - 1 - a - b) * half) * sinh((b - a) * half) * below
    right = -2 * sinh((a + b + 1) * half) * sinh((b - a) * half) * below
    inner, outer = sinh((2 * n + a - b) * half) * below, sinh((a - b) * half) * below

    def value(i):
        if i <= a:
            return mpmath.cosh((2 * i + 1) * half) * left
        if i >= b:
            return mpmath.cosh((2 * n - 1 - 2 * i) * half) * right
        return inner * sinh((a + b - 2 * i) * half) + outer * sinh((a + b + 2 * i + 2 - 2 * n) * half)

    return value


def precise_ranks(n, exceptions, gamma, items):
    """Ranks at `items` by the Woodbury form in high precision, and the largest rank of the chain alone."""
    with mpmath.workdps(DIGITS):
        chain = precise_dipole(n, 0, n - 1, gamma)
        columns = [precise_dipole(n, winner, loser, gamma) for winner, loser in exceptions]
        matrix = mpmath.eye(len(exceptions))
        for row, (winner, loser) in enumerate(exceptions):
            for column, dipole in enumerate(columns):
                matrix[row, column] += dipole(winner) - dipole(loser)
        unexplained = [1 - (chain(winner) - chain(loser)) for winner, loser in exceptions]
        strengths = mpmath.lu_solve(matrix, unexplained) if exceptions else []
        ranks = [
            chain(i) + sum((s * d(i) for s, d in zip(strengths, columns, strict=True)), mpmath.mpf(0))
            for i in items
        ]
        return np.array([float(rank) for rank in ranks]), float(chain(0))


@st.composite
def hierarchies(draw, largest=12, most=5):
    """n and a list of valid exceptions: overlapping, nested, adjacent, at the ends, often long."""
    n = draw(st.integers(3, 40) | st.integers(3, largest)) if largest > 40 else draw(st.integers(3, largest))

    def rank():
        anchor = st.sampled_from([0, 1, 2, n // 2, n - 3, n - 2, n - 1])
        return (st.integers(0, n - 1) | anchor).map(lambda value: min(max(value, 0), n - 1))

    pair = st.tuples(rank(), rank()).map(lambda ends: (max(ends), min(ends)))
    valid = pair.filter(lambda ends: ends[0] >= ends[1] + 2)
    return n, draw(st.lists(valid, max_size=most, unique=True))


gammas = st.just(0.0) | st.floats(-12, 12).map(lambda power: 10.0**power) | st.floats(0, 10)
