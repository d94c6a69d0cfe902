"""Finite networks and their summary: lazy ones approach the theory, and the tables agree."""

import polars as pl
import pytest

from memgen.relational.stages.finite_width import finite_width
from memgen.relational.stages.finite_width_summary import finite_width_summary
from memgen.relational.stages.task import task
from memgen.relational.tables import (
    FINITE_WIDTH,
    FINITE_WIDTH_MARGINS,
    FINITE_WIDTH_SLOPES,
    FINITE_WIDTH_SUMMARY,
)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    task(name="exc", n=7, exceptions=["4:2"], out=folder / "task.parquet")
    runs, margins = folder / "runs.parquet", folder / "margins.parquet"
    sizes = {"width": [64, 256, 1024], "seeds": 8, "steps": 300}
    scales = {"rich_scale": 0.5, "scan_width": 64, "scan_scale": [1.0, 0.2]}
    finite_width(task=folder / "task.parquet", **sizes, **scales, out=runs, margins=margins)
    tables = {"out": folder / "summary.csv", "slopes": folder / "slopes.csv"}
    finite_width_summary(networks=[runs], margins=[margins], **tables)
    return folder


def test_lazy_networks_approach_the_theory_and_rich_ones_do_not(study):
    slopes = FINITE_WIDTH_SLOPES.read(study / "slopes.csv")
    found = {(row["regime"], row["quantity"]): row for row in slopes.iter_rows(named=True)}
    lazy, rich = found["lazy", "deviation"], found["rich", "deviation"]
    assert abs(lazy["slope"] + 0.5) <= 4 * lazy["standard_error"]
    assert rich["low"] > lazy["high"]
    assert found["lazy", "kernel_change"]["high"] < 0
    summary = FINITE_WIDTH_SUMMARY.read(study / "summary.csv")
    widest = {row["regime"]: row for row in summary.filter(pl.col("width") == 1024).iter_rows(named=True)}
    assert widest["rich"]["systematic"] > 3 * widest["lazy"]["systematic"]
    assert widest["rich"]["kernel_change"] > 1 > widest["lazy"]["kernel_change"]
    assert summary["training_error"].max() < 0.05


def test_tables_agree_with_each_other(study):
    runs = FINITE_WIDTH.read(study / "runs.parquet")
    pairs = FINITE_WIDTH_MARGINS.read(study / "margins.parquet")
    assert runs.height == 8 * 8 and pairs.height == 8 * 21
    same = runs.filter((pl.col("regime") == "scan") & (pl.col("scale") == 1)).sort("seed")
    lazy = runs.filter((pl.col("regime") == "lazy") & (pl.col("width") == 64)).sort("seed")
    assert same["deviation"].to_list() == lazy["deviation"].to_list(), "the same initial weights"
    trained = pairs.filter((pl.col("pair_class") == "train") & (pl.col("regime") == "rich"))
    assert (trained["margin"] - 1).abs().max() < 1e-2 and (trained["theory"] == 1).all()
