"""Figures of the theory: they show what the tables hold, and are refused where one lacks it."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from matplotlib.figure import Figure

from checks import assert_draws, assert_refused, assert_sound, drawn, shown
from memgen.relational.stages.grids import depth_table, mechanism_table, readout_table
from memgen.relational.stages.task import task
from memgen.relational.tables import DEPTH, MECHANISM, READOUT

GRID: dict[str, Any] = {"conjunctivity": [0.0, 0.5], "ridge": [0.0, 0.1]}
FIGURES: dict[str, dict[str, Any]] = {
    "mechanism": {"hierarchy": "two", **GRID, "ridge": 0.0},
    "readout": {"hierarchy": "two", "ridge": 0.1, "conjunctivity": 0.5},
    "depth": {"hierarchy": "two", "ridge": 0.0},
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    task(name="two", n=11, exceptions=["4:2", "9:6"], out=folder / "task.parquet")
    tasks = [folder / "task.parquet"]
    out = {name: folder / f"{name}.parquet" for name in FIGURES}
    mechanism_table(tasks=tasks, **GRID, out=out["mechanism"])
    readout_table(tasks=tasks, **GRID, temperature=[0.0, 0.3], out=out["readout"])
    depth_table(tasks=tasks, depth=[1, 3], nonlinearity=[0.0, 1.0], ridge=[0.0], out=out["depth"])
    return folder


def of(name: str, tables: Path, folder: Path) -> Figure:
    """One of the figures, with what it draws; it is sound."""
    figure = drawn(name, folder, table=tables / f"{name}.parquet", **FIGURES[name])
    assert_sound(figure)
    return figure


def test_mechanism_draws_each_part_and_refuses_what_is_absent(tables: Path, tmp_path: Path) -> None:
    frame = MECHANISM.read(tables / "mechanism.parquet").filter(ridge=0.0)
    parts = frame["part"].unique(maintain_order=True).to_list()
    wanted = [(alpha, part) for alpha in (0.0, 0.5) for part in parts]
    for axes, (alpha, part) in zip(shown(of("mechanism", tables, tmp_path)), wanted, strict=True):
        assert_draws(axes, (frame.filter(alpha=alpha, part=part), "item", "value"))
    absent = {**FIGURES["mechanism"], "conjunctivity": [0.25], "table": tables / "mechanism.parquet"}
    assert_refused("mechanism", tmp_path / "new", "mechanism.parquet: holds no", **absent)


def test_readout_draws_accuracy_by_class(tables: Path, tmp_path: Path) -> None:
    frame = READOUT.read(tables / "readout.parquet").filter(ridge=0.1)
    panels = shown(of("readout", tables, tmp_path))
    for place, temperature in enumerate((0.0, 0.3)):
        rows = frame.filter(temperature=temperature)
        assert_draws(panels[place], (rows.filter(pl.col("distance").is_null()), "alpha", "accuracy"))
        near = rows.filter(pl.col("distance").is_not_null(), alpha=0.5)
        assert_draws(panels[2 + place], (near, "distance", "accuracy"))


def test_depth_draws_behaviour_by_class(tables: Path, tmp_path: Path) -> None:
    frame = DEPTH.read(tables / "depth.parquet").filter(pl.col("pair_class") != "loop", rho=1.0)
    panels = shown(of("depth", tables, tmp_path))
    _, accuracy, margin = (axes for axes in panels if not hasattr(axes, "_colorbar"))
    assert_draws(accuracy, (frame, "depth", "accuracy"))
    assert_draws(margin, (frame, "depth", "margin"))
