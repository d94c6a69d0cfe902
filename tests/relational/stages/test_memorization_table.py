"""Every score is that of the closed form, in the order of the training pairs."""

import numpy as np
import polars as pl

from memgen.relational.memorization import memorization_scores
from memgen.relational.stages.memorization_table import memorization_table
from memgen.relational.tables import (
    MEMORIZATION,
)

GRID = {"conjunctivity": [0.0, 0.3, 0.9], "ridge": [0.0, 0.5]}


def test_memorization_table(tasks, tmp_path):
    memorization_table(tasks=tasks, **GRID, out=tmp_path / "m.parquet")
    frame = MEMORIZATION.read(tmp_path / "m.parquet")
    assert frame.height == 6 * (5 + 9 + 13)
    at = (pl.col("hierarchy") == "two") & (pl.col("alpha") == 0.3) & (pl.col("ridge") == 0.5)
    rows = frame.filter(at)
    scores = memorization_scores(12, [(5, 3), (9, 6)], 0.3, 0.5)
    np.testing.assert_allclose(rows["score"].to_numpy(), scores, rtol=1e-15)
    np.testing.assert_allclose(rows["margin"] - rows["left_out_margin"], rows["score"], atol=1e-15)
    assert rows["pair_class"].to_list() == ["train"] * 11 + ["exception"] * 2
    inside = rows.filter(pl.col("in_loop")).select("higher", "lower").rows()
    assert inside == [(3, 4), (4, 5), (6, 7), (7, 8), (8, 9), (3, 5), (6, 9)]
