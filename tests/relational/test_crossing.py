"""Critical conjunctivity: reference values, where it exists, and that errors begin there."""

import numpy as np
import pytest
from hypothesis import given
from tests.relational.reference import dense_ranks, hierarchies

from memgen.relational.behaviour import phase
from memgen.relational.crossing import balance, critical, critical_pairs
from memgen.relational.ranks import ranks, ranks_at


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
            dense = np.array([dense_ranks(n, [(winner, loser)], leak) for leak in grid[::15]])
            margin = dense[:, loser - 1] - dense[:, winner + 1]
            right = grid[::15] < (np.inf if found.gamma is None else found.gamma)
            clear = np.abs(margin) > 1e-9 * np.abs(dense).max(axis=1)
            np.testing.assert_array_equal((margin > 0)[clear], right[clear])


@given(task=hierarchies(largest=40, most=4))
def test_the_sign_turns_at_the_critical_gamma(task):
    n, exceptions = task
    for found in critical(n, exceptions):
        if found.gamma is None:
            continue
        assert found.alpha == pytest.approx(found.gamma / (2 + found.gamma))
        for factor, sign in ((1 - 1e-6, 1), (1 + 1e-6, -1)):
            profile = ranks_at(n, exceptions, found.gamma * factor)
            assert np.sign(profile[found.first - 1] - profile[found.last + 1]) == sign


@given(task=hierarchies(largest=20, most=3))
def test_each_pair_beside_an_exception_turns_at_its_own_gamma(task):
    n, exceptions = task
    found = critical_pairs(n, exceptions)
    outer = {(part.first - 1, part.last + 1): part.gamma for part in critical(n, exceptions)}
    assert {(pair.higher, pair.lower) for pair in found} >= {pair for pair in outer if outer[pair]}
    for pair in found:
        assert outer.get((pair.higher, pair.lower), pair.gamma) == pair.gamma
        if pair.gamma is not None:
            for factor, sign in ((1 - 1e-6, 1), (1 + 1e-6, -1)):
                profile = dense_ranks(n, exceptions, pair.gamma * factor)
                assert np.sign(profile[pair.higher] - profile[pair.lower]) == sign


def test_ridge_shifts_the_critical_conjunctivity():
    (found,) = critical(9, [(5, 3)], ridge=0.2)
    assert found.alpha == pytest.approx((1 - 0.4) / 3)
    profile = ranks(9, [(5, 3)], found.alpha, 0.2)
    assert profile[2] == pytest.approx(profile[6], abs=1e-14)
    assert critical(9, [(5, 3)], ridge=0.6)[0].alpha < 0


def test_components_in_order_and_none_without_exception():
    assert critical(9, []) == ()
    found = critical(40, [(31, 29), (8, 5), (7, 6 - 2)])
    assert [(part.first, part.last) for part in found] == [(4, 8), (29, 31)]


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


def test_balance_of_the_papers_hierarchy():
    """With 5 beating 3 among 9 items, 2 v 5 and 3 v 6 turn wrong first, at gamma (sqrt(13) - 3) / 2."""
    found = balance(9, 5, 3)
    assert found.gamma == pytest.approx((np.sqrt(13) - 3) / 2, abs=1e-12)
    profile = ranks_at(9, [(5, 3)], found.gamma)
    assert profile[2] == pytest.approx(profile[5], abs=1e-12) and profile[3] == pytest.approx(profile[6])
