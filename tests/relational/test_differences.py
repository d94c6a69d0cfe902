"""Predictions for many learners and pairs: both ways give the same bits, and are theory's sum."""

import numpy as np

from memgen.relational import differences
from memgen.relational.differences import predictions


def test_interpreted_and_compiled_give_the_same_bits(monkeypatch):
    stream = np.random.default_rng(0)
    profile, weight = stream.standard_normal((50, 9)), stream.uniform(0, 1, 50)
    pairs = np.stack(np.triu_indices(9, 1))
    target = stream.choice([-1.0, 0.0, 1.0], 36)
    one, other = np.empty((50, 36)), np.empty((50, 36))
    predictions(profile, weight, pairs, target, one)
    monkeypatch.setattr(differences, "COMPILED_WORK", 0)
    predictions(profile, weight, pairs, target, other)
    np.testing.assert_array_equal(one, other)
    row, pair = 7, int(np.flatnonzero(target)[0])
    difference = profile[row, pairs[0, pair]] - profile[row, pairs[1, pair]]
    assert np.isclose(one[row, pair], weight[row] * target[pair] + (1 - weight[row]) * difference)
