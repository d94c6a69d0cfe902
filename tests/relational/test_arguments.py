"""Many hierarchies at once: n and exceptions as arrays, ranges of numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.relational.reference import gammas, hierarchies

from memgen.errors import BadInput
from memgen.relational.arguments import NO_EXCEPTION, grouped, pieces
from memgen.relational.ranks import margins, ranks, ranks_at


def padded(tasks):
    """Arrays of n and exceptions for hierarchies with different numbers of them."""
    most = max((len(exceptions) for _, exceptions in tasks), default=0)
    rows = np.full((len(tasks), most, 2), NO_EXCEPTION)
    for row, (_, exceptions) in zip(rows, tasks, strict=True):
        row[: len(exceptions)] = np.array(exceptions).reshape(-1, 2)
    return np.array([n for n, _ in tasks]), rows


@given(tasks=st.lists(hierarchies(largest=15, most=3), min_size=1, max_size=6), leak=gammas)
def test_arrays_of_hierarchies_are_each_that_of_one(tasks, leak):
    n, exceptions = padded(tasks)
    found = ranks_at(n, exceptions, leak)
    assert found.shape == (len(tasks), n.max())
    for row, (size, pairs) in zip(found, tasks, strict=True):
        np.testing.assert_array_equal(row[:size], ranks_at(size, pairs, leak))
        assert np.isnan(row[size:]).all()


def test_everything_broadcasts_together():
    alpha, ridge = np.linspace(0, 0.8, 5)[:, None, None], np.array([0.0, 1.0])[:, None]
    n, exceptions = np.array([5, 9, 7]), np.array([[[3, 1]], [[5, 3]], [[NO_EXCEPTION] * 2]])
    found = ranks(n, exceptions, alpha, ridge)
    assert found.shape == (5, 2, 3, 9)
    np.testing.assert_array_equal(found[2, 1, 1], ranks(9, [(5, 3)], alpha[2, 0, 0], 1.0))
    np.testing.assert_array_equal(found[4, 0, 2, :7], ranks(7, [], 0.8, 0.0))


def test_long_lists_of_exceptions_are_grouped_like_short_ones():
    """Too many columns for one integer key."""
    every = np.array([[[w, w - 2] for w in range(2, 40)], [[w, w - 3] for w in range(3, 41)]])
    shape, width, groups = grouped(np.array(60), every[[0, 1, 0]], ())
    assert shape == (3,) and width == 60
    assert sorted(members.tolist() for _, members in groups) == [[0, 2], [1]]


@pytest.mark.parametrize(
    ("n", "exceptions", "message"),
    [
        ([9.5, 3], (), "n of type float64"),
        ([9, 2], (), "n = 2"),
        ([9, 5], [(5, 3)], "exception 5:3: ranks must be 0 to 4"),
        (9, np.array([[[5, -1]]]), "exception 5:-1"),
        (9, np.zeros((2, 1, 3), dtype=int), "exceptions of shape (2, 1, 3)"),
    ],
)
def test_bad_arrays_are_refused_in_one_line(n, exceptions, message):
    with pytest.raises(BadInput) as caught:
        ranks(n, exceptions, 0.5)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_result_may_be_written_into_an_array():
    alpha = np.linspace(0, 0.9, 20_000)
    for exceptions in ([(5, 3)], np.array([[[5, 3]]])):
        target = np.empty((20_000, 9))
        assert ranks(9, exceptions, alpha, out=target) is target
        np.testing.assert_array_equal(target, ranks(9, exceptions, alpha))
    for wrong in (np.empty((20_000, 8)), np.empty((20_000, 9), dtype=np.float32), np.empty((9, 20_000)).T):
        with pytest.raises(BadInput, match="out of shape"):
            ranks(9, [(5, 3)], alpha, out=wrong)


@pytest.mark.parametrize("shape", [(), (3,), (2, 5), (0,)])
def test_pieces_cover_everything_once(shape):
    alpha = np.arange(np.prod(shape, dtype=int)).reshape(shape) / 100
    seen = [np.atleast_1d(one)[:] for _, one, _ in pieces(alpha, np.array(0.0), shape, 2)]
    np.testing.assert_array_equal(np.concatenate([*seen, []]), alpha.ravel())


def test_many_configurations_are_the_same_in_pieces():
    """More than are computed at a time; ridge and alpha on different axes."""
    alpha, ridge = np.linspace(0, 0.9, 300)[:, None], np.geomspace(1e-3, 10, 100)
    found = ranks(9, [(5, 3)], alpha, ridge)
    predicted = margins(9, [(5, 3)], alpha, ridge, [0, 3, 2], [8, 5, 3])
    assert found.shape == (300, 100, 9) and predicted.shape == (300, 100, 3)
    for a, b in ((0, 0), (299, 99), (150, 3)):
        np.testing.assert_array_equal(found[a, b], ranks(9, [(5, 3)], alpha[a, 0], ridge[b]))
        one = margins(9, [(5, 3)], alpha[a, 0], ridge[b], [0, 3, 2], [8, 5, 3])
        np.testing.assert_allclose(predicted[a, b], one, rtol=1e-15)
