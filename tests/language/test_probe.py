"""The ridge probe: against scikit-learn, against the theory, and mirrored."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.kernel_ridge import KernelRidge

from memgen.engine.features import Features
from memgen.errors import BadInput
from memgen.language.probing import predict
from memgen.language.responses.tables import RESPONSES
from memgen.language.stages.probe import probe
from memgen.relational.hierarchy import Hierarchy, ordered_pairs
from memgen.relational.ranks import ranks
from memgen.relational.stages.task import task_frame
from synthetic_responses import canonical_features


@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 10))
def test_predictions_are_those_of_kernel_ridge_regression(seed, ridge):
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(20, 30))
    trained, target = generator.permutation(20)[:8], generator.normal(size=8)
    reference = KernelRidge(alpha=ridge, kernel="linear").fit(inputs[trained], target).predict(inputs)
    np.testing.assert_allclose(predict(inputs @ inputs.T, trained, target, ridge), reference, atol=1e-8)


def write(path: Path, arrays: np.ndarray, n: int, first_seed: int = 0) -> Path:
    about = {"model": "m", "items": "fake", "n": n, "first_seed": first_seed}
    Features(about, {"last": arrays.astype(np.float32)}).write(path)
    return path


def run(tmp_path: Path, features: Path, hierarchy: Hierarchy, ridge: list[float], **changed) -> pl.DataFrame:
    task_frame("h", hierarchy).write_parquet(tmp_path / "task.parquet")
    arguments = {"method": "probe", "pooling": "last", **changed}
    out = tmp_path / "out.parquet"
    paths = {"out": out, "geometry": tmp_path / "geometry.parquet"}
    probe(features=features, task=tmp_path / "task.parquet", ridge=ridge, **paths, **arguments)
    return RESPONSES.read(out)


@pytest.mark.parametrize(
    ("exceptions", "alpha", "ridge", "scale"), [((), 0.0, 0.01, 1.0), (((5, 3),), 0.3, 0.1, 7.0)]
)
def test_on_exchangeable_features_the_probe_is_the_theory(tmp_path, exceptions, alpha, ridge, scale):
    hierarchy = Hierarchy(9, exceptions)
    features = write(tmp_path / "f", scale * canonical_features(9, alpha)[None], 9)
    found = run(tmp_path, features, hierarchy, [ridge])
    expected = ranks(9, exceptions, alpha, ridge)
    untrained = found.filter(~pl.col("pair_class").is_in(["train", "exception"]))
    difference = expected[untrained["first"].to_numpy()] - expected[untrained["second"].to_numpy()]
    np.testing.assert_allclose(untrained["logit_difference"], difference, atol=1e-6)


def test_a_reversed_run_is_the_forward_run_on_names_in_opposite_order(tmp_path):
    n, hierarchy = 6, Hierarchy(6, ((3, 1),))
    vectors = np.random.default_rng(0).normal(size=(2, n * (n - 1), 40))
    place = {pair: index for index, pair in enumerate(ordered_pairs(n))}
    turned = vectors[:, [place[n - 1 - first, n - 1 - second] for first, second in place]]
    one = run(tmp_path, write(tmp_path / "a", vectors, n, 5), hierarchy, [0.01])
    other = run(tmp_path, write(tmp_path / "b", turned, n, 5), hierarchy, [0.01])
    assert sorted(one["seed"].unique()) == [5, 6]
    key = ["seed", "first", "second"]
    for reverse in (False, True):
        left = one.filter(pl.col("reverse") == reverse).sort(key).drop("reverse")
        right = other.filter(pl.col("reverse") != reverse).sort(key).drop("reverse")
        assert left.select(key).equals(right.select(key))
        np.testing.assert_allclose(left["logit_difference"], right["logit_difference"], rtol=0, atol=1e-9)
    forward, backward = (one.filter(pl.col("reverse") == reverse) for reverse in (False, True))
    assert not np.allclose(forward["logit_difference"], backward["logit_difference"])


def test_every_ridge_seed_and_ordered_pair_has_one_row(tmp_path):
    vectors = np.random.default_rng(1).normal(size=(3, 20, 30))
    found = run(tmp_path, write(tmp_path / "f", vectors, 5, 2), Hierarchy(5), [0.1, 1e-9])
    assert found.height == 2 * 3 * 2 * 20
    assert found.select("hyperparameter", "seed", "reverse", "first", "second").is_unique().all()
    trained = found.filter(pl.col("hyperparameter") == 1e-9, pl.col("pair_class") == "train")
    target = np.where(trained["first"] < trained["second"], 1, -1)
    np.testing.assert_allclose(trained["logit_difference"], target, atol=1e-6)
    assert trained["correct"].all() and trained["paired_correct"].all()


def test_bad_input_is_refused(tmp_path):
    vectors = np.random.default_rng(3).normal(size=(1, 12, 4))
    features = write(tmp_path / "f", vectors, 4)
    with pytest.raises(BadInput, match="allowed: 5"):
        run(tmp_path, features, Hierarchy(5), [0.1])
    with pytest.raises(BadInput, match="allowed: last"):
        run(tmp_path, features, Hierarchy(4), [0.1], pooling="mean")
    same = write(tmp_path / "g", np.ones((1, 12, 4)), 4)
    with pytest.raises(BadInput, match="does not tell"):
        run(tmp_path, same, Hierarchy(4), [0.1])
