"""Measured conjunctivity: known representations give the alpha that they have, and predictions that hold."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.language.fits.tables import FIT, frame_of
from memgen.language.probing import geometry_rows, measured, ridge_correlation, similarities
from memgen.language.responses.scoring import read_task
from memgen.language.responses.tables import GEOMETRY, GEOMETRY_RUNS
from memgen.language.stages.summaries import geometry
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable, kernel_ridge, ordered_pairs
from memgen.relational.stages.task import task_frame
from synthetic_responses import canonical_features

RUN = {"source": "study", "model": "m", "items": "fake", "method": "lora", "hyperparameter": 8.0}


@given(st.floats(0, 0.95), st.integers(4, 9), st.floats(0.1, 10))
def test_canonical_representations_have_their_alpha(alpha: float, n: int, size: float) -> None:
    found = measured(size * canonical_features(n, alpha), n)
    assert found["alpha"] == pytest.approx(alpha, abs=1e-9)
    assert found["scale"] == pytest.approx(size**2)
    assert found["distance"] == pytest.approx(0, abs=1e-9)
    assert found["kappa_o"] == pytest.approx((1 - alpha) / 2)
    assert found["kappa_d"] == pytest.approx(0, abs=1e-12)


def test_similarities_are_plain_means() -> None:
    hidden = np.random.default_rng(0).normal(size=(20, 7)) + 1
    pairs = ordered_pairs(5)
    same, other = [], []
    for one, (a, b) in zip(hidden, pairs, strict=True):
        for two, (c, d) in zip(hidden, pairs, strict=True):
            cosine = one @ two / np.sqrt((one @ one) * (two @ two))
            if (a, b) != (c, d):
                (same if a == c or b == d else other).append(cosine)
    assert similarities(hidden, 5) == pytest.approx((np.mean(same), np.mean(other)))


def prepared(folder: Path) -> pl.DataFrame:
    task_frame("h", Hierarchy(6, ((4, 2),))).write_parquet(folder / "task.parquet")
    return read_task(folder / "task.parquet")


def test_a_ridge_learner_is_predicted_by_its_own_kernel(tmp_path: Path) -> None:
    task = prepared(tmp_path)
    trained = task["trained"].to_numpy()
    target = np.where(task["first_wins"].fill_null(False).to_numpy(), 1.0, -1.0)
    hidden = canonical_features(6, 0.4)
    kernel = Exchangeable.canonical(0.4).matrix(ordered_pairs(6), ordered_pairs(6))
    answers = kernel_ridge(kernel[np.ix_(trained, trained)], target[trained], kernel[:, trained], 1e-3)
    assert ridge_correlation(3 * hidden, trained, target, answers, 6) == pytest.approx(1, abs=1e-9)
    assert ridge_correlation(hidden, trained, target, -answers, 6) == pytest.approx(-1, abs=1e-9)
    assert ridge_correlation(hidden, trained, target, np.full(30, np.nan), 6) is None


def test_stage_averages_runs_by_seed_and_leaves_diverged_ones_out(tmp_path: Path) -> None:
    task = prepared(tmp_path)
    alphas = {(0, False): 0.1, (0, True): 0.3, (1, False): 0.5, (1, True): 0.7}
    runs = {run: canonical_features(6, alpha) for run, alpha in alphas.items()}
    runs[2, False] = np.full((30, 4), np.nan)
    blocks = [tmp_path / f"{index}.parquet" for index in range(len(runs))]
    for path, ((seed, reverse), hidden) in zip(blocks, runs.items(), strict=True):
        run = {**RUN, "seed": seed, "reverse": reverse, "phase": "pre"}
        GEOMETRY_RUNS.write(geometry_rows(hidden, task, None, **run), path)
    fit = {
        **RUN, "hierarchy": "h", "n": 6, "exceptions": "4:2", "gamma": 1.5, "n_pairs": 9, "n_runs": 5,
        "n_seeds": 3, "n_diverged": 1,
    }  # fmt: skip
    FIT.write(frame_of([fit], FIT), tmp_path / "fit.csv")
    geometry(blocks=blocks, fits=tmp_path / "fit.csv", out=tmp_path / "geometry.csv")
    (found,) = GEOMETRY.read(tmp_path / "geometry.csv").iter_rows(named=True)
    assert found["alpha"] == pytest.approx(0.4)
    assert found["alpha_standard_error"] == pytest.approx(0.2)
    assert (found["n_runs"], found["n_seeds"], found["gamma"]) == (4, 2, 1.5)
    assert found["ridge_correlation"] is None
