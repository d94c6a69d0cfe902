"""The placement table holds every member of its family, each as `behaviour` gives it."""

import polars as pl
import pytest

from memgen.relational.behaviour import phase
from memgen.relational.stages.placement_table import family, placement_table
from memgen.relational.tables import PLACEMENT


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


def test_placement_table(tmp_path):
    placement_table(
        n=[7, 9], numbers=[1, 2], conjunctivity=[0.0, 0.5], ridge=[0.0], out=tmp_path / "g.parquet"
    )
    frame = PLACEMENT.read(tmp_path / "g.parquet")
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
