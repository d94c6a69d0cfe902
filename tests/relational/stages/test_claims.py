"""Claims agree with right tables, are contradicted by spoiled ones, and untested where a table is short."""

import shutil

import polars as pl
import pytest

from memgen.relational.stages.claims import claims
from memgen.relational.tables import (
    CRITICAL_PLACEMENT,
    DEPTH,
    FINITE_WIDTH_SLOPES,
    FINITE_WIDTH_SUMMARY,
    SWEEP,
)
from memgen.tables.claims import CLAIMS


def slope_rows(lazy: float, rich: float) -> pl.DataFrame:
    common = {"hierarchy": "one", "n": 9, "exceptions": "5:3", "quantity": "deviation"}
    common |= {"seeds": 9, "widths": 5}
    rows = [
        {**common, "regime": name, "slope": slope, "standard_error": 0.01}
        | {"low": slope - 0.02, "high": slope + 0.02}
        for name, slope in (("lazy", lazy), ("rich", rich))
    ]
    return pl.DataFrame(rows, schema=FINITE_WIDTH_SLOPES.schema)


def width_rows(lazy: float, rich: float) -> pl.DataFrame:
    common = dict.fromkeys(FINITE_WIDTH_SUMMARY.columns, 0.1)
    common |= {"hierarchy": "one", "n": 9, "exceptions": "5:3", "width": 64, "seeds": 9}
    rows = [
        {**common, "regime": name, "accuracy": accuracy, "accuracy_standard_error": 0.01}
        for name, accuracy in (("lazy", lazy), ("rich", rich))
    ]
    return pl.DataFrame(rows, schema=FINITE_WIDTH_SUMMARY.schema)


@pytest.fixture
def tables(study, tmp_path):
    folder = shutil.copytree(study, tmp_path / "tables")
    named = {"margins": "sweep", "critical": "placement", "depth": "depth"}
    paths = {name: folder / f"{table}.parquet" for name, table in named.items()}
    paths |= {name: folder / f"{name}.csv" for name in ("widths", "slopes")}
    FINITE_WIDTH_SLOPES.write(slope_rows(-0.49, -0.1), paths["slopes"])
    FINITE_WIDTH_SUMMARY.write(width_rows(0.9, 0.8), paths["widths"])
    return paths


def verdicts(paths):
    out = paths["slopes"].parent / "claims.csv"
    claims(**paths, out=out)
    return dict(CLAIMS.read(out).filter("leads").select("id", "verdict").iter_rows())


def test_right_tables_agree(tables):
    assert list(verdicts(tables).values()) == ["agrees"] * 7


def test_spoiled_tables_contradict(tables):
    swept = SWEEP.read(tables["margins"])
    SWEEP.write(swept.with_columns(margin=pl.lit(1.0)), tables["margins"])
    crossings = CRITICAL_PLACEMENT.read(tables["critical"])
    CRITICAL_PLACEMENT.write(crossings.with_columns(gamma=1.0 / pl.col("n")), tables["critical"])
    networks = DEPTH.read(tables["depth"])
    DEPTH.write(networks.with_columns(alpha=1 - pl.col("alpha")), tables["depth"])
    FINITE_WIDTH_SLOPES.write(slope_rows(-0.3, -0.4), tables["slopes"])
    FINITE_WIDTH_SUMMARY.write(width_rows(0.8, 0.9), tables["widths"])
    assert list(verdicts(tables).values()) == ["contradicts"] * 7


def test_short_tables_are_not_tested(tables):
    for table, name, column, value in (
        (SWEEP, "margins", "hierarchy", "edge_n5"),
        (CRITICAL_PLACEMENT, "critical", "n", 8),
        (DEPTH, "depth", "rho", 0),
    ):
        frame = table.read(tables[name])
        table.write(frame.filter(pl.col(column) == value), tables[name])
    FINITE_WIDTH_SUMMARY.write(width_rows(0.9, 0.8).clear(), tables["widths"])
    assert list(verdicts(tables).values()) == ["not tested"] * 5 + ["agrees", "not tested"]
