"""Margins are those of dense regression, ranks those of the closed form, bytes the same each time."""

import numpy as np
from tests.relational.reference import regression

from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable
from memgen.relational.ranks import ranks_at
from memgen.relational.tables import (
    RANKS,
    SWEEP,
)


def test_sweep_holds_the_predictions_of_the_regression(study, hierarchies_of_the_study):
    frame = SWEEP.read(study / "sweep.parquet")
    assert frame.height == 8 * sum(n * (n - 1) // 2 for n, _ in hierarchies_of_the_study.values())
    for (name, alpha, ridge), rows in frame.group_by("hierarchy", "alpha", "ridge"):
        hierarchy = Hierarchy.of(*hierarchies_of_the_study[name])
        test = rows.select("higher", "lower").to_numpy()
        expected = regression(hierarchy.n, hierarchy.exceptions, Exchangeable.canonical(alpha), ridge, test)
        np.testing.assert_allclose(rows["margin"].to_numpy(), expected, atol=1e-9)
        np.testing.assert_allclose(rows["gamma"].to_numpy(), 2 * (alpha + ridge) / (1 - alpha), rtol=1e-15)
        assert rows["pair_class"].to_list() == [hierarchy.pair_class(*pair) for pair in test.tolist()]


def test_ranks_table_holds_the_ranks(study, hierarchies_of_the_study):
    frame = RANKS.read(study / "ranks.parquet")
    for (name, gamma, _), rows in frame.group_by("hierarchy", "gamma", "alpha"):
        hierarchy = Hierarchy.of(*hierarchies_of_the_study[name])
        expected = ranks_at(hierarchy.n, hierarchy.exceptions, gamma)
        np.testing.assert_array_equal(rows.sort("item")["rank"].to_numpy(), expected)
