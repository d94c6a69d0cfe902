"""The parts of the ranks add up to the ranks."""

import numpy as np
import polars as pl

from memgen.relational.ranks import ranks
from memgen.relational.stages.mechanism_table import mechanism_table
from memgen.relational.tables import (
    MECHANISM,
)

GRID = {"conjunctivity": [0.0, 0.3, 0.9], "ridge": [0.0, 0.5]}


def test_mechanism_is_a_sum(tasks, tmp_path):
    mechanism_table(tasks=tasks, **GRID, out=tmp_path / "m.parquet")
    frame = MECHANISM.read(tmp_path / "m.parquet")
    key = ["hierarchy", "alpha", "ridge", "item"]
    total = frame.filter(pl.col("part") != "ranks").group_by(key).agg(pl.col("value").sum()).sort(key)
    found = frame.filter(pl.col("part") == "ranks").sort(key)
    np.testing.assert_allclose(total["value"], found["value"], atol=1e-12)
    one = found.filter((pl.col("hierarchy") == "one") & (pl.col("alpha") == 0.3) & (pl.col("ridge") == 0))
    np.testing.assert_array_equal(one["value"], ranks(9, [(5, 3)], 0.3))
    dipoles = frame.filter(pl.col("part").str.contains(":"))
    assert dipoles["strength"].null_count() == 0 and set(dipoles["part"]) == {"5:3", "9:6"}
