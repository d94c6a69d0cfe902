"""Shapes of each explanation against dense solves and an explicit feature map."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from memgen.language.fits.explanations import (
    BY_REVERSAL,
    GAMMAS,
    POOLED,
    by_reversal,
    incidence,
    logistic_ranks,
    pooled,
    untrained,
)
from memgen.published.explain import explain
from memgen.published.tables import EXPLANATIONS, EXPLANATIONS_SUMMARY
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import (
    by_column,
    canonical_features,
    dense_ranks,
    noisy,
    response_rows,
    theory_margins,
    written,
)

ONE = Hierarchy(9, ((5, 3),))
TWO = Hierarchy(8, ((3, 1), (6, 4)))
DISTANCE = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
TRAINED = np.array([ONE.trained(*pair) for pair in ONE.unordered_pairs()])


def difference(r: np.ndarray, hierarchy: Hierarchy) -> np.ndarray:
    higher, lower = untrained(hierarchy)
    return r[higher] - r[lower]


@pytest.mark.parametrize("hierarchy", [Hierarchy(7), ONE, TWO])
def test_exchangeable_saturating_and_similarity_against_dense_solves(hierarchy):
    distance = DISTANCE[: hierarchy.n, : hierarchy.n]

    def ranked(gamma: float, rho: float = 0.0) -> np.ndarray:
        similarity = np.where(distance == 0, 1.0, rho**distance)
        return difference(dense_ranks(hierarchy, gamma, similarity), hierarchy)

    shapes = {
        "exchangeable": (2, ranked),
        "saturating": (3, lambda gamma, c: np.tanh(c * ranked(gamma))),
        "similarity": (3, ranked),
    }
    for name, (parameters, shape) in shapes.items():
        family = pooled(name, hierarchy)
        assert family.n_parameters == parameters
        for point in [0, *np.random.default_rng(0).integers(len(family.grid), size=5)]:
            np.testing.assert_allclose(family.shapes[point, 0], shape(*family.grid[point]), atol=1e-9)


@pytest.mark.parametrize("hierarchy", [Hierarchy(6), TWO])
@pytest.mark.parametrize(("alpha", "ridge"), [(0.0, 0.3), (0.2, 1e-4), (0.7, 0.01), (0.5, 5.0)])
def test_kernel_logistic_regression_against_explicit_features(hierarchy, alpha, ridge):
    n, pairs = hierarchy.n, list(hierarchy.ordered_pairs())
    features = canonical_features(n, alpha)
    at = dict(zip(pairs, features, strict=True))
    told = [*hierarchy.training_pairs()]
    x = np.array([at[pair] for pair in told] + [at[b, a] for a, b in told])
    y = np.repeat([1.0, -1.0], len(told))

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        f = y * (x @ w)
        slope = -y / (1 + np.exp(f))
        # The minimum over w of the loss of both directions is that of the antisymmetric dual.
        return float(np.logaddexp(0, -f).sum() + ridge / 2 * w @ w), slope @ x + ridge * w

    options = {"gtol": 1e-11, "ftol": 1e-15, "maxiter": 20000}
    w = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options=options).x
    r = logistic_ranks(hierarchy, np.array([alpha]), np.array([ridge]))[0]
    for i, j in zip(*untrained(hierarchy), strict=True):
        assert w @ at[i, j] == pytest.approx(r[i] - r[j], abs=2e-4 * np.abs(r).max())


def test_the_order_prior_is_what_regression_leaves_of_it():
    """Fit y - b q on the trained pairs by a dense solve, add b q: the shapes must sum to just that."""
    q, b = -np.arange(9.0), 0.3
    family = by_reversal("order_prior", ONE)
    incidences = incidence(ONE)
    for point in (0, 90, 200):
        gamma = GAMMAS[point]
        halves = []
        for sign in (1, -1):
            left = 1 - incidences @ (sign * b * q)
            system = incidences.T @ incidences + gamma * np.eye(9)
            halves.append(difference(np.linalg.solve(system, incidences.T @ left) + sign * b * q, ONE))
        shapes = family.shapes[point]
        np.testing.assert_allclose(shapes[0] + b * shapes[1], np.concatenate(halves), atol=1e-8)
    assert family.n_parameters == 3


def test_the_measured_prior_of_an_order_is_the_order_prior():
    higher, lower = np.triu_indices(9, 1)
    lean = (lower - higher).astype(float)
    for name in ("", "saturating_"):
        measured = by_reversal(f"{name}measured_prior", ONE, (lean, -lean))
        order = by_reversal(f"{name}order_prior", ONE)
        np.testing.assert_allclose(measured.shapes, order.shapes, atol=1e-9)


def explained(path: Path) -> pl.DataFrame:
    out, summary = path.with_name("explanations.parquet"), path.with_name("summary.csv")
    explain(responses=[path], out=out, summary=summary)
    return EXPLANATIONS.read(out)


def in_runs(lean: np.ndarray, reverse: bool) -> np.ndarray:
    """A lean of untrained pairs of forward runs, then of reversed ones, in the margins of one run."""
    whole = np.zeros(36)
    whole[~TRAINED] = lean[27:] if reverse else lean[:27]
    return whole


def test_each_explanation_is_found_where_it_is_true(tmp_path):
    """Noise around margins that one explanation made: that one gains most, out of sample."""
    linear = theory_margins(ONE, 0.3, 0.5, 1.0)
    similar = dense_ranks(ONE, 2.0, np.where(DISTANCE == 0, 1.0, 0.8**DISTANCE))
    higher, lower = np.triu_indices(9, 1)
    lean = by_reversal("order_prior", ONE).shapes[124, 1]
    truths = {
        "exchangeable": lambda reverse: 6 * linear,
        "saturating": lambda reverse: 8 * np.tanh(2.5 * linear),
        "similarity": lambda reverse: 3 * (similar[higher] - similar[lower]),
        "order_prior": lambda reverse: 6 * linear + 1.5 * in_runs(lean, reverse),
    }
    noise = noisy(np.zeros(36), 0.15)
    frames = [
        response_rows(ONE, lambda *run, of=of: of(run[1]) + noise(*run), range(10), model=name)
        for name, of in truths.items()
    ]
    table = explained(written(tmp_path, *frames))
    names = {"pooled": {*POOLED, "rank"}, "by_reversal": {n for n in BY_REVERSAL if "measured" not in n}}
    for margins, expected in names.items():
        assert set(table.filter(margins=margins, model="saturating")["explanation"]) == expected

    def gains(model: str, margins: str, split: str) -> dict[str, float]:
        rows = table.filter(model=model, margins=margins)
        return dict(rows.select("explanation", f"gain_{split}").drop_nulls().iter_rows())

    for split in ("seeds", "pairs"):
        assert max(gains("exchangeable", "pooled", split).values()) < 0.005
        for model in ("saturating", "similarity", "order_prior"):
            found = gains(model, "by_reversal" if model == "order_prior" else "pooled", split)
            assert found[model] > 0.005
            assert found[model] > max(value for name, value in found.items() if model not in name)
    assert table.filter(margins="pooled")["noise_ceiling"].min() > 0.99
    summary = EXPLANATIONS_SUMMARY.read(tmp_path / "summary.csv").filter(margins="by_reversal")
    assert by_column(summary, "explanation")["order_prior"]["n_cells"] == 4


def test_a_measured_prior_needs_answers_before_training(tmp_path):
    before = {reverse: np.random.default_rng([2, reverse]).normal(size=36) for reverse in (False, True)}
    base = theory_margins(ONE, 0.5, 0.5, 5.0)
    # Survives best at large gamma; here it is put in as the explanation says.
    survived = by_reversal("measured_prior", ONE, (before[False], before[True])).shapes[108, 1]
    noise = noisy(base, 0.1)
    path = written(
        tmp_path,
        response_rows(ONE, lambda seed, reverse: before[reverse], range(6), phase="pre"),
        response_rows(ONE, lambda *run: noise(*run) + 2 * in_runs(survived, run[1]), range(6)),
        response_rows(ONE, lambda *_: base, [0], name="single"),
    )
    table = explained(path)
    row = table.filter(explanation="measured_prior").row(0, named=True)
    assert row["hierarchy"] == "h"
    assert row["prior"] == pytest.approx(2, rel=0.1)
    assert row["gain_seeds"] > 4 * row["gain_seeds_standard_error"]
    single = table.filter(hierarchy="single", explanation="exchangeable")
    assert single["r2_seeds"].null_count() == len(single) == 2
    assert single["r2_pairs"].null_count() == 0
