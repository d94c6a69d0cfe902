"""Slopes of behaviour made with a known conjunctivity and a ridge in proportion to L2."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from memgen.language.responses.tables import RESPONSES
from memgen.published.regularization import fit_affine, regularization
from memgen.published.tables import REGULARIZATION, REGULARIZATION_POOLED
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import response_rows, theory_margins

TASK = Hierarchy(9, ((5, 3),))
ALPHA = 0.25
STRENGTHS = (0.05, 0.2, 0.8, 3.2)


def frame(ridge_of, scale: float = 6.0, noise: float = 0.02, **cell: object) -> pl.DataFrame:
    frames = []
    for strength in STRENGTHS:
        ridge = ridge_of(strength)
        gamma = 2 * (ALPHA + ridge) / (1 - ALPHA)
        margins = theory_margins(TASK, gamma, ALPHA / (ALPHA + ridge), scale)

        def noisy(seed: int, reverse: bool, margins=margins, strength=strength) -> np.ndarray:
            key = [seed, reverse, int(1000 * strength)]
            return margins + noise * np.random.default_rng(key).normal(size=36)

        frames.append(response_rows(TASK, noisy, range(8), hyperparameter=strength, **cell))
    return pl.concat(frames)


@pytest.fixture
def tables(tmp_path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    frames = [
        *(
            frame(lambda strength: 0.4 * strength, model=f"m{index}", noise=0.02 + 0.01 * index)
            for index in range(3)
        ),
        frame(lambda strength: 0.3, method="lora"),
        frame(lambda strength: 100 * strength, model="edge"),
        frame(lambda strength: 0.3, method="lora", model="few").filter(pl.col("hyperparameter") < 0.5),
    ]
    RESPONSES.write(pl.concat(frames), tmp_path / "responses.parquet")
    regularization(
        responses=[tmp_path / "responses.parquet"],
        out=tmp_path / "slopes.csv",
        pooled=tmp_path / "pooled.csv",
    )
    return REGULARIZATION.read(tmp_path / "slopes.csv"), REGULARIZATION_POOLED.read(tmp_path / "pooled.csv")


def test_l2_moves_the_ridge_and_not_the_conjunctivity(tables):
    slopes = {row["quantity"]: row for row in tables[0].filter(pl.col("model") == "m0").iter_rows(named=True)}
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
    assert slopes["log_scale"]["slope"] == pytest.approx(
        0, abs=4 * slopes["log_scale"]["slope_standard_error"]
    )


def test_lora_has_no_expected_slope(tables):
    rows = tables[0].filter(pl.col("method") == "lora")
    assert rows["model"].unique().to_list() == ["m"]
    assert rows["expected"].null_count() == len(rows)
    assert "gamma_affine" not in rows["quantity"].to_list()
    row = rows.filter(pl.col("quantity") == "log_gamma").row(0, named=True)
    assert row["slope_low"] < 0 < row["slope_high"]


def test_points_at_the_edge_are_left_out_and_counted(tables):
    edge = {row["quantity"]: row for row in tables[0].filter(pl.col("model") == "edge").iter_rows(named=True)}
    assert set(edge) == {"alpha"}
    assert (edge["alpha"]["n_points"], edge["alpha"]["n_at_edge"]) == (4, 0)
    assert abs(edge["alpha"]["slope"]) < 4 * edge["alpha"]["slope_standard_error"] + 1e-3


def test_slopes_are_pooled_over_models(tables):
    slopes, pooled = tables
    row = pooled.filter(pl.col("quantity") == "log_ridge", pl.col("method") == "probe").row(0, named=True)
    own = slopes.filter(pl.col("quantity") == "log_ridge", pl.col("method") == "probe")["slope"].to_numpy()
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
