"""The study's figures show what its tables hold."""

import importlib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from matplotlib.figure import Figure

from checks import assert_draws, assert_sound, drawn, points, shown
from memgen.errors import BadInput
from memgen.longtail.tables import NOISE, SCALING, SIMULATION, SPECTRA, TRADEOFF

NAMES = ("spectra", "scaling", "simulation", "tradeoff", "privacy", "noise", "subgroups", "memorization")
FIGURES = {**dict(zip(NAMES, NAMES, strict=True)), "classifiers": "curves"}


def of(name: str, written: dict[str, Any], folder: Path) -> Figure:
    """One of the figures, with what it draws."""
    draw = getattr(importlib.import_module(f"memgen.figures.longtail.longtail_{name}"), f"longtail_{name}")
    return drawn(draw, folder, **{FIGURES[name]: written[FIGURES[name]]})


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_nothing_is_clipped(written: dict[str, Any], tmp_path: Path, name: str) -> None:
    figure = of(name, written, tmp_path)
    assert_sound(figure)
    assert any(len(points(axes)) for axes in shown(figure))


def panels(name: str, written: dict[str, Any]) -> list[tuple[pl.DataFrame, str, str]]:
    """What each panel of a figure must draw: rows, and the columns across and up."""
    if name == "tradeoff":
        return [(TRADEOFF.read(written[name]), "fitted_simulated", "excess_simulated")]
    if name == "noise":
        return [(NOISE.read(written[name]), "label_keep", "excess_simulated")]
    if name == "simulation":
        parts = SIMULATION.read(written[name]).partition_by("prior", maintain_order=True)
        return [(part, "error_closed", "error_simulated") for part in parts]
    if name == "scaling":
        frame = SCALING.read(written[name])
        return [(frame.filter(multiplicity=count), "samples", "tau_n") for count in (1, 2)]
    frame = SPECTRA.read(written[name]).filter(pl.col("multiplicity") <= 100)
    return [
        (frame.filter(pl.col(column) >= floor), "multiplicity", column)
        for column, floor in (("points", 1e-3), ("mass", 1e-5))
    ]


@pytest.mark.parametrize("name", ["tradeoff", "noise", "simulation", "scaling", "spectra"])
def test_panels_draw_every_row(written: dict[str, Any], tmp_path: Path, name: str) -> None:
    for axes, rows in zip(shown(of(name, written, tmp_path)), panels(name, written), strict=True):
        assert_draws(axes, rows)


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
