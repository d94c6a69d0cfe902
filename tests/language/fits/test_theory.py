"""Gamma and scale recovered from margins that a dense solve made; the stages that tabulate fits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.language.fits.cells import cells
from memgen.language.fits.explanations import untrained
from memgen.language.fits.least_squares import (
    GAMMA_RANGE,
    best_scale,
    explained,
    fit_gamma,
    fit_many,
    memorization_weight,
    ranks_at,
)
from memgen.language.fits.tables import FIT, PREDICTIONS
from memgen.language.fits.theory import fit as fit_table
from memgen.language.fits.theory import fit_cell, predictions
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import gamma as gamma_of
from memgen.relational.ranks import memorization_weight as weight_of
from synthetic_responses import by_column, dense_ranks, noisy, response_rows, theory_margins, written

CHAIN = Hierarchy(9)
ONE = Hierarchy(9, ((5, 3),))
TWO = Hierarchy(12, ((4, 1), (10, 8)))


def split(hierarchy: Hierarchy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pairs = np.array(list(hierarchy.unordered_pairs()))
    trained = np.array([hierarchy.trained(h, k) for h, k in pairs])
    return pairs[:, 0], pairs[:, 1], trained


@pytest.mark.parametrize("hierarchy", [CHAIN, ONE, TWO])
@pytest.mark.parametrize(("gamma", "scale"), [(0.0013, -2.5), (0.04, 11.0), (1.0, 0.01), (88.0, 11.0)])
def test_recovers_what_a_dense_solve_made(hierarchy, gamma, scale):
    higher, lower, trained = split(hierarchy)
    observed = theory_margins(hierarchy, gamma, 0.4, scale)
    fit = fit_gamma(hierarchy, higher[~trained], lower[~trained], observed[~trained])
    assert fit.gamma == pytest.approx(gamma, rel=1e-4)
    assert fit.scale == pytest.approx(scale, rel=1e-3)
    assert fit.correlation == pytest.approx(1, abs=1e-9)
    assert fit.r2 == pytest.approx(1, abs=1e-9)
    assert not fit.at_edge
    r = ranks_at(hierarchy, gamma)
    target = [-1 if (k, h) in hierarchy.exceptions else 1 for h, k in hierarchy.unordered_pairs()]
    difference = (r[higher] - r[lower])[trained]
    m = memorization_weight(difference, scale, np.array(target)[trained], observed[trained])
    assert float(m) == pytest.approx(0.4, abs=1e-9)


@given(seed=st.integers(0, 2**32 - 1), hierarchy=st.sampled_from([CHAIN, ONE, TWO]))
def test_no_gamma_of_a_finer_search_is_better(seed, hierarchy):
    random = np.random.default_rng(seed)
    higher, lower = untrained(hierarchy)
    observed = random.normal(size=len(higher)) + random.normal() * (lower - higher)
    fit = fit_gamma(hierarchy, higher, lower, observed)
    predicted = fit.scale * (ranks_at(hierarchy, fit.gamma)[higher] - ranks_at(hierarchy, fit.gamma)[lower])
    error = np.sum((observed - predicted) ** 2)
    gammas = np.exp(random.uniform(*np.log(GAMMA_RANGE), 400))
    shapes = np.array([dense_ranks(hierarchy, gamma) for gamma in gammas])
    shapes = shapes[:, higher] - shapes[:, lower]
    others = np.sum(observed**2) - explained(shapes, np.broadcast_to(observed, shapes.shape))
    assert error <= others.min() * (1 + 1e-9)
    assert fit.r2 == pytest.approx(1 - error / np.sum((observed - observed.mean()) ** 2))
    assert fit.correlation == pytest.approx(np.corrcoef(predicted, observed)[0, 1])


def test_ranks_that_vanish_have_no_gamma():
    cancelled = Hierarchy(6, ((5, 0),))
    higher, lower = untrained(cancelled)
    fit = fit_gamma(cancelled, higher, lower, np.arange(float(len(higher))))
    assert np.isnan(fit.gamma) and fit.scale == 0


def test_many_fits_agree_with_one_at_a_time():
    random = np.random.default_rng(3)
    higher, lower, trained = split(ONE)
    higher, lower = higher[~trained], lower[~trained]
    base, beyond = (theory_margins(ONE, gamma, 0, 5)[~trained] for gamma in (0.8, 1e7))
    observed = np.stack([*(base + random.normal(size=(20, len(base)))), beyond])
    gamma, scale, r = fit_many(ONE, higher, lower, observed)
    for row, (one_gamma, one_scale) in enumerate(zip(gamma, scale, strict=True)):
        fit = fit_gamma(ONE, higher, lower, observed[row])
        assert one_gamma == pytest.approx(fit.gamma, rel=1e-3)
        assert one_scale == pytest.approx(fit.scale, rel=1e-3)
    np.testing.assert_allclose(r, [dense_ranks(ONE, one) for one in gamma], atol=1e-9)
    np.testing.assert_allclose(scale, best_scale(r[:, higher] - r[:, lower], observed))


GAMMA, M, SCALE = 0.6, 0.7, 9.0


EXACT = theory_margins(ONE, GAMMA, M, SCALE)
NOISY = noisy(EXACT, 0.5)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Responses, with their fits beside them."""
    path = written(
        tmp_path_factory.mktemp("fits"),
        response_rows(ONE, lambda *_: EXACT, name="exact"),
        response_rows(ONE, NOISY, range(12), name="noisy", hyperparameter=None),
        response_rows(ONE, NOISY, [0], name="single"),
    )
    fit_table(path, out=path.with_name("fit.csv"))
    return path


def test_a_row_per_cell(path):
    table = FIT.read(path.with_name("fit.csv"))
    assert table["hierarchy"].to_list() == ["exact", "noisy", "single"]
    exact, noise, single = table.iter_rows(named=True)
    assert exact["gamma"] == pytest.approx(GAMMA, rel=1e-6)
    assert exact["scale"] == pytest.approx(SCALE, rel=1e-6)
    assert exact["memorization_weight"] == pytest.approx(M, rel=1e-6)
    assert (exact["n"], exact["exceptions"], exact["n_pairs"], exact["n_runs"]) == (9, "5:3", 27, 4)
    assert noise["n_runs"] == 24, "the reversed runs of the exact cell are its forward runs' mirror images"
    assert gamma_of(exact["alpha"], exact["ridge"]) == pytest.approx(GAMMA, rel=1e-6)
    assert weight_of(exact["alpha"], exact["ridge"]) == pytest.approx(M, rel=1e-6)
    assert noise["gamma_low"] < noise["gamma"] < noise["gamma_high"]
    assert abs(np.log(noise["gamma"] / GAMMA)) < 4 * noise["log_gamma_standard_error"]
    assert abs(noise["scale"] - SCALE) < 4 * noise["scale_standard_error"]
    assert noise["memorization_weight_low"] < M < noise["memorization_weight_high"]
    assert single["gamma_low"] is None
    assert single["log_gamma_standard_error"] is None


def test_predictions_stand_beside_what_was_observed(path, tmp_path):
    predictions(path, fits=path.with_name("fit.csv"), out=tmp_path / "predictions.parquet")
    table = PREDICTIONS.read(tmp_path / "predictions.parquet")
    assert len(table) == 3 * 36
    exact = table.filter(pl.col("hierarchy") == "exact")
    np.testing.assert_allclose(exact["predicted"], exact["observed"], atol=1e-5)
    fits = by_column(FIT.read(path.with_name("fit.csv")), "hierarchy")
    for name in ("noisy", "single"):
        part = table.filter(pl.col("hierarchy") == name, ~pl.col("pair_class").is_in(["train", "exception"]))
        correlation = np.corrcoef(part["predicted"], part["observed"])[0, 1]
        assert correlation == pytest.approx(fits[name]["correlation"])
        assert part["standard_error"].null_count() == (len(part) if name == "single" else 0)


def test_the_profile_interval_covers_gamma_as_often_as_it_says(tmp_path):
    (cell,) = cells(written(tmp_path, response_rows(ONE, NOISY, range(10))))
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(150):
        margins = EXACT + random.normal(scale=1.5, size=(10, 36)).repeat(2, axis=0)
        row = fit_cell(replace(cell, run_margins=margins), resamples=2)
        low, high = row["gamma_low"], row["gamma_high"]
        covered += (low is None or low <= GAMMA) and (high is None or high >= GAMMA)
    # 95% of 150 is 142.5, with a standard deviation of 2.7.
    assert 134 <= covered <= 150


@pytest.mark.parametrize(("gamma", "edge"), [(1e-5, "low"), (1e4, "high")])
def test_a_gamma_beyond_its_range_is_not_told(gamma, edge, tmp_path):
    plain = Hierarchy(9)
    exact = theory_margins(plain, gamma, M, SCALE)
    exact /= np.abs(exact).max()
    margins = {seed: exact * (1 + 0.01 * np.random.default_rng(seed).normal(size=36)) for seed in range(6)}
    path = written(tmp_path, response_rows(plain, lambda seed, _: margins[seed], range(6)))
    fit_table(path, out=tmp_path / "fit.csv")
    (row,) = FIT.read(tmp_path / "fit.csv").iter_rows(named=True)
    assert row["gamma_at_edge"] == edge
    for name in ("gamma", "alpha", "ridge", "memorization_weight", f"gamma_{edge}"):
        assert row[name] is None
    bound = row["gamma_high" if edge == "low" else "gamma_low"]
    assert bound is not None and 1e-3 <= bound <= 1e2
    assert row["log_gamma_standard_error"] is None and row["correlation"] > 0.9
    predictions(path, fits=tmp_path / "fit.csv", out=tmp_path / "pairs.parquet")
    pairs = PREDICTIONS.read(tmp_path / "pairs.parquet")
    assert pairs["gamma"][0] == (1e-3 if edge == "low" else 1e2)
    untrained = pairs.filter(pl.col("pair_class") == "test")
    np.testing.assert_allclose(untrained["predicted"], untrained["observed"], atol=0.05)
    assert pairs.filter(pl.col("pair_class") == "train")["predicted"].null_count() == 8, "m is not known"


def test_runs_are_told_one_by_one_with_the_cells_gamma(path):
    _, noise, single = FIT.read(path.with_name("fit.csv")).iter_rows(named=True)
    _, cell, _ = cells(path)
    chosen = ~cell.trained
    predicted = theory_margins(ONE, noise["gamma"], 0.0, 1.0)[chosen]
    found = np.array([np.corrcoef(predicted, margins[chosen])[0, 1] for margins in cell.run_margins])
    by_seed = found.reshape(12, 2).mean(axis=1)
    assert noise["run_correlation"] == pytest.approx(by_seed.mean())
    error = by_seed.std(ddof=1) / np.sqrt(12)
    assert noise["run_correlation_standard_error"] == pytest.approx(error)
    assert single["run_correlation_standard_error"] is None
