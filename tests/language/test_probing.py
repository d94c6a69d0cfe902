"""The ridge probe and measured conjunctivity: against scikit-learn, loops, the theory, a notebook."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.kernel_ridge import KernelRidge

from memgen.engine.features import Features
from memgen.engine.loading import load
from memgen.errors import BadInput
from memgen.language.fits.least_squares import fit_gamma
from memgen.language.fits.tables import FIT, frame_of
from memgen.language.probing import geometry_rows, measured, predict, ridge_correlation, similarities
from memgen.language.responses.tables import GEOMETRY, GEOMETRY_RUNS, MARGINS, RESPONSES
from memgen.language.stages.features import features
from memgen.language.stages.lineups import lineups
from memgen.language.stages.probe import probe
from memgen.language.stages.summaries import geometry, margins
from memgen.notebooks.models import fit, probed_margins
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable, kernel_ridge, ordered_pairs
from memgen.relational.ranks import ranks
from memgen.relational.stages.task import task
from synthetic_responses import canonical_features, task_of


@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 10))
def test_predictions_are_those_of_kernel_ridge_regression(seed, ridge):
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(20, 30))
    trained, target = generator.permutation(20)[:8], generator.normal(size=8)
    reference = KernelRidge(alpha=ridge, kernel="linear").fit(inputs[trained], target).predict(inputs)
    np.testing.assert_allclose(predict(inputs @ inputs.T, trained, target, ridge), reference, atol=1e-8)


def put(path: Path, arrays: np.ndarray, n: int, first_seed: int = 0) -> Path:
    about = {"model": "m", "items": "fake", "n": n, "first_seed": first_seed}
    Features(about, {"last": arrays.astype(np.float32)}).write(path)
    return path


def probed(
    tmp_path: Path, features: Path, hierarchy: Hierarchy, ridge: float, pooling: str = "last"
) -> pl.DataFrame:
    task_of(tmp_path, hierarchy)
    out = tmp_path / "out.parquet"
    paths = {"task": tmp_path / "task.parquet", "out": out, "geometry": tmp_path / "geometry.parquet"}
    probe(features=features, method="probe", pooling=pooling, ridge=[ridge], **paths)
    return RESPONSES.read(out)


@pytest.mark.parametrize(
    ("exceptions", "alpha", "ridge", "scale"), [((), 0.0, 0.01, 1.0), (((5, 3),), 0.3, 0.1, 7.0)]
)
def test_on_exchangeable_features_the_probe_is_the_theory(tmp_path, exceptions, alpha, ridge, scale):
    hierarchy = Hierarchy(9, exceptions)
    features = put(tmp_path / "f", scale * canonical_features(9, alpha)[None], 9)
    found = probed(tmp_path, features, hierarchy, ridge)
    expected = ranks(9, exceptions, alpha, ridge)
    untrained = found.filter(~pl.col("pair_class").is_in(["train", "exception"]))
    difference = expected[untrained["first"].to_numpy()] - expected[untrained["second"].to_numpy()]
    np.testing.assert_allclose(untrained["logit_difference"], difference, atol=1e-6)


def test_a_reversed_run_is_the_forward_run_on_names_in_opposite_order(tmp_path):
    n, hierarchy = 6, Hierarchy(6, ((3, 1),))
    vectors = np.random.default_rng(0).normal(size=(2, n * (n - 1), 40))
    place = {pair: index for index, pair in enumerate(hierarchy.ordered_pairs())}
    turned = vectors[:, [place[n - 1 - first, n - 1 - second] for first, second in place]]
    one = probed(tmp_path, put(tmp_path / "a", vectors, n, 5), hierarchy, 0.01)
    other = probed(tmp_path, put(tmp_path / "b", turned, n, 5), hierarchy, 0.01)
    assert sorted(one["seed"].unique()) == [5, 6]
    key = ["seed", "first", "second"]
    for reverse in (False, True):
        left = one.filter(pl.col("reverse") == reverse).sort(key).drop("reverse")
        right = other.filter(pl.col("reverse") != reverse).sort(key).drop("reverse")
        assert left.select(key).equals(right.select(key))
        np.testing.assert_allclose(left["logit_difference"], right["logit_difference"], rtol=0, atol=1e-9)
    forward, backward = (one.filter(pl.col("reverse") == reverse) for reverse in (False, True))
    assert not np.allclose(forward["logit_difference"], backward["logit_difference"])


def test_bad_input_is_refused(tmp_path):
    vectors = np.random.default_rng(3).normal(size=(1, 12, 4))
    features = put(tmp_path / "f", vectors, 4)
    with pytest.raises(BadInput, match="allowed: 5"):
        probed(tmp_path, features, Hierarchy(5), 0.1)
    with pytest.raises(BadInput, match="allowed: last"):
        probed(tmp_path, features, Hierarchy(4), 0.1, pooling="mean")
    same = put(tmp_path / "g", np.ones((1, 12, 4)), 4)
    with pytest.raises(BadInput, match="does not tell"):
        probed(tmp_path, same, Hierarchy(4), 0.1)


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


def test_a_ridge_learner_is_predicted_by_its_own_kernel(tmp_path: Path) -> None:
    task = task_of(tmp_path, Hierarchy(6, ((4, 2),)))
    trained = task["trained"].to_numpy()
    target = np.where(task["first_wins"].fill_null(False).to_numpy(), 1.0, -1.0)
    hidden = canonical_features(6, 0.4)
    kernel = Exchangeable.canonical(0.4).matrix(ordered_pairs(6), ordered_pairs(6))
    answers = kernel_ridge(kernel[np.ix_(trained, trained)], target[trained], kernel[:, trained], 1e-3)
    assert ridge_correlation(3 * hidden, trained, target, answers, 6) == pytest.approx(1, abs=1e-9)
    assert ridge_correlation(hidden, trained, target, -answers, 6) == pytest.approx(-1, abs=1e-9)
    assert ridge_correlation(hidden, trained, target, np.full(30, np.nan), 6) is None


def test_stage_averages_runs_by_seed_and_leaves_diverged_ones_out(tmp_path: Path) -> None:
    task = task_of(tmp_path, Hierarchy(6, ((4, 2),)))
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


def test_the_probe_of_a_notebook_is_that_of_the_study(tiny_causal, tmp_path):
    folder, hierarchy = tiny_causal["llama", False], Hierarchy(7, ((4, 2),))
    paths = {name: tmp_path / f"{name}.parquet" for name in ("lineup", "task", "out", "geometry", "margins")}
    states = tmp_path / "features.safetensors"
    lineups(items="fake", n=7, first_seed=0, last_seed=1, out=paths["lineup"])
    task(name="mine", n=7, exceptions=["4:2"], out=paths["task"])
    common = {"lineup": paths["lineup"], "model": "tiny", "first_seed": 0, "last_seed": 1}
    features(model_directory=folder, pooling=["last"], out=states, **common)
    given = {name: paths[name] for name in ("task", "out", "geometry")}
    probe(features=states, method="probe", ridge=[0.01], pooling="last", **given)
    margins(responses=paths["out"], out=paths["margins"])
    study = MARGINS.read(paths["margins"]).sort("higher", "lower")
    found = probed_margins(load(folder), hierarchy, seeds=range(2), ridge=0.01)
    assert found.frame["pair_class"].to_list() == study["pair_class"].to_list()
    np.testing.assert_allclose(found.frame["margin"], study["margin"], rtol=0, atol=1e-9)

    fitted = fit(hierarchy, found)
    untrained = fitted.frame
    assert untrained.height == 21 - 7
    direct = fit_gamma(hierarchy, *(untrained[name].to_numpy() for name in ("higher", "lower", "observed")))
    same = ("gamma", "scale", "correlation")
    assert all(getattr(fitted, name) == getattr(direct, name) for name in same)
    shown = np.corrcoef(untrained["predicted"], untrained["observed"])[0, 1]
    assert np.isclose(shown, direct.correlation, rtol=0, atol=1e-12)
