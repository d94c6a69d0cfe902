"""Finite networks and their summary: lazy ones approach the theory, and rich ones do not."""

import polars as pl

from memgen.relational.stages.finite_width import finite_width
from memgen.relational.stages.finite_width_summary import finite_width_summary
from memgen.relational.stages.task import task
from memgen.relational.tables import FINITE_WIDTH_MARGINS, FINITE_WIDTH_SLOPES, FINITE_WIDTH_SUMMARY


def test_lazy_networks_approach_the_theory_and_rich_ones_do_not(tmp_path):
    task(name="exc", n=7, exceptions=["4:2"], out=tmp_path / "task.parquet")
    runs, margins = tmp_path / "runs.parquet", tmp_path / "margins.parquet"
    sizes = {"width": [64, 256, 1024], "seeds": 8, "steps": 300}
    scales = {"rich_scale": 0.5, "scan_width": 64, "scan_scale": [1.0, 0.2]}
    finite_width(task=tmp_path / "task.parquet", **sizes, **scales, out=runs, margins=margins)
    tables = {"out": tmp_path / "summary.csv", "slopes": tmp_path / "slopes.csv"}
    finite_width_summary(networks=[runs], margins=[margins], **tables)
    slopes = FINITE_WIDTH_SLOPES.read(tmp_path / "slopes.csv")
    found = {(row["regime"], row["quantity"]): row for row in slopes.iter_rows(named=True)}
    lazy, rich = found["lazy", "deviation"], found["rich", "deviation"]
    assert abs(lazy["slope"] + 0.5) <= 4 * lazy["standard_error"]
    assert rich["low"] > lazy["high"]
    assert found["lazy", "kernel_change"]["high"] < 0
    summary = FINITE_WIDTH_SUMMARY.read(tmp_path / "summary.csv")
    widest = {row["regime"]: row for row in summary.filter(pl.col("width") == 1024).iter_rows(named=True)}
    assert widest["rich"]["systematic"] > 3 * widest["lazy"]["systematic"]
    assert widest["rich"]["kernel_change"] > 1 > widest["lazy"]["kernel_change"]
    assert summary["training_error"].max() < 0.05
    trained = FINITE_WIDTH_MARGINS.read(margins).filter(pair_class="train", regime="rich")
    assert (trained["margin"] - 1).abs().max() < 1e-2 and (trained["theory"] == 1).all()
