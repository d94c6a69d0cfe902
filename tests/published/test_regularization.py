"""Gamma by the strength of regularization, and carried between hierarchies: where it was put in."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from memgen.published.regularization import fit_affine, regularization
from memgen.published.tables import REGULARIZATION, REGULARIZATION_POOLED, TRANSFER
from memgen.published.transfer import transfer
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import by_column, noisy, response_rows, theory_margins, written

TASK = Hierarchy(9, ((5, 3),))
ALPHA = 0.25
STRENGTHS = (0.05, 0.2, 0.8, 3.2)


def frame(ridge_of, noise: float = 0.02, strengths: Sequence[float] = STRENGTHS, **cell) -> pl.DataFrame:
    frames = []
    for strength in strengths:
        ridge = ridge_of(strength)
        gamma = 2 * (ALPHA + ridge) / (1 - ALPHA)
        exact = theory_margins(TASK, gamma, ALPHA / (ALPHA + ridge), 6.0)
        margins = noisy(exact, noise, int(1000 * strength))
        frames.append(response_rows(TASK, margins, range(8), hyperparameter=strength, **cell))
    return pl.concat(frames)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, pl.DataFrame]:
    folder = tmp_path_factory.mktemp("slopes")
    path = written(
        folder,
        *(frame(lambda strength: 0.4 * strength, 0.02 + 0.01 * i, model=f"m{i}") for i in range(3)),
        frame(lambda strength: 0.3, method="lora"),
        frame(lambda strength: 100 * strength, 1e-4, model="edge"),
        frame(lambda strength: 0.3, strengths=STRENGTHS[:2], method="lora", model="few"),
    )
    regularization(responses=[path], out=folder / "slopes.csv", pooled=folder / "pooled.csv")
    return REGULARIZATION.read(folder / "slopes.csv"), REGULARIZATION_POOLED.read(folder / "pooled.csv")


def test_l2_moves_the_ridge_and_not_the_conjunctivity(tables):
    slopes = by_column(tables[0].filter(model="m0"), "quantity")
    for quantity, expected in (("alpha", 0.0), ("log_ridge", 1.0)):
        row = slopes[quantity]
        assert row["expected"] == expected
        assert abs(row["slope"] - expected) < 4 * row["slope_standard_error"]
        assert row["slope_low"] <= row["slope"] <= row["slope_high"]
        assert row["n_points"] == 4
    affine_row = slopes["gamma_affine"]
    # gamma = 2 alpha / (1 - alpha) + 2 (0.4 L2) / (1 - alpha)
    assert affine_row["slope"] == pytest.approx(0.8 / 0.75, abs=4 * affine_row["slope_standard_error"])
    assert affine_row["intercept"] == pytest.approx(0.5 / 0.75, rel=0.02)
    assert affine_row["r2"] > 0.999 > slopes["log_gamma"]["r2"]
    assert abs(slopes["log_scale"]["slope"]) < 4 * slopes["log_scale"]["slope_standard_error"]


def test_lora_has_no_expected_slope(tables):
    rows = tables[0].filter(method="lora")
    assert rows["model"].unique().to_list() == ["m"]
    assert rows["expected"].null_count() == len(rows)
    assert "gamma_affine" not in rows["quantity"].to_list()
    row = by_column(rows, "quantity")["log_gamma"]
    assert row["slope_low"] < 0 < row["slope_high"]


def test_points_at_the_edge_are_left_out_and_counted(tables):
    edge = by_column(tables[0].filter(model="edge"), "quantity")
    assert set(edge) == {"alpha"}
    assert (edge["alpha"]["n_points"], edge["alpha"]["n_at_edge"]) == (4, 0)
    assert abs(edge["alpha"]["slope"]) < 4 * edge["alpha"]["slope_standard_error"] + 1e-3


def test_slopes_are_pooled_over_models(tables):
    slopes, pooled = tables
    row = by_column(pooled.filter(method="probe"), "quantity")["log_ridge"]
    own = slopes.filter(quantity="log_ridge", method="probe")["slope"].to_numpy()
    assert (row["n_models"], row["n_slopes"], row["n_positive"], row["n_negative"]) == (3, 3, 3, 0)
    assert row["slope"] == pytest.approx(own.mean())
    assert row["slope_standard_error"] == pytest.approx(own.std(ddof=1) / np.sqrt(3))
    assert row["slope_high"] - row["slope"] == pytest.approx(4.302653 * row["slope_standard_error"], rel=1e-6)
    assert row["expected"] == 1


def test_the_affine_fit_is_the_least_squares():
    random = np.random.default_rng(0)
    x = np.array([1e-4, 0.1, 1, 10, 20])
    y = np.log(0.5 + 0.3 * x)[:, None] + 0.2 * random.normal(size=(5, 6))
    b, a, error = fit_affine(x, y)
    for column in range(6):

        def loss(p: np.ndarray, column: int = column) -> float:
            return float(np.sum((y[:, column] - np.log(np.exp(p[0]) + np.exp(p[1]) * x)) ** 2))

        starts = ([0.0, 0.0], [-1.0, -1.0], [-0.5, -3.0])
        options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000}
        best = min(minimize(loss, start, method="Nelder-Mead", options=options).fun for start in starts)
        assert error[column] == pytest.approx(best, rel=1e-3)
        assert error[column] == pytest.approx(loss(np.log([a[column], b[column]])))


HIERARCHIES = {"chain": Hierarchy(9), "mid": Hierarchy(9, ((5, 3),)), "long": Hierarchy(11, ((7, 3),))}


def carried(folder: Path, gammas: dict[str, float], link=lambda x: 7 * x) -> pl.DataFrame:
    frames = [
        response_rows(
            task, noisy(link(theory_margins(task, gammas[name], 0.5, 1.0)), 0.2), range(8), name=name
        )
        for name, task in HIERARCHIES.items()
    ]
    frames.append(response_rows(HIERARCHIES["mid"], lambda *_: np.ones(36), name="mid", model="alone"))
    written(folder, *frames)
    transfer(responses=[folder / "responses.parquet"], out=folder / "transfer.parquet")
    return TRANSFER.read(folder / "transfer.parquet")


def test_a_shared_gamma_predicts_every_hierarchy(tmp_path):
    rows = carried(tmp_path, dict.fromkeys(HIERARCHIES, 0.6)).filter(pl.col("link") == "straight")
    assert set(rows.select("fitted_on", "predicted").iter_rows()) == set(permutations(HIERARCHIES, 2))
    assert rows["model"].unique().to_list() == ["m"]
    assert rows["r2"].min() > 0.98
    assert (rows["r2_own"] >= rows["r2_rescaled"] - 1e-9).all()
    assert (rows["r2_rescaled"] >= rows["r2"] - 1e-9).all()
    assert (rows["r2_distance"] < rows["r2"]).all()
    z = rows["log_gamma_difference"] / rows["log_gamma_difference_standard_error"]
    assert z.abs().max() < 4


def test_different_gammas_are_told_apart(tmp_path):
    rows = carried(tmp_path, {"chain": 0.6, "mid": 0.6, "long": 6.0}).filter(pl.col("link") == "straight")
    row = rows.filter(fitted_on="mid", predicted="long").row(0, named=True)
    error = row["log_gamma_difference_standard_error"]
    assert row["log_gamma_difference"] == pytest.approx(np.log(10), abs=4 * error)
    assert row["log_gamma_difference"] > 4 * error
    assert row["r2"] < 0.9 < row["r2_own"]


def test_a_saturating_link_carries_its_sharpness(tmp_path):
    rows = carried(tmp_path, dict.fromkeys(HIERARCHIES, 0.3), lambda x: 8 * np.tanh(1.5 * x))
    by_link = rows.group_by("link").agg(pl.col("r2").min(), pl.col("r2_own").min()).sort("link")
    saturating, straight = by_link.iter_rows(named=True)
    assert saturating["r2"] > 0.97
    assert straight["r2_own"] < saturating["r2_own"]
