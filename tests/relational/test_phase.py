"""Behaviour by pair class, against the hierarchy's own classes and dense regression."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.relational.reference import hierarchies, regression

from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable
from memgen.relational.phase import Pairs, phase, right_answers
from memgen.relational.phase_tables import family, geometry_table, phase_table
from memgen.relational.tables import GEOMETRY, PHASE
from memgen.relational.task import task


@given(problem=hierarchies(largest=20))
@settings(max_examples=60, deadline=None)
def test_pairs_are_those_of_the_hierarchy(problem):
    hierarchy = Hierarchy(problem[0], tuple(problem[1]))
    pairs = Pairs.of(hierarchy)
    ends = list(zip(pairs.higher.tolist(), pairs.lower.tolist(), strict=True))
    assert ends == list(hierarchy.unordered_pairs())
    assert pairs.classes.tolist() == [hierarchy.pair_class(*end) for end in ends]
    assert pairs.truth.tolist() == [hierarchy.truth(*end) or 0 for end in ends]
    assert pairs.trained.tolist() == [hierarchy.trained(*end) for end in ends]


@given(problem=hierarchies(largest=10), alpha=st.floats(0.05, 0.9), ridge=st.floats(0.01, 2))
@settings(max_examples=25, deadline=None)
def test_accuracy_and_margin_are_those_of_the_regression(problem, alpha, ridge):
    n, exceptions = problem
    hierarchy = Hierarchy(n, tuple(exceptions))
    found = phase(n, exceptions, alpha, ridge)
    assert sum(part.pairs for part in found.values()) == n * (n - 1) // 2
    test = list(hierarchy.unordered_pairs())
    predicted = regression(n, exceptions, Exchangeable.canonical(alpha), ridge, test)
    for name, part in found.items():
        chosen = [index for index, pair in enumerate(test) if hierarchy.pair_class(*pair) == name]
        scored = np.array([predicted[index] * (hierarchy.truth(*test[index]) or 1) for index in chosen])
        assert part.pairs == len(chosen)
        np.testing.assert_allclose(
            [part.margin, part.lowest_margin], [scored.mean(), scored.min()], atol=1e-9
        )
        if name == "loop":
            assert part.accuracy is None
        elif np.abs(scored).min() > 1e-6:
            assert part.accuracy == pytest.approx((scored > 0).mean())


def test_limits():
    """Additive: the exception is not fitted, cross pairs are right. Conjunctive: only trained pairs are."""
    additive = phase(9, [(5, 3)], 0.0, 0.0)
    assert additive["exception"].accuracy == 0.5 and abs(additive["exception"].margin) < 1e-12
    assert additive["cross"].accuracy == 1.0 and additive["boundary"].lowest_margin > 0
    conjunctive = phase(9, [(5, 3)], 1 - 1e-9, 0.5)
    assert conjunctive["train"].margin == pytest.approx(1 / 1.5) and abs(conjunctive["within"].margin) < 1e-8
    assert phase(9)["test"].accuracy == 1.0


def test_zero_margins_are_half_right():
    np.testing.assert_array_equal(right_answers(np.array([1.0, -0.1, 0.0, 1e-14])), [1, 0, 0.5, 0.5])
    np.testing.assert_array_equal(right_answers(np.zeros(3)), [0.5] * 3)


def test_phase_table(tmp_path):
    task(name="exc", n=9, exceptions=["6:3"], out=tmp_path / "task.parquet")
    phase_table(
        tasks=[tmp_path / "task.parquet"],
        conjunctivity_points=3,
        highest_conjunctivity=0.9,
        lowest_ridge=0.01,
        highest_ridge=1.0,
        ridge_points=4,
        out=tmp_path / "phase.parquet",
    )
    frame = PHASE.read(tmp_path / "phase.parquet")
    assert frame.group_by("alpha", "ridge").len().height == 12
    loop = frame.filter(pl.col("pair_class") == "loop")
    assert loop["accuracy"].null_count() == loop.height == 12
    row = frame.filter(
        (pl.col("pair_class") == "cross") & (pl.col("alpha") == 0.45) & (pl.col("ridge") == 1)
    ).row(0, named=True)
    expected = phase(9, [(6, 3)], 0.45, 1.0)["cross"]
    assert (row["accuracy"], row["margin"]) == pytest.approx((expected.accuracy, expected.margin))


def test_family_is_every_span_and_position_that_fits():
    members = list(family(9, 2))
    assert all(len(hierarchy.components) == 2 for _, _, hierarchy in members)
    assert len({hierarchy.exceptions for _, _, hierarchy in members}) == len(members)
    assert {span for span, _, _ in members} == {2, 3}
    assert [(span, place) for span, place, _ in family(5, 1)] == [
        (2, 0),
        (2, 1),
        (2, 2),
        (3, 0),
        (3, 1),
        (4, 0),
    ]
    assert list(family(3, 5)) == []


def test_geometry_table(tmp_path):
    geometry_table(
        n=[7, 9], numbers=[1, 2], conjunctivity=[0.0, 0.5], ridge=[0.0], out=tmp_path / "g.parquet"
    )
    frame = GEOMETRY.read(tmp_path / "g.parquet")
    shapes = frame.select("n", "number", "span", "position").unique().height
    assert shapes == sum(len(list(family(n, number))) for n in (7, 9) for number in (1, 2))
    rows = frame.filter((pl.col("n") == 9) & (pl.col("exceptions") == "3:1 7:5") & (pl.col("alpha") == 0.5))
    assert rows.height == 0 or rows["number"][0] == 2
    for label, number in (("5:3", 1), ("3:1 7:5", 2)):
        pairs = [tuple(map(int, word.split(":"))) for word in label.split()]
        expected = phase(9, pairs, 0.5, 0.0)
        rows = frame.filter((pl.col("n") == 9) & (pl.col("exceptions") == label) & (pl.col("alpha") == 0.5))
        assert set(rows["pair_class"]) == set(expected) and set(rows["number"]) == {number}
        for row in rows.iter_rows(named=True):
            assert row["margin"] == pytest.approx(float(expected[row["pair_class"]].margin), abs=1e-14)


def test_no_hierarchy_fits(tmp_path):
    geometry_table(n=[3], numbers=[5], conjunctivity=[0.1], ridge=[0.0], out=tmp_path / "g.parquet")
    assert GEOMETRY.read(tmp_path / "g.parquet").is_empty()
