"""Deep networks: linear ones are additive, the others behave as their conjunctivity says."""

import polars as pl
import pytest

from memgen.relational.behaviour import phase
from memgen.relational.kernels import network_conjunctivity
from memgen.relational.stages.depth_table import depth_table
from memgen.relational.tables import (
    DEPTH,
)


def test_depth_table(tasks, tmp_path):
    depth_table(
        tasks=tasks, depth=[1, 3], nonlinearity=[0.0, 1.0], ridge=[0.0, 0.1], out=tmp_path / "d.parquet"
    )
    frame = DEPTH.read(tmp_path / "d.parquet")
    linear = frame.filter((pl.col("depth") == 1) | (pl.col("rho") == 0))
    assert linear["alpha"].abs().max() < 1e-12
    relu = frame.filter((pl.col("kernel") == "ntk") & (pl.col("depth") == 3) & (pl.col("rho") == 1))
    assert relu["alpha"].unique().to_list() == [float(network_conjunctivity("ntk", 3))]
    for row in relu.filter(pl.col("hierarchy") == "one").iter_rows(named=True):
        expected = phase(9, [(5, 3)], row["alpha"], row["ridge"])[row["pair_class"]]
        assert row["margin"] == pytest.approx(float(expected.margin))
    raw = relu.filter(pl.col("raw_ridge") == 0.1)
    assert (raw["ridge"] > 0.1).all(), "the raw ridge is divided by k_same - k_reversed < 1"
