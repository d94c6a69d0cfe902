"""Checks hold for right tables, are broken by spoiled ones, and untested where a table is short."""

import polars as pl
import pytest

from memgen.relational.stages.checks import checks
from memgen.relational.stages.critical_placement import critical_placement
from memgen.relational.stages.depth_table import depth_table
from memgen.relational.stages.mechanism_table import mechanism_table
from memgen.relational.tables import CRITICAL, CRITICAL_PLACEMENT, DEPTH, MECHANISM, RANKS, SWEEP
from memgen.tables.checks import CHECKS


@pytest.fixture
def tables(study, tmp_path):
    paths = {name: tmp_path / f"{name}.parquet" for name in ("margins", "ranks", "placement", "mechanism")}
    paths |= {"critical": tmp_path / "critical.csv", "depth": tmp_path / "depth.parquet"}
    SWEEP.write(SWEEP.read(study / "sweep.parquet"), paths["margins"])
    RANKS.write(RANKS.read(study / "ranks.parquet"), paths["ranks"])
    CRITICAL.write(CRITICAL.read(study / "critical.csv"), paths["critical"])
    critical_placement(n=[7, 201, 401], spans=[2, 4], map_n=8, out=paths["placement"])
    tasks = [study / "exc_mid_n9.parquet"]
    mechanism_table(tasks=tasks, conjunctivity=[0.0, 0.5], ridge=[0.0], out=paths["mechanism"])
    depth_table(tasks=tasks, depth=[1, 2, 3, 4], nonlinearity=[0.0, 1.0], ridge=[0.0], out=paths["depth"])
    return paths


def outcomes(paths):
    out = paths["depth"].parent / "checks.csv"
    checks(**paths, out=out)
    return CHECKS.read(out)["outcome"].to_list()


def test_right_tables_hold(tables):
    assert outcomes(tables) == ["holds"] * 13


def test_spoiled_tables_are_broken(tables):
    def spoil(table, name, **columns):
        table.write(table.read(tables[name]).with_columns(**columns), tables[name])

    spoil(SWEEP, "margins", margin=pl.col("margin") + 1e-6)
    spoil(RANKS, "ranks", rank=pl.col("rank") * (1 + pl.col("item")))
    spoil(CRITICAL, "critical", gamma=pl.col("gamma") * 1.01, alpha=pl.col("alpha") * 1.01)
    spoil(CRITICAL_PLACEMENT, "placement", gamma=1.0 / pl.col("n"))
    spoil(MECHANISM, "mechanism", value=pl.col("value") ** 2)
    spoil(DEPTH, "depth", alpha=1 - pl.col("alpha"))
    # The two about the sign beyond and below the critical gamma need more than a bend.
    assert outcomes(tables).count("broken") >= 11


def test_short_tables_are_not_tested(tables):
    for table, name in ((SWEEP, "margins"), (RANKS, "ranks"), (CRITICAL, "critical")):
        table.write(table.read(tables[name]).filter(pl.col("hierarchy") == "edge_n5"), tables[name])
    CRITICAL_PLACEMENT.write(
        CRITICAL_PLACEMENT.read(tables["placement"]).filter(pl.col("n") == 8), tables["placement"]
    )
    assert outcomes(tables).count("not tested") >= 5
