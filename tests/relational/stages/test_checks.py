"""Checks hold for right tables, are broken by spoiled ones, and untested where a table is short."""

import shutil

import polars as pl
import pytest

from memgen.relational.stages.checks import checks
from memgen.relational.tables import CRITICAL, CRITICAL_PLACEMENT, DEPTH, MECHANISM, RANKS, SWEEP
from memgen.tables.checks import CHECKS


@pytest.fixture
def tables(study, tmp_path):
    folder = shutil.copytree(study, tmp_path / "tables")
    paths = {name: folder / f"{name}.parquet" for name in ("ranks", "placement", "mechanism", "depth")}
    return {**paths, "margins": folder / "sweep.parquet", "critical": folder / "critical.csv"}


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
        table.write(table.read(tables[name]).filter(hierarchy="edge_n5"), tables[name])
    crossings = CRITICAL_PLACEMENT.read(tables["placement"])
    CRITICAL_PLACEMENT.write(crossings.filter(n=8), tables["placement"])
    assert outcomes(tables).count("not tested") >= 5
