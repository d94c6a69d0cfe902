"""The study's figures are drawn."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from memgen.errors import BadInput

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


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_drawn(written: dict[str, Any], tmp_path: Path, name: str) -> None:
    draw = getattr(importlib.import_module(f"memgen.figures.longtail.longtail_{name}"), f"longtail_{name}")
    draw(**FIGURES[name](written), pdf=tmp_path / "one.pdf", png=tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as picture:
        colours = picture.convert("RGB").getcolors(1 << 24)
    assert len(colours or []) > 20 and (tmp_path / "one.pdf").stat().st_size > 5000


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
