"""Representations that differ in conjunctivity: mixtures, probes, costs and depths against references."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from memgen.engine.features import POOLINGS, extract, extract_depths
from memgen.engine.loading import load
from memgen.errors import BadInput
from memgen.language.claims.geometry import geometry_claims, slopes
from memgen.language.exception_cost import (
    difference,
    exception_costs,
    mixtures,
    nearest,
    probe_margins,
    theory_margins,
)
from memgen.language.fits.tables import frame_of
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.language.stages.representations import representations
from memgen.language.stages.weights import initialize
from memgen.language.tables import COST_CURVE, REPRESENTATIONS
from memgen.relational.hierarchy import Hierarchy, ordered_pairs
from memgen.relational.kernels import Exchangeable, measure, measure_features
from synthetic_responses import dense_ranks

PAIRS = Hierarchy.of(6).ordered_pairs()
PLAIN, EXCEPTION = Hierarchy.of(9), Hierarchy.of(9, ["5:3"])


def features(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n * (n - 1), 2 * n))


@settings(max_examples=25)
@given(st.integers(3, 9), st.integers(0, 2**32 - 1), st.floats(0, 0.99))
def test_mixtures_measure_what_they_were_mixed_to(n: int, seed: int, asked: float) -> None:
    """Up to the pair part alone, n / (n - 2), between which and 0 all features lie."""
    rows, most = features(n, seed), n / (n - 2)
    wanted = [0, asked, most]
    found = [measure(kernel, n) for kernel in mixtures(rows @ rows.T, n, wanted)]
    np.testing.assert_allclose([one.conjunctivity for one in found], wanted, atol=1e-9)
    np.testing.assert_allclose([one.scale for one in found], 1, atol=1e-9)
    assert -1e-9 <= measure_features(rows, n).conjunctivity <= most + 1e-9


def test_differences_are_those_of_the_two_directions() -> None:
    """They measure the same as the features, which need not be alike in both positions."""
    rows = features(6, 0)
    back = [PAIRS.index((b, a)) for a, b in PAIRS]
    halves = (rows - rows[back]) / 2
    found = difference(rows @ rows.T, 6)
    np.testing.assert_allclose(found, halves @ halves.T, atol=1e-12)
    assert measure(found, 6).conjunctivity == pytest.approx(measure_features(rows, 6).conjunctivity)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 10))
def test_margins_are_those_of_ridge_regression_on_the_features(seed: int, ridge: float) -> None:
    """Item order[r] holds rank r; the ridge is in units of k_same - k_reversed of the trained pairs."""
    rows, order = features(6, seed), np.random.default_rng(seed).permutation(6)
    hierarchy = Hierarchy.of(6, ["3:1"])
    at = dict(zip(PAIRS, rows, strict=True))
    of_ranks = {(a, b): at[order[a], order[b]] for a, b in PAIRS}
    trained = [pair for pair in of_ranks if hierarchy.trained(*pair)]
    scale = np.mean([np.sum((of_ranks[a, b] - of_ranks[b, a]) ** 2) / 2 for a, b in trained])
    model = Ridge(alpha=ridge * scale, fit_intercept=False, solver="cholesky")
    model.fit([of_ranks[pair] for pair in trained], [hierarchy.truth(*pair) for pair in trained])
    expected = [
        (model.predict([of_ranks[h, k]]) - model.predict([of_ranks[k, h]]))[0] / 2
        for h, k in hierarchy.unordered_pairs()
    ]
    found = probe_margins(rows @ rows.T, hierarchy, order[None], ridge)[0]
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize(("alpha", "wrong"), [(0.12, 0), (0.14, 2), (0.32, 2), (0.34, 7)])
def test_costs_are_those_of_a_dense_solve(alpha: float, wrong: int) -> None:
    """2 v 5 and 3 v 6 turn wrong at gamma .303, and 5 more pairs at gamma 1, conjunctivity 1/3."""
    kernel = Exchangeable.canonical(alpha).matrix(ordered_pairs(9), ordered_pairs(9))
    orders = np.random.default_rng(0).permuted(np.tile(np.arange(9), (3, 1)), axis=1)
    found = exception_costs(
        EXCEPTION, *(probe_margins(kernel, one, orders, 1e-3) for one in (PLAIN, EXCEPTION))
    )
    r, r0 = (dense_ranks(one, 2 * (alpha + 1e-3) / (1 - alpha)) for one in (EXCEPTION, PLAIN))
    cross = [pair for pair in EXCEPTION.unordered_pairs() if EXCEPTION.pair_class(*pair) == "cross"]
    near = [(2, 5), (3, 6), (2, 6)]
    assert nearest(EXCEPTION) == near
    expected = [
        wrong / 27,
        np.mean([r[h] <= r[k] for h, k in near]),
        np.mean([r[h] - r[k] for h, k in near]),
        np.mean([(r0[h] - r0[k]) - (r[h] - r[k]) for h, k in cross]),
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    theory = (theory_margins(one, alpha, 1e-3) for one in (PLAIN, EXCEPTION))
    np.testing.assert_allclose(exception_costs(EXCEPTION, *theory), expected, atol=1e-12)
    with pytest.raises(BadInput, match="nothing lies beside it"):
        nearest(Hierarchy.of(9, ["8:5"]))


@pytest.mark.parametrize("key", ["bert", ("llama", True), ("qwen3", False)])
def test_every_depth_is_a_network_that_ends_there(tiny_model: Path, deep_causal: dict, key: Any) -> None:
    folder = tiny_model if key == "bert" else deep_causal[key]
    texts = prompts(sample("real", 5, 0))
    depths = range(1, 3 if key == "bert" else 5)
    together = extract_depths(load(folder, "float64"), texts, POOLINGS, 3, depths)
    for place, depth in enumerate(depths):
        cut = load(folder, "float64")
        layers = cut.network.encoder if key == "bert" else cut.network
        name = "layer" if key == "bert" else "layers"
        setattr(layers, name, getattr(layers, name)[:depth])
        cut.network.config.num_hidden_layers = depth
        for pooling, alone in extract(cut, texts, POOLINGS, 100).items():
            np.testing.assert_allclose(together[pooling][place], alone, rtol=0, atol=1e-6)


def run(folder: Path, model: Path) -> pl.DataFrame:
    out, curve = folder / "out.csv", folder / "curve.csv"
    asked = {"initializations": 2, "depth": 1, "seeds": 2, "orders": 3, "mixing": [0.0, 0.4]}
    representations(model_directories=[model], n=5, exceptions=["3:1"], out=out, curve=curve, **asked)
    assert COST_CURVE.read(curve).height == 200
    return REPRESENTATIONS.read(out)


def test_stage_reads_every_depth_of_all_networks(tiny_model: Path, tmp_path: Path) -> None:
    """A random network is the one that `initialize` writes with the same seed."""
    found = run(tmp_path, tiny_model)
    # Two depths with weights, one of each random network; two poolings, raw and difference; two mixtures.
    assert found.group_by("initialization").len().sort("initialization")["len"].to_list() == [10, 6, 6]
    np.testing.assert_allclose(found.drop_nulls("mixing")["alpha"], [0, 0.4] * 3, atol=1e-6)
    initialize(like=tiny_model, seed=101, out=tmp_path / "drawn")
    own = pl.col("mixing").is_null()
    given = run(tmp_path, tmp_path / "drawn").filter(own, pl.col("initialization").is_null(), depth=1)
    same = found.filter(own, initialization=101)
    assert same.height == 4
    for name, kind in found.schema.items():
        if kind == pl.Float64 and name != "mixing":
            np.testing.assert_allclose(given[name].to_numpy(), same[name].to_numpy(), rtol=1e-9)


def test_the_claim_is_the_mean_slope_within_networks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Networks differ in level, mixtures and raw features in slope: the claim rests on neither."""
    rows = [
        {
            "model": "m", "initialization": seed or None, "depth": depth, "pooling": "last",
            "features": features, "mixing": mixing, "near_margin_predicted": float(depth), "n_seeds": 2,
            "near_margin": slope * (1.0 + seed) * depth - 5 * seed,
        }
        for seed in range(3) for depth in (1, 2, 4)
        for features, mixing, slope in (("difference", None, 1), ("difference", 0.5, -9), ("raw", None, -1))
    ]  # fmt: skip
    path, unused = tmp_path / "a table.csv", dict.fromkeys(REPRESENTATIONS.columns, 0.0)
    REPRESENTATIONS.write(frame_of([unused | row for row in rows], REPRESENTATIONS), path)
    claim, raw = geometry_claims(path)
    assert claim.leads and not raw.leads and raw.ours == pytest.approx(-2)
    assert claim.ours == pytest.approx(2) and claim.standard_error == pytest.approx(1 / np.sqrt(3))
    slopes(representations=path, json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["value"] == claim.ours and list(printed["networks"].values()) == pytest.approx([1, 2, 3])
