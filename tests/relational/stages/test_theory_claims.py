"""Further claims are read from the tables: right ones agree, spoiled ones differ, short ones tell nothing."""

import polars as pl
import pytest

from memgen.claims import CLAIMS
from memgen.relational.stages.critical_geometry import critical_geometry
from memgen.relational.stages.depth_table import depth_table
from memgen.relational.stages.mechanism_table import mechanism_table
from memgen.relational.stages.task import task
from memgen.relational.stages.theory_claims import theory_claims
from memgen.relational.tables import CRITICAL_GEOMETRY, DEPTH, FINITE_WIDTH_SLOPES, MECHANISM

NAMES = ("critical.parquet", "mechanism.parquet", "depth.parquet", "slopes.csv")


def slope_rows(lazy: float, rich: float) -> pl.DataFrame:
    common = {
        "hierarchy": "one",
        "n": 9,
        "exceptions": "5:3",
        "quantity": "deviation",
        "seeds": 9,
        "widths": 5,
    }
    rows = [
        {**common, "regime": name, "slope": slope, "standard_error": 0.01}
        | {"low": slope - 0.02, "high": slope + 0.02}
        for name, slope in (("lazy", lazy), ("rich", rich))
    ]
    return pl.DataFrame(rows, schema=FINITE_WIDTH_SLOPES.schema)


def verdicts(folder):
    paths = dict(zip(("critical", "mechanism", "depth", "slopes"), NAMES, strict=True))
    theory_claims(**{key: folder / name for key, name in paths.items()}, out=folder / "claims.csv")
    return CLAIMS.read(folder / "claims.csv")["verdict"].to_list()


@pytest.fixture
def study(tmp_path):
    task(name="one", n=9, exceptions=["5:3"], out=tmp_path / "task.parquet")
    critical_geometry(n=[7, 201, 401], spans=[2, 4], map_n=8, out=tmp_path / NAMES[0])
    tasks = [tmp_path / "task.parquet"]
    mechanism_table(tasks=tasks, conjunctivity=[0.0, 0.5], ridge=[0.0], out=tmp_path / NAMES[1])
    depth_table(
        tasks=tasks, depth=[1, 2, 3, 4], nonlinearity=[0.0, 1.0], ridge=[0.0], out=tmp_path / NAMES[2]
    )
    FINITE_WIDTH_SLOPES.write(slope_rows(-0.49, -0.1), tmp_path / NAMES[3])
    return tmp_path


def test_right_tables_agree(study):
    assert verdicts(study) == ["agrees"] * 8


def test_spoiled_tables_differ(study):
    crossings = CRITICAL_GEOMETRY.read(study / NAMES[0])
    CRITICAL_GEOMETRY.write(crossings.with_columns(gamma=1.0 / pl.col("n")), study / NAMES[0])
    parts = MECHANISM.read(study / NAMES[1])
    MECHANISM.write(parts.with_columns(pl.col("value") ** 2), study / NAMES[1])
    networks = DEPTH.read(study / NAMES[2])
    DEPTH.write(networks.with_columns(alpha=1 - pl.col("alpha")), study / NAMES[2])
    FINITE_WIDTH_SLOPES.write(slope_rows(-0.3, -0.29), study / NAMES[3])
    assert verdicts(study) == ["differs"] * 8


def test_short_tables_are_not_tested(study):
    for table, name in ((CRITICAL_GEOMETRY, NAMES[0]), (DEPTH, NAMES[2])):
        frame = table.read(study / name)
        first = "n" if "rho" not in frame.columns else "rho"
        table.write(frame.filter(pl.col(first) == (8 if first == "n" else 0)), study / name)
    assert verdicts(study).count("not tested") == 4
