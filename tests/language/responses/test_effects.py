"""Effects: intervals against their definition, and planted effects found again."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from memgen.language.responses.tables import EFFECTS
from memgen.language.stages.summaries import effects
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import by_column, response_rows, written

SLOPE, BIAS, DROP = 0.5, 0.2, 1.0


def planted(folder: Path) -> Path:
    """Two hierarchies, five seeds: a slope, a bias, and cross pairs that lose DROP by the exception."""
    frames = []
    diverged = pl.when(pl.col("seed") != 5).then("logit_difference").otherwise(float("nan"))
    for name, hierarchy in (("plain", Hierarchy(7)), ("exc", Hierarchy(7, ((4, 2),)))):
        far = np.array([k - h for h, k in hierarchy.unordered_pairs()])
        cross = np.array([hierarchy.pair_class(*pair) == "cross" for pair in hierarchy.unordered_pairs()])
        margins = [SLOPE * far - (DROP + 0.01 * (seed - 2)) * cross for seed in range(6)]
        rows = response_rows(hierarchy, lambda seed, _, of=margins: of[seed], range(6), name=name, bias=BIAS)
        frames.append(rows.with_columns(logit_difference=diverged))
    return written(folder, *frames)


def test_planted_effects_are_found(tmp_path):
    effects(responses=planted(tmp_path), out=tmp_path / "effects.csv")
    table = by_column(EFFECTS.read(tmp_path / "effects.csv"), "hierarchy")
    plain, exc = table["plain"], table["exc"]
    assert plain["n_seeds"] == exc["n_seeds"] == 5, "the diverged run is left out"
    assert plain["distance_slope"] == pytest.approx(SLOPE)
    assert plain["distance_slope_standard_error"] == pytest.approx(0, abs=1e-12)
    assert plain["bias"] == pytest.approx(BIAS) and plain["yes_share"] == pytest.approx(0.5)
    assert plain["compared_with"] is None and plain["exception_margin_effect"] is None
    assert plain["accuracy"] == 1 == pytest.approx(plain["accuracy_high"]) and plain["accuracy_low"] < 1
    assert exc["compared_with"] == "plain"
    assert exc["exception_margin_effect"] == pytest.approx(-DROP)
    changes = -DROP - 0.01 * (np.arange(5) - 2)
    error = np.std(changes, ddof=1) / np.sqrt(5)
    assert exc["exception_margin_effect_standard_error"] == pytest.approx(error)
    half = stats.t.ppf(0.975, 4) * error
    assert exc["exception_margin_effect_low"] == pytest.approx(-DROP - half)
    assert exc["exception_margin_effect_high"] == pytest.approx(-DROP + half)
    assert exc["exception_accuracy_effect"] == pytest.approx(0), "the smallest cross margin stays above 0"
