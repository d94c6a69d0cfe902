"""Every span and position, each as `crossing` gives it."""

import polars as pl
import pytest

from memgen.relational.crossing import critical
from memgen.relational.stages.critical_placement import critical_placement
from memgen.relational.tables import (
    CRITICAL_PLACEMENT,
)


def test_critical_placement(tmp_path):
    critical_placement(n=[9, 101], spans=[2, 4, 20], map_n=7, out=tmp_path / "c.parquet")
    frame = CRITICAL_PLACEMENT.read(tmp_path / "c.parquet")
    assert frame.filter(pl.col("n") == 7).height == 15
    assert frame.filter(pl.col("n") == 9)["span"].to_list() == [2, 4]
    for row in frame.iter_rows(named=True):
        (expected,) = critical(row["n"], [(row["position"] + row["span"], row["position"])])
        assert row["alpha"] == (None if expected.alpha is None else pytest.approx(expected.alpha, rel=1e-12))
    by_label = {(row["n"], row["exceptions"]): row for row in frame.iter_rows(named=True)}
    assert by_label[9, "5:3"]["gamma"] == pytest.approx(1) and by_label[9, "5:3"]["centred"]
    assert by_label[7, "4:2"]["alpha"] is None
