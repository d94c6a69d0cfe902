"""The study's figures show what its tables hold."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from matplotlib.figure import Figure

from checks import assert_draws, assert_sound, drawn, points, shown
from memgen.errors import BadInput
from memgen.longtail.tables import NOISE, SCALING, SIMULATION, SPECTRA, TRADEOFF
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
    draw = getattr(importlib.import_module(f"memgen.figures.longtail.longtail_{name}"), f"longtail_{name}")
    return drawn(draw, folder, **FIGURES[name](written))


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
    from memgen.figures.longtail.longtail_currency import longtail_currency

    pairs = pl.DataFrame(
        {
            "hierarchy": ["exc"] * 4,
            "higher": [0, 0, 3, 3],
            "lower": [1, 1, 5, 5],
            "pair_class": ["train", "train", "exception", "exception"],
            "alpha": [0.3] * 4,
            "ridge": [0.1, 10.0] * 2,
            "score": [0.2, 0.1, 1.2, 0.4],
            "answer_gain": [0.0, 0.0, 1.0, 0.0],
        }
    )
    pairs.write_parquet(tmp_path / "pairs.parquet")
    targets = {"pdf": tmp_path / "one.pdf", "png": tmp_path / "one.png"}
    given = {"relational": tmp_path / "pairs.parquet", "longtail": written["memorization"], **targets}
    longtail_currency(hierarchy="exc", conjunctivity=0.3, **given)
    assert targets["pdf"].stat().st_size > 5000
    with pytest.raises(BadInput, match="no scores"):
        longtail_currency(hierarchy="other", conjunctivity=0.3, **given)
    pairs.drop("score").write_parquet(tmp_path / "pairs.parquet")
    with pytest.raises(BadInput, match="missing columns"):
        longtail_currency(hierarchy="exc", conjunctivity=0.3, **given)
