"""Tables hold what the closed forms give, for every hierarchy and learner."""

import numpy as np
import polars as pl
import pytest
from tests.relational.reference import HIERARCHIES, regression

from memgen.errors import BadInput
from memgen.relational.behaviour import phase
from memgen.relational.frames import read_tasks
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable
from memgen.relational.memorization import memorization_scores
from memgen.relational.ranks import ranks_at
from memgen.relational.stages.grids import memorization_table, phase_table, readout_table
from memgen.relational.stages.placement import family, placement_table
from memgen.relational.tables import MEMORIZATION, PHASE, PLACEMENT, RANKS, READOUT, SWEEP, TASK

GRID = {"conjunctivity": [0.0, 0.3, 0.9], "ridge": [0.0, 0.5]}


@pytest.fixture(scope="module")
def tasks(study):
    return [study / f"{name}.parquet" for name in ("ti_n9", "exc_mid_n9", "two_n15")]


def assert_behaviour(row, expected):
    """A row has the numbers that `phase` gives for its class."""
    part = expected[row["pair_class"]]
    accuracy = None if part.accuracy is None else float(part.accuracy)
    assert row["pairs"] == part.pairs and row["accuracy"] == pytest.approx(accuracy)
    assert row["margin"] == pytest.approx(float(part.margin), abs=1e-14)


def test_task_table_is_the_hierarchy_and_is_read_back_as_it(study):
    for name, (n, exceptions) in HIERARCHIES.items():
        frame = TASK.read(study / f"{name}.parquet")
        hierarchy = Hierarchy.of(n, exceptions)
        pairs = frame.select("first", "second").rows()
        assert pairs == list(hierarchy.ordered_pairs())
        assert frame["truth"].to_list() == [hierarchy.truth(*pair) for pair in pairs]
        assert frame["pair_class"].to_list() == [hierarchy.pair_class(*pair) for pair in pairs]
        trained = frame.filter("trained")
        assert trained.height == 2 * (n - 1 + len(exceptions))
        assert trained["target"].to_list() == trained["truth"].to_list()
        assert set(frame.filter(~pl.col("trained"))["target"]) <= {None}
    found = read_tasks([study / f"{name}.parquet" for name in HIERARCHIES])
    assert found == {name: Hierarchy.of(*held) for name, held in HIERARCHIES.items()}
    with pytest.raises(BadInput, match="given twice"):
        read_tasks([study / "ti_n9.parquet", study / "ti_n9.parquet"])


def test_sweep_holds_the_predictions_of_the_regression(study):
    frame = SWEEP.read(study / "sweep.parquet")
    assert frame.height == 10 * sum(n * (n - 1) // 2 for n, _ in HIERARCHIES.values())
    for (name, alpha, ridge), rows in frame.group_by("hierarchy", "alpha", "ridge"):
        hierarchy = Hierarchy.of(*HIERARCHIES[name])
        test = rows.select("higher", "lower").to_numpy()
        expected = regression(hierarchy.n, hierarchy.exceptions, Exchangeable.canonical(alpha), ridge, test)
        np.testing.assert_allclose(rows["margin"].to_numpy(), expected, atol=1e-9)
        np.testing.assert_allclose(rows["gamma"].to_numpy(), 2 * (alpha + ridge) / (1 - alpha), rtol=1e-15)
        assert rows["pair_class"].to_list() == [hierarchy.pair_class(*pair) for pair in test.tolist()]
    for (name, gamma, _), rows in RANKS.read(study / "ranks.parquet").group_by("hierarchy", "gamma", "alpha"):
        hierarchy = Hierarchy.of(*HIERARCHIES[name])
        expected = ranks_at(hierarchy.n, hierarchy.exceptions, gamma)
        np.testing.assert_array_equal(rows.sort("item")["rank"].to_numpy(), expected)


def test_memorization_table_holds_the_scores_in_the_order_of_the_pairs(tasks, tmp_path):
    memorization_table(tasks=tasks, **GRID, out=tmp_path / "m.parquet")
    frame = MEMORIZATION.read(tmp_path / "m.parquet")
    assert frame.height == 6 * (8 + 9 + 16)
    rows = frame.filter(hierarchy="two_n15", alpha=0.3, ridge=0.5)
    scores = memorization_scores(15, [(5, 3), (11, 9)], 0.3, 0.5)
    np.testing.assert_allclose(rows["score"].to_numpy(), scores, rtol=1e-15)
    np.testing.assert_allclose(rows["margin"] - rows["left_out_margin"], rows["score"], atol=1e-15)
    assert rows["pair_class"].to_list() == ["train"] * 14 + ["exception"] * 2
    inside = rows.filter(pl.col("in_loop")).select("higher", "lower").rows()
    assert inside == [(3, 4), (4, 5), (9, 10), (10, 11), (3, 5), (9, 11)]


def test_phase_table_is_behaviour_at_every_point(study, tmp_path):
    phase_table(
        tasks=[study / "exc_far_n11.parquet"], conjunctivity_points=3, highest_conjunctivity=0.9,
        lowest_ridge=0.01, highest_ridge=1.0, ridge_points=4, out=tmp_path / "phase.parquet",
    )  # fmt: skip
    frame = PHASE.read(tmp_path / "phase.parquet")
    assert frame.group_by("alpha", "ridge").len().height == 12
    for row in frame.iter_rows(named=True):
        assert_behaviour(row, phase(11, [(7, 3)], row["alpha"], row["ridge"]))


def test_family_is_every_span_and_position_that_fits():
    places = [(span, place) for span, place, _ in family(5, 1)]
    assert places == [(2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (4, 0)]
    assert [hierarchy.label for _, _, hierarchy in family(8, 2)] == ["2:0 6:4", "3:1 7:5"]


def test_placement_table_holds_every_member_of_the_family(tmp_path):
    placement_table(
        n=[7, 9], numbers=[1, 2], conjunctivity=[0.0, 0.5], ridge=[0.0], out=tmp_path / "g.parquet"
    )
    frame = PLACEMENT.read(tmp_path / "g.parquet")
    shapes = frame.select("n", "number", "span", "position").unique().height
    assert shapes == sum(len(list(family(n, number))) for n in (7, 9) for number in (1, 2))
    for label, number in (("5:3", 1), ("3:1 7:5", 2)):
        expected = phase(9, label.split(), 0.5, 0.0)
        rows = frame.filter(n=9, exceptions=label, alpha=0.5)
        assert set(rows["pair_class"]) == set(expected) and set(rows["number"]) == {number}
        for row in rows.iter_rows(named=True):
            assert_behaviour(row, expected)


def test_readout_table_is_by_class_and_by_distance(tasks, tmp_path):
    readout_table(tasks=tasks, **GRID, temperature=[0.0, 0.1, 1e6], out=tmp_path / "r.parquet")
    frame = READOUT.read(tmp_path / "r.parquet")
    whole = frame.filter(pl.col("distance").is_null())
    for row in whole.filter(temperature=0).iter_rows(named=True):
        expected = phase(row["n"], row["exceptions"].split(), row["alpha"], row["ridge"])[row["pair_class"]]
        assert row["accuracy"] == pytest.approx(float(expected.accuracy)) and row["pairs"] == expected.pairs
    assert (whole.filter(temperature=1e6)["accuracy"] - 0.5).abs().max() < 1e-5
    # Of a class with one pair the accuracy is the softmax of its margin.
    for row in frame.filter(temperature=0.1, pairs=1, pair_class="exception").iter_rows(named=True):
        part = phase(row["n"], row["exceptions"].split(), row["alpha"], row["ridge"])["exception"]
        assert row["accuracy"] == pytest.approx(1 / (1 + np.exp(-float(part.margin) / 0.1)))
    assert "loop" not in set(frame["pair_class"])
    parts = frame.filter(pl.col("distance").is_not_null())
    mean = (pl.col("accuracy") * pl.col("pairs")).sum() / pl.col("pairs").sum()
    key = ["hierarchy", "alpha", "ridge", "temperature", "pair_class"]
    expected = whole.sort(key)["accuracy"]
    np.testing.assert_allclose(parts.group_by(key).agg(mean).sort(key)["accuracy"], expected, rtol=1e-12)
