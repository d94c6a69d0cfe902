"""Tables of memorization, mechanism, readout, depth and critical geometry, against what they tabulate."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.errors import BadInput
from memgen.relational.critical import critical_geometry
from memgen.relational.crossing import critical
from memgen.relational.depth import depth_table
from memgen.relational.kernels import network_conjunctivity
from memgen.relational.mechanism import mechanism_table
from memgen.relational.memorization import memorization_scores
from memgen.relational.memorized import memorization_table
from memgen.relational.phase import phase
from memgen.relational.ranks import ranks
from memgen.relational.readout import readout, readout_table
from memgen.relational.tables import CRITICAL_GEOMETRY, DEPTH, MECHANISM, MEMORIZATION, READOUT
from memgen.relational.task import task

GRID = {"conjunctivity": [0.0, 0.3, 0.9], "ridge": [0.0, 0.5]}


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tasks")
    for name, (n, exceptions) in {"plain": (6, []), "one": (9, ["5:3"]), "two": (12, ["5:3", "9:6"])}.items():
        task(name=name, n=n, exceptions=exceptions, out=folder / f"{name}.parquet")
    return [folder / f"{name}.parquet" for name in ("plain", "one", "two")]


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


def test_all_scores_meet_where_pairs_share_nothing():
    np.testing.assert_allclose(memorization_scores(9, [(5, 3)], 1 - 1e-10, 0.5), 1 / 1.5, rtol=1e-8)


def test_mechanism_is_a_sum(tasks, tmp_path):
    mechanism_table(tasks=tasks, **GRID, out=tmp_path / "m.parquet")
    frame = MECHANISM.read(tmp_path / "m.parquet")
    key = ["hierarchy", "alpha", "ridge", "item"]
    total = frame.filter(pl.col("part") != "ranks").group_by(key).agg(pl.col("value").sum()).sort(key)
    found = frame.filter(pl.col("part") == "ranks").sort(key)
    np.testing.assert_allclose(total["value"], found["value"], atol=1e-12)
    one = found.filter((pl.col("hierarchy") == "one") & (pl.col("alpha") == 0.3) & (pl.col("ridge") == 0))
    np.testing.assert_array_equal(one["value"], ranks(9, [(5, 3)], 0.3))
    dipoles = frame.filter(pl.col("part").str.contains(":"))
    assert dipoles["strength"].null_count() == 0 and set(dipoles["part"]) == {"5:3", "9:6"}


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


def test_depth_table(tasks, tmp_path):
    depth_table(
        tasks=tasks, depth=[1, 3], nonlinearity=[0.0, 1.0], ridge=[0.0, 0.1], out=tmp_path / "d.parquet"
    )
    frame = DEPTH.read(tmp_path / "d.parquet")
    linear = frame.filter((pl.col("depth") == 1) | (pl.col("rho") == 0))
    assert linear["alpha"].abs().max() < 1e-12
    relu = frame.filter((pl.col("kernel") == "ntk") & (pl.col("depth") == 3) & (pl.col("rho") == 1))
    assert relu["alpha"].unique().to_list() == [float(network_conjunctivity("ntk", 3))]
    for row in relu.filter(pl.col("hierarchy") == "one").iter_rows(named=True):
        expected = phase(9, [(5, 3)], row["alpha"], row["ridge"])[row["pair_class"]]
        assert row["margin"] == pytest.approx(float(expected.margin))
    raw = relu.filter(pl.col("raw_ridge") == 0.1)
    assert (raw["ridge"] > 0.1).all(), "the raw ridge is divided by k_same - k_reversed < 1"


def test_critical_geometry(tmp_path):
    critical_geometry(n=[9, 101], spans=[2, 4, 20], map_n=7, out=tmp_path / "c.parquet")
    frame = CRITICAL_GEOMETRY.read(tmp_path / "c.parquet")
    assert frame.filter(pl.col("n") == 7).height == 15
    assert frame.filter(pl.col("n") == 9)["span"].to_list() == [2, 4]
    for row in frame.iter_rows(named=True):
        (expected,) = critical(row["n"], [(row["position"] + row["span"], row["position"])])
        assert row["alpha"] == (None if expected.alpha is None else pytest.approx(expected.alpha, rel=1e-12))
    by_label = {(row["n"], row["exceptions"]): row for row in frame.iter_rows(named=True)}
    assert by_label[9, "5:3"]["gamma"] == pytest.approx(1) and by_label[9, "5:3"]["centred"]
    assert by_label[7, "4:2"]["alpha"] is None


def test_critical_gamma_falls_as_the_inverse_square_of_n():
    found = [critical(n, [(n // 2 + 1, n // 2 - 1)])[0].gamma for n in (10_001, 100_001)]
    assert np.log10(found[0] / found[1]) == pytest.approx(2, abs=0.01)
