"""A noisy readout is a softmax of the margins, tabulated by class and distance."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.errors import BadInput
from memgen.relational.behaviour import phase
from memgen.relational.stages.readout_table import readout, readout_table
from memgen.relational.tables import (
    READOUT,
)

GRID = {"conjunctivity": [0.0, 0.3, 0.9], "ridge": [0.0, 0.5]}


def test_readout_table(tasks, tmp_path):
    readout_table(tasks=tasks, **GRID, temperature=[0.0, 0.1, 1e6], out=tmp_path / "r.parquet")
    frame = READOUT.read(tmp_path / "r.parquet")
    whole = frame.filter(pl.col("distance").is_null())
    for row in whole.filter(pl.col("temperature") == 0).iter_rows(named=True):
        label = [tuple(map(int, word.split(":"))) for word in row["exceptions"].split()]
        expected = phase(row["n"], label, row["alpha"], row["ridge"])[row["pair_class"]]
        assert row["accuracy"] == pytest.approx(float(expected.accuracy)) and row["pairs"] == expected.pairs
    assert (whole.filter(pl.col("temperature") == 1e6)["accuracy"] - 0.5).abs().max() < 1e-5
    assert "loop" not in set(frame["pair_class"])
    parts = frame.filter(pl.col("distance").is_not_null() & (pl.col("hierarchy") == "one"))
    mean = (pl.col("accuracy") * pl.col("pairs")).sum() / pl.col("pairs").sum()
    key = ["alpha", "ridge", "temperature", "pair_class"]
    expected = whole.filter(pl.col("hierarchy") == "one").sort(key)["accuracy"]
    np.testing.assert_allclose(parts.group_by(key).agg(mean).sort(key)["accuracy"], expected, rtol=1e-12)


@given(margin=st.floats(-50, 50), temperature=st.floats(1e-3, 1e3))
def test_readout_is_a_softmax(margin, temperature):
    found = float(readout(margin, temperature))
    assert 0 <= found <= 1 and found + float(readout(-margin, temperature)) == pytest.approx(1)
    if abs(margin / temperature) < 700:
        assert found == pytest.approx(1 / (1 + np.exp(-margin / temperature)))


def test_readout_without_noise_and_at_no_temperature():
    assert readout(0.1, 1e-6) == 1.0 and readout(0.0, 1e-6) == 0.5
    with pytest.raises(BadInput, match="temperature = 0"):
        readout(1.0, 0.0)
