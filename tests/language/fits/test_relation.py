"""Does alpha predict gamma: planted relations are found, and tables too small say nothing."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from memgen.language.fits.relation import related, relation
from memgen.language.fits.tables import FIT, RELATION
from memgen.language.responses.tables import GEOMETRY


def cells(alpha: np.ndarray, gamma: np.ndarray, models: list[str] | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "model": [f"m{index}" for index in range(len(alpha))] if models is None else models,
            "alpha": alpha,
            "gamma": gamma,
            "ridge_correlation": np.linspace(0, 1, len(alpha)),
            "run_correlation": np.full(len(alpha), 0.9),
        }
    )


def test_correlation_is_spearmans_and_its_interval_covers_it():
    random = np.random.default_rng(0)
    alpha = random.random(30)
    gamma = 2 * alpha / (1 - alpha) * np.exp(random.normal(scale=0.5, size=30))
    found = related(cells(alpha, gamma))
    expected = stats.spearmanr(alpha, gamma)[0]
    assert found["spearman"] == pytest.approx(expected)
    assert found["spearman_low"] < expected < found["spearman_high"] <= 1
    assert found["spearman_low"] > 0, "a strong relation is told from none"
    assert found["own_kernel_correlation"] == pytest.approx(0.5)
    assert found["theory_correlation"] == pytest.approx(0.9)
    assert related(cells(alpha, gamma)) == found, "the bootstrap has its own stream"


def test_no_relation_is_not_found():
    covered = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        found = related(cells(random.random(25), random.random(25)))
        covered.append(found["spearman_low"] < 0 < found["spearman_high"])
    assert np.mean(covered) > 0.7


def test_networks_are_drawn_and_not_their_cells():
    """Cells copied within their network add no certainty; below four networks there is no interval."""
    random = np.random.default_rng(2)
    alpha, gamma = random.random(8), random.random(8)
    names = [f"m{index}" for index in range(8)]
    once, thrice = (related(cells(np.tile(alpha, k), np.tile(gamma, k), names * k)) for k in (1, 3))
    assert (once["n_networks"], thrice["n_networks"], thrice["n_cells"]) == (8, 8, 24)
    for end in ("spearman_low", "spearman_high"):
        assert thrice[end] == pytest.approx(once[end], abs=0.02)
    few = related(cells(alpha, gamma, ["a", "b", "c", "a"] * 2))
    assert few["spearman"] is not None and few["spearman_low"] is None


def test_too_little_gives_no_correlation():
    found = related(cells(np.arange(3.0), np.arange(3.0)))
    assert found["spearman"] is None and found["n_cells"] == 3
    assert related(cells(np.ones(9), np.arange(9.0)))["spearman"] is None, "nothing varies"


def test_probes_do_not_count_among_the_finetuned(tmp_path):
    rows, fits = [], []
    for index in range(6):
        for method, phases in (("probe", ("pre",)), ("lora", ("pre", "post"))):
            key = {
                "source": "study", "model": f"m{index}", "items": "fake", "hierarchy": "h", "method": method,
                "hyperparameter": None,
            }  # fmt: skip
            fits.append({**dict.fromkeys(FIT.columns), **key, "n": 6, "exceptions": "", "n_pairs": 9,
                         "n_runs": 2, "n_seeds": 2, "n_diverged": 0,
                         "run_correlation": 0.8})  # fmt: skip
            for phase in phases:
                rows.append(
                    {**dict.fromkeys(GEOMETRY.columns), **key, "phase": phase, "alpha": index / 10,
                     "gamma": float(index if method == "lora" else -index), "n_runs": 2, "n_seeds": 2}
                )  # fmt: skip
    GEOMETRY.write(pl.DataFrame(rows, schema=GEOMETRY.schema), tmp_path / "geometry.csv")
    FIT.write(pl.DataFrame(fits, schema=FIT.schema), tmp_path / "fit.csv")
    relation(geometry=tmp_path / "geometry.csv", fits=tmp_path / "fit.csv", out=tmp_path / "relation.csv")
    found = RELATION.read(tmp_path / "relation.csv")
    of = {(row["phase"], row["method"]): row["spearman"] for row in found.iter_rows(named=True)}
    assert of == {
        ("pre", None): pytest.approx(1), ("pre", "lora"): pytest.approx(1),
        ("pre", "probe"): pytest.approx(-1),
        ("post", None): pytest.approx(1), ("post", "lora"): pytest.approx(1),
    }  # fmt: skip
