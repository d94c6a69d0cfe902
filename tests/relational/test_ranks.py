"""Ranks and what follows from them, against dense regression and 50-digit arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.relational.reference import gammas, hierarchies, precise_ranks, regression

from memgen.errors import BadInput
from memgen.relational import circuit
from memgen.relational import ranks as module
from memgen.relational.arguments import NO_EXCEPTION
from memgen.relational.circuit import circuit_of
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable
from memgen.relational.ranks import dipole, dual_weights, margins, predictions, ranks, ranks_at, strengths

TOLERANCE = 1e-12
"""Of the largest rank of the chain alone (theory: Numerically)."""


def assert_precise(n, exceptions, leak, count=200):
    """Compare with 50 digits everywhere, or at `count` positions and all that matter where n is large."""
    items = range(n)
    if n > 400:
        ends = [0, n - 1, *(rank for pair in exceptions for rank in pair)]
        near = [end + step for end in ends for step in (-2, -1, 0, 1, 2)]
        spread = np.linspace(0, n - 1, count).round().astype(int).tolist()
        items = sorted({rank for rank in [*near, *spread] if 0 <= rank < n})
    expected, largest = precise_ranks(n, exceptions, leak, items)
    found = ranks_at(n, exceptions, leak)[list(items)]
    assert np.abs(found - expected).max() <= TOLERANCE * largest


@given(task=hierarchies(largest=300), leak=gammas)
def test_ranks_in_fifty_digits(task, leak):
    assert_precise(*task, leak)


@given(
    n=st.integers(10_001, 1_000_000) | st.just(1_000_000),
    shares=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=6),
    leak=gammas | st.floats(-18, -6).map(lambda power: 10.0**power),
)
def test_long_chains_in_fifty_digits(n, shares, leak):
    ends = [sorted((int(one * (n - 1)), int(other * (n - 1)))) for one, other in shares]
    assert_precise(n, list({(last, first) for first, last in ends if last >= first + 2}), leak)


@pytest.mark.parametrize("leak", [0.0, 1e-300, 1e-13, 1e-9, 1e-3, 1.0, 1e12])
def test_several_exceptions_that_span_a_long_chain(leak):
    """The case that loses 1e-10 in the Woodbury form: nearly parallel, nearly cancelling dipoles."""
    n = 1_000_000
    long = [(n - 1, 0), (n - 1, 1), (n - 2, 0), (n - 3, 7), (n - 4, 5), (n // 2, 3), (n - 5, n // 3)]
    assert_precise(n, long, leak)


@given(task=hierarchies(), alpha=st.floats(0, 0.999), ridge=st.just(0.0) | st.floats(0, 100))
def test_margins_are_those_of_the_regression(task, alpha, ridge):
    """Whole theory at once, trained pairs too. The regression itself loses digits as alpha + ridge -> 0."""
    n, exceptions = task
    alpha = 0.0 if alpha < 1e-3 else alpha
    ridge = 0.0 if ridge < 1e-3 else ridge
    test = list(Hierarchy(n).ordered_pairs())
    found = margins(n, exceptions, alpha, ridge, *np.array(test).T)
    expected = regression(n, exceptions, Exchangeable.canonical(alpha), ridge, test)
    np.testing.assert_allclose(found, expected, atol=1e-8)


@given(task=hierarchies(), alpha=st.floats(0.05, 0.95), ridge=st.floats(0.01, 10))
def test_dual_weights_reproduce_the_regression(task, alpha, ridge):
    """Both directions carry a_t and -a_t: K a + ridge a = y, in the canonical kernel."""
    n, exceptions = task
    pairs = list(Hierarchy(n, tuple(exceptions)).training_pairs())
    train = np.array([*pairs, *[pair[::-1] for pair in pairs]])
    matrix = Exchangeable.canonical(alpha).matrix(train, train) + ridge * np.eye(len(train))
    expected = np.linalg.solve(matrix, np.repeat([1.0, -1.0], len(pairs)))[: len(pairs)]
    np.testing.assert_allclose(dual_weights(n, exceptions, alpha, ridge), expected, atol=1e-9)
    assert np.isnan(dual_weights(n, exceptions, 0.0, 0.0)).all()


@given(task=hierarchies(largest=60), leak=gammas)
def test_ranks_are_a_chain_plus_dipoles(task, leak):
    """The mechanism: plain transitive inference plus a dipole of strength s per exception."""
    n, exceptions = task
    rebuilt = dipole(n, 0, n - 1, leak)
    for strength, (winner, loser) in zip(strengths(n, exceptions, leak), exceptions, strict=True):
        rebuilt = rebuilt + strength * dipole(n, winner, loser, leak)
    found = ranks_at(n, exceptions, leak)
    largest = np.abs(dipole(n, 0, n - 1, leak)).max()
    np.testing.assert_allclose(found, rebuilt, atol=1e-12 * largest * (1 + len(exceptions)))


@given(
    task=hierarchies(largest=300),
    leaks=st.lists(gammas, min_size=1, max_size=5),
    lanes=st.sampled_from([1, 64]),
)
def test_circuits_interpreted_and_compiled_have_the_same_bits(task, leaks, lanes):
    n, exceptions = task
    nodes, wires, current = circuit_of(Hierarchy(n, tuple(exceptions)))
    links = np.ones(nodes.size - 1)
    for fill in (True, False):
        width = n if fill else nodes.size
        one, other = np.empty((len(leaks), width)), np.empty((len(leaks), width))
        arguments = (np.array(leaks), nodes, links, wires, current)
        with np.errstate(under="ignore"):
            circuit._eliminator(1)(*arguments, fill, one)
        circuit.compiled(circuit._eliminator(lanes))(*arguments, fill, other)
        np.testing.assert_array_equal(one, other)


def test_predictions_interpreted_and_compiled_have_the_same_bits(monkeypatch):
    stream = np.random.default_rng(0)
    profile, weight = stream.standard_normal((50, 9)), stream.uniform(0, 1, 50)
    pairs = np.stack(np.triu_indices(9, 1))
    target = stream.choice([-1.0, 0.0, 1.0], 36)
    one, other = np.empty((50, 36)), np.empty((50, 36))
    predictions(profile, weight, pairs, target, one)
    monkeypatch.setattr(module, "COMPILED_WORK", 0)
    predictions(profile, weight, pairs, target, other)
    np.testing.assert_array_equal(one, other)
    row, pair = 7, int(np.flatnonzero(target)[0])
    difference = profile[row, pairs[0, pair]] - profile[row, pairs[1, pair]]
    assert np.isclose(one[row, pair], weight[row] * target[pair] + (1 - weight[row]) * difference)


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
    # Too many columns for one integer key.
    every = np.array([[[w, w - 2] for w in range(2, 40)], [[w, w - 3] for w in range(3, 41)]])
    found = ranks_at(60, every[[0, 1, 0]], 1.0)
    for row, pairs in zip(found, every[[0, 1, 0]], strict=True):
        np.testing.assert_array_equal(row, ranks_at(60, pairs, 1.0))


def test_a_result_may_be_written_into_an_array():
    alpha = np.linspace(0, 0.9, 20_000)
    for exceptions in ([(5, 3)], np.array([[[5, 3]]])):
        target = np.empty((20_000, 9))
        assert ranks(9, exceptions, alpha, out=target) is target
        np.testing.assert_array_equal(target, ranks(9, exceptions, alpha))
    for wrong in (np.empty((20_000, 8)), np.empty((20_000, 9), dtype=np.float32), np.empty((9, 20_000)).T):
        with pytest.raises(BadInput, match="out of shape"):
            ranks(9, [(5, 3)], alpha, out=wrong)


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
