"""Claims and checks agree with right tables, not with spoiled ones, and are untested where one is short."""

import shutil

import polars as pl
import pytest

from memgen.relational.stages.checks import checks
from memgen.relational.stages.claims import claims
from memgen.relational.tables import (
    CRITICAL,
    CRITICAL_PLACEMENT,
    DEPTH,
    FINITE_WIDTH_SLOPES,
    FINITE_WIDTH_SUMMARY,
    MECHANISM,
    RANKS,
    SWEEP,
)
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS


def write_networks(paths, slopes, accuracies):
    """Tables of finite networks with the slopes and accuracies of lazy and of rich ones."""
    common = {"hierarchy": "one", "n": 9, "exceptions": "5:3", "seeds": 9, "width": 64, "widths": 5}
    common |= {"quantity": "deviation", "standard_error": 0.01, "accuracy_standard_error": 0.01}
    frame = pl.DataFrame({**common, "regime": ["lazy", "rich"], "slope": slopes, "accuracy": accuracies})
    frame = frame.with_columns(low=pl.col("slope") - 0.02, high=pl.col("slope") + 0.02)
    for table, name in ((FINITE_WIDTH_SLOPES, "slopes"), (FINITE_WIDTH_SUMMARY, "widths")):
        rest = {column: pl.lit(0.1) for column in table.columns if column not in frame.columns}
        whole = frame.with_columns(**rest).select(*table.columns)
        table.write(whole.cast(pl.Schema(table.schema)), paths[name])


@pytest.fixture
def tables(study, tmp_path):
    folder = shutil.copytree(study, tmp_path / "tables")
    paths = {name: folder / f"{name}.parquet" for name in ("ranks", "placement", "mechanism", "depth")}
    paths |= {name: folder / f"{name}.csv" for name in ("critical", "widths", "slopes")}
    paths["margins"] = folder / "sweep.parquet"
    write_networks(paths, [-0.49, -0.1], [0.9, 0.8])
    return paths


def found(paths):
    """Verdicts of the claims that lead, and outcomes of the checks."""
    stated, checked = (paths["depth"].parent / name for name in ("claims.csv", "checks.csv"))
    given = {name: paths[name] for name in ("margins", "depth", "widths", "slopes")}
    claims(**given, critical=paths["placement"], out=stated)
    names = ("margins", "ranks", "critical", "placement", "mechanism", "depth")
    checks(**{name: paths[name] for name in names}, out=checked)
    return CLAIMS.read(stated).filter("leads")["verdict"].to_list(), CHECKS.read(checked)["outcome"].to_list()


def test_right_tables_agree(tables):
    assert found(tables) == (["agrees"] * 7, ["holds"] * 13)


def test_spoiled_tables_contradict(tables):
    def spoil(table, name, **columns):
        table.write(table.read(tables[name]).with_columns(**columns), tables[name])

    spoil(SWEEP, "margins", margin=pl.lit(1.0))
    spoil(RANKS, "ranks", rank=pl.col("rank") * (1 + pl.col("item")))
    spoil(CRITICAL, "critical", gamma=pl.col("gamma") * 1.01, alpha=pl.col("alpha") * 1.01)
    spoil(CRITICAL_PLACEMENT, "placement", gamma=1.0 / pl.col("n"))
    spoil(MECHANISM, "mechanism", value=pl.col("value") ** 2)
    spoil(DEPTH, "depth", alpha=1 - pl.col("alpha"))
    write_networks(tables, [-0.3, -0.4], [0.8, 0.9])
    verdicts, outcomes = found(tables)
    assert verdicts == ["contradicts"] * 7
    # The two about the sign beyond and below the critical gamma need more than a bend.
    assert outcomes.count("broken") >= 11


def test_short_tables_are_not_tested(tables):
    for table, name, kept in (
        (SWEEP, "margins", {"hierarchy": "edge_n5"}),
        (RANKS, "ranks", {"hierarchy": "edge_n5"}),
        (CRITICAL, "critical", {"hierarchy": "edge_n5"}),
        (CRITICAL_PLACEMENT, "placement", {"n": 8}),
        (DEPTH, "depth", {"rho": 0}),
    ):
        table.write(table.read(tables[name]).filter(**kept), tables[name])
    FINITE_WIDTH_SUMMARY.write(FINITE_WIDTH_SUMMARY.read(tables["widths"]).clear(), tables["widths"])
    verdicts, outcomes = found(tables)
    assert verdicts == ["not tested"] * 5 + ["agrees", "not tested"]
    assert outcomes.count("not tested") >= 6
