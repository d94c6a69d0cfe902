"""The phase table holds what `behaviour` gives at every point of its grid."""

import polars as pl
import pytest

from memgen.relational.behaviour import phase
from memgen.relational.stages.phase_table import phase_table
from memgen.relational.stages.task import task
from memgen.relational.tables import PHASE


def test_phase_table(tmp_path):
    task(name="exc", n=9, exceptions=["6:3"], out=tmp_path / "task.parquet")
    phase_table(
        tasks=[tmp_path / "task.parquet"],
        conjunctivity_points=3,
        highest_conjunctivity=0.9,
        lowest_ridge=0.01,
        highest_ridge=1.0,
        ridge_points=4,
        out=tmp_path / "phase.parquet",
    )
    frame = PHASE.read(tmp_path / "phase.parquet")
    assert frame.group_by("alpha", "ridge").len().height == 12
    loop = frame.filter(pl.col("pair_class") == "loop")
    assert loop["accuracy"].null_count() == loop.height == 12
    row = frame.filter(
        (pl.col("pair_class") == "cross") & (pl.col("alpha") == 0.45) & (pl.col("ridge") == 1)
    ).row(0, named=True)
    expected = phase(9, [(6, 3)], 0.45, 1.0)["cross"]
    assert (row["accuracy"], row["margin"]) == pytest.approx((expected.accuracy, expected.margin))
