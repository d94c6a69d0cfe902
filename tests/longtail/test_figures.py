"""The study's figures show what its tables hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from checks import assert_draws, assert_refused, assert_sound, drawn, points, shown
from memgen.longtail.tables import NOISE, SCALING, SIMULATION, SPECTRA, TRADEOFF
from memgen.relational.stages.memorization_table import memorization_table
from memgen.relational.stages.task import task
from memgen.relational.tables import MEMORIZATION
from memgen.tables.schema import Table

FIGURES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    **{
        name: lambda paths, name=name: {name: paths[name]}  # type: ignore[misc]
        for name in (
            "spectra",
            "scaling",
            "simulation",
            "tradeoff",
            "privacy",
            "noise",
            "subgroups",
            "memorization",
        )
    },
    "classifiers": lambda paths: {"curves": paths["curves"]},
}


def of(name: str, written: dict[str, Any], folder: Path) -> Figure:
    """One of the figures, with what it draws."""
    return drawn(f"longtail_{name}", folder, **FIGURES[name](written))


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_nothing_is_clipped(written: dict[str, Any], tmp_path: Path, name: str) -> None:
    figure = of(name, written, tmp_path)
    assert_sound(figure)
    assert any(len(points(axes)) for axes in shown(figure))


@pytest.mark.parametrize(
    ("name", "schema", "x", "y"),
    [
        ("tradeoff", TRADEOFF, "fitted_simulated", "excess_simulated"),
        ("noise", NOISE, "label_keep", "excess_simulated"),
    ],
)
def test_one_panel_draws_every_row(
    written: dict[str, Any], tmp_path: Path, name: str, schema: Table, x: str, y: str
) -> None:
    (axes,) = shown(of(name, written, tmp_path))
    assert_draws(axes, (schema.read(written[name]), x, y))


def test_simulation_draws_a_panel_of_each_prior(written: dict[str, Any], tmp_path: Path) -> None:
    frame = SIMULATION.read(written["simulation"])
    priors = frame["prior"].unique(maintain_order=True)
    for axes, prior in zip(shown(of("simulation", written, tmp_path)), priors, strict=True):
        assert_draws(axes, (frame.filter(prior=prior), "error_closed", "error_simulated"))


def test_scaling_draws_a_panel_of_each_multiplicity(written: dict[str, Any], tmp_path: Path) -> None:
    frame = SCALING.read(written["scaling"])
    for axes, count in zip(shown(of("scaling", written, tmp_path)), (1, 2), strict=True):
        assert_draws(axes, (frame.filter(multiplicity=count), "samples", "tau_n"))


def test_spectra_draw_what_is_not_vanishing(written: dict[str, Any], tmp_path: Path) -> None:
    frame = SPECTRA.read(written["spectra"]).filter(pl.col("multiplicity") <= 100)
    wanted = (("points", 1e-3), ("mass", 1e-5))
    for axes, (column, floor) in zip(shown(of("spectra", written, tmp_path)), wanted, strict=True):
        assert_draws(axes, (frame.filter(pl.col(column) >= floor), "multiplicity", column))


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
