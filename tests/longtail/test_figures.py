"""The study's figures show what its tables hold."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from checks import assert_draws, assert_refused, assert_sound, drawn, points, shown
from memgen.longtail.tables import COMPRESSION, MISLABELLED, NOISE, SCALING, SUBGROUPS, TRADEOFF
from memgen.relational.stages.grids import memorization_table
from memgen.relational.stages.task import task
from memgen.relational.tables import MEMORIZATION

FIGURES = {
    **{name: (name,) for name in ("spectra", "scaling", "privacy", "memorization")},
    "singletons": ("tradeoff", "noise", "mislabelled"),
    "subgroups": ("subgroups", "compression"),
    "classifiers": ("curves",),
}


def of(name: str, written: dict[str, Any], folder: Path) -> Figure:
    """One of the figures, with what it draws."""
    return drawn(f"longtail_{name}", folder, **{table: written[table] for table in FIGURES[name]})


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_nothing_is_clipped(written: dict[str, Any], tmp_path: Path, name: str) -> None:
    figure = of(name, written, tmp_path)
    assert_sound(figure)
    assert any(len(points(axes)) for axes in shown(figure))


def panels(name: str, written: dict[str, Any]) -> list[tuple[pl.DataFrame, str, str]]:
    """What each panel of a figure must draw: rows, and the columns across and up."""
    if name == "singletons":
        trained = MISLABELLED.read(written["mislabelled"])
        random = trained.filter(label_keep=0).select("setting", share="fitted")
        wrong = trained.filter(label_keep=0.8).select("setting", share="fitted_wrong")
        return [
            (TRADEOFF.read(written["tradeoff"]), "fitted_simulated", "excess_simulated"),
            (NOISE.read(written["noise"]), "label_keep", "excess_simulated"),
            (trained.filter("best"), "label_keep", "cost"),
            (pl.concat([random, wrong]), "setting", "share"),
        ]
    if name == "subgroups":
        (path,) = written["subgroups"]
        pruned = COMPRESSION.read(written["compression"])
        costs = SUBGROUPS.read(path).with_columns(place=pl.col("group").rank("dense").cast(pl.Float64) - 1)
        return [
            (costs.filter(learner="limited"), "place", "cost_simulated"),
            (costs.filter(learner="exponential"), "parameter", "cost_simulated"),
            (costs.filter(learner="ignore"), "parameter", "cost_simulated"),
            *((part, "kept", "loss") for part in pruned.partition_by("structure", maintain_order=True)),
        ]
    frame = SCALING.read(written[name])
    return [(frame.filter(multiplicity=count), "samples", "tau_n") for count in (1, 2)]


@pytest.mark.parametrize("name", ["singletons", "subgroups", "scaling"])
def test_panels_draw_every_row(written: dict[str, Any], tmp_path: Path, name: str) -> None:
    for axes, rows in zip(shown(of(name, written, tmp_path)), panels(name, written), strict=True):
        assert_draws(axes, rows)


def test_one_currency_draws_both_studies(written: dict[str, Any], tmp_path: Path) -> None:
    task(name="exc", n=9, exceptions=["5:3"], out=tmp_path / "task.parquet")
    pairs = tmp_path / "pairs.parquet"
    memorization_table(tasks=[tmp_path / "task.parquet"], conjunctivity=[0.3], ridge=[0.1, 10.0], out=pairs)
    given = {"relational": pairs, "longtail": written["memorization"], "hierarchy": "exc"}
    left, right = shown(drawn("longtail_currency", tmp_path, conjunctivity=0.3, **given))
    scores = MEMORIZATION.read(pairs)
    for panel, column in ((left, "score"), (right, "answer_gain")):
        seen = {tuple(point) for point in np.round(points(panel), 9)}
        assert {tuple(np.round(row, 9)) for row in scores.select("ridge", column).rows()} <= seen
    other = {**given, "hierarchy": "other", "conjunctivity": 0.3}
    assert_refused("longtail_currency", tmp_path / "new", "no scores", **other)
