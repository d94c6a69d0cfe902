"""Critical conjunctivity: reference values, where it exists, and that errors begin there."""

import numpy as np
import pytest
from hypothesis import given
from tests.relational.reference import hierarchies

from memgen.relational.behaviour import phase
from memgen.relational.crossing import balance, critical, critical_pairs
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import dense_ranks


@pytest.mark.parametrize("n", range(3, 14))
def test_one_exception_has_a_crossing_exactly_where_the_theory_says(n):
    """Every exception of every short chain, against the sign of a dense solve on a fine grid."""
    grid = np.geomspace(1e-4, 1e4, 300)
    for loser in range(n):
        for winner in range(loser + 2, n):
            (found,) = critical(n, [(winner, loser)])
            expected = loser >= 2 and winner <= n - 3 and (loser, winner) != (2, n - 3)
            assert (found.gamma is not None) == expected, (n, winner, loser)
            if loser == 0 or winner == n - 1:
                continue
            dense = np.array([dense_ranks(Hierarchy(n, ((winner, loser),)), leak) for leak in grid[::15]])
            margin = dense[:, loser - 1] - dense[:, winner + 1]
            right = grid[::15] < (np.inf if found.gamma is None else found.gamma)
            clear = np.abs(margin) > 1e-9 * np.abs(dense).max(axis=1)
            np.testing.assert_array_equal((margin > 0)[clear], right[clear])


@given(task=hierarchies(largest=20, most=3))
def test_each_pair_beside_an_exception_turns_at_its_own_gamma(task):
    n, exceptions = task
    found = critical_pairs(n, exceptions, ridge=0.2)
    outer = {(part.first - 1, part.last + 1): part.gamma for part in critical(n, exceptions)}
    assert {(pair.higher, pair.lower) for pair in found} >= {pair for pair in outer if outer[pair]}
    for pair in found:
        assert outer.get((pair.higher, pair.lower), pair.gamma) == pair.gamma
        if pair.gamma is not None:
            assert pair.alpha == pytest.approx((pair.gamma - 2 * 0.2) / (2 + pair.gamma))
            for factor, sign in ((1 - 1e-6, 1), (1 + 1e-6, -1)):
                profile = dense_ranks(Hierarchy(n, tuple(exceptions)), pair.gamma * factor)
                assert np.sign(profile[pair.higher] - profile[pair.lower]) == sign


def nothing_wrong(n, exception, alpha, ridge):
    """Whether every pair with a truth is answered right, the exception too, from the pairs themselves."""
    found = phase(n, [exception], alpha, ridge)
    return np.all([part.lowest_margin > 0 for name, part in found.items() if name != "loop"], axis=0)


@pytest.mark.parametrize("n", range(3, 12))
def test_all_pairs_are_right_exactly_up_to_the_balance(n):
    """Every exception of every short chain, against all of its pairs over conjunctivity and ridge."""
    across, up = np.linspace(0.002, 0.98, 90), np.geomspace(1e-4, 10, 60)
    alpha, ridge = (axis.ravel() for axis in np.meshgrid(across, up))
    for loser in range(n):
        for winner in range(loser + 2, n):
            found = balance(n, winner, loser)
            right = nothing_wrong(n, (winner, loser), alpha, ridge)
            if found.gamma is None:
                assert nothing_wrong(n, (winner, loser), across, 0.0).all(), (n, winner, loser)
                continue
            assert not right[(2 * (alpha + ridge) / (1 - alpha) > found.gamma) | (ridge > found.ridge)].any()
            beside = found.alpha * np.array([1 - 1e-6, 1 + 1e-6])
            assert nothing_wrong(n, (winner, loser), beside, 0.0).tolist() == [True, False]
            # At the tip, only just inside: with the largest ridge, a conjunctivity is left.
            within = 0.999 * found.ridge
            least = np.linspace(0, found.alpha, 4000)[1:]
            assert nothing_wrong(n, (winner, loser), least, within).any(), (n, winner, loser)
