"""Gamma carried between hierarchies that share it, and between two that do not."""

from itertools import permutations
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from memgen.published.tables import TRANSFER
from memgen.published.transfer import transfer
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import noisy, response_rows, theory_margins, written

TASKS = {"chain": Hierarchy(9), "mid": Hierarchy(9, ((5, 3),)), "long": Hierarchy(11, ((7, 3),))}


def table(folder: Path, gammas: dict[str, float], link=lambda x: 7 * x) -> pl.DataFrame:
    frames = [
        response_rows(
            task, noisy(link(theory_margins(task, gammas[name], 0.5, 1.0)), 0.2), range(8), name=name
        )
        for name, task in TASKS.items()
    ]
    frames.append(response_rows(TASKS["mid"], lambda *_: np.ones(36), name="mid", model="alone"))
    written(folder, *frames)
    transfer(responses=[folder / "responses.parquet"], out=folder / "transfer.parquet")
    return TRANSFER.read(folder / "transfer.parquet")


def test_a_shared_gamma_predicts_every_hierarchy(tmp_path):
    rows = table(tmp_path, dict.fromkeys(TASKS, 0.6)).filter(pl.col("link") == "straight")
    assert set(rows.select("fitted_on", "predicted").iter_rows()) == set(permutations(TASKS, 2))
    assert rows["model"].unique().to_list() == ["m"]
    assert rows["r2"].min() > 0.98
    assert (rows["r2_own"] >= rows["r2_rescaled"] - 1e-9).all()
    assert (rows["r2_rescaled"] >= rows["r2"] - 1e-9).all()
    assert (rows["r2_distance"] < rows["r2"]).all()
    z = rows["log_gamma_difference"] / rows["log_gamma_difference_standard_error"]
    assert z.abs().max() < 4


def test_different_gammas_are_told_apart(tmp_path):
    rows = table(tmp_path, {"chain": 0.6, "mid": 0.6, "long": 6.0}).filter(pl.col("link") == "straight")
    row = rows.filter(fitted_on="mid", predicted="long").row(0, named=True)
    error = row["log_gamma_difference_standard_error"]
    assert row["log_gamma_difference"] == pytest.approx(np.log(10), abs=4 * error)
    assert row["log_gamma_difference"] > 4 * error
    assert row["r2"] < 0.9 < row["r2_own"]


def test_a_saturating_link_carries_its_sharpness(tmp_path):
    rows = table(tmp_path, dict.fromkeys(TASKS, 0.3), lambda x: 8 * np.tanh(1.5 * x))
    by_link = rows.group_by("link").agg(pl.col("r2").min(), pl.col("r2_own").min()).sort("link")
    saturating, straight = by_link.iter_rows(named=True)
    assert saturating["r2"] > 0.97
    assert straight["r2_own"] < saturating["r2_own"]
