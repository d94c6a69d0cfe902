"""Figures of the theory: they show what the tables hold, and are refused where one lacks it."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from matplotlib.figure import Figure

from checks import assert_draws, assert_refused, assert_same_bytes, assert_sound, drawn, shown
from memgen.relational.stages.grids import (
    depth_table,
    mechanism_table,
    memorization_table,
    phase_table,
    readout_table,
)
from memgen.relational.stages.placement import critical_placement, placement_table
from memgen.relational.stages.task import task
from memgen.relational.tables import DEPTH, MECHANISM, READOUT

GRID: dict[str, Any] = {"conjunctivity": [0.0, 0.5], "ridge": [0.0, 0.1]}
#: Options of each figure, and one that its table does not hold.
FIGURES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "mechanism": ({"hierarchy": "two", **GRID, "ridge": 0.0}, {"conjunctivity": [0.25]}),
    "memorization": ({"hierarchy": "two", "ridge": [0.0, 0.1]}, {"ridge": [0.2]}),
    "phase_representation": ({"hierarchy": "two"}, {"hierarchy": "other"}),
    "phase_placement": ({"n": 9, "conjunctivity": 0.5, "ridge": 0.0, "span": 2}, {"n": 11}),
    "critical_placement": ({"n": 7}, {"n": 8}),
    "readout": ({"hierarchy": "two", "ridge": 0.1, "conjunctivity": 0.5}, {"conjunctivity": 0.25}),
    "depth": ({"hierarchy": "two", "ridge": 0.0}, {"ridge": 0.3}),
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    out = {name: folder / f"{name}.parquet" for name in FIGURES}
    task(name="two", n=11, exceptions=["4:2", "9:6"], out=folder / "task.parquet")
    tasks = [folder / "task.parquet"]
    mechanism_table(tasks=tasks, **GRID, out=out["mechanism"])
    memorization_table(tasks=tasks, **GRID, out=out["memorization"])
    phases: dict[str, Any] = {"conjunctivity_points": 4, "highest_conjunctivity": 0.9, "ridge_points": 3}
    phase_table(tasks=tasks, **phases, lowest_ridge=0.01, highest_ridge=1.0, out=out["phase_representation"])
    placement_table(n=[7, 9], numbers=[1, 2], **GRID, out=out["phase_placement"])
    critical_placement(n=[9, 21], spans=[2, 4], map_n=7, out=out["critical_placement"])
    readout_table(tasks=tasks, **GRID, temperature=[0.0, 0.3], out=out["readout"])
    depth_table(tasks=tasks, depth=[1, 3], nonlinearity=[0.0, 1.0], ridge=[0.0], out=out["depth"])
    return folder


def of(name: str, tables: Path, folder: Path) -> Figure:
    """One of the figures, with what it draws."""
    return drawn(name, folder, table=tables / f"{name}.parquet", **FIGURES[name][0])


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_what_is_absent_is_refused(name: str, tables: Path, tmp_path: Path) -> None:
    assert_sound(of(name, tables, tmp_path))
    options, absent = FIGURES[name]
    table = tables / f"{name}.parquet"
    assert_refused(name, tmp_path / "new", f"{name}.parquet: holds no", table=table, **{**options, **absent})


def test_mechanism_draws_each_part_and_the_same_bytes_each_time(tables: Path, tmp_path: Path) -> None:
    frame = MECHANISM.read(tables / "mechanism.parquet").filter(ridge=0.0)
    parts = frame["part"].unique(maintain_order=True).to_list()
    wanted = [(alpha, part) for alpha in (0.0, 0.5) for part in parts]
    for axes, (alpha, part) in zip(shown(of("mechanism", tables, tmp_path)), wanted, strict=True):
        assert_draws(axes, (frame.filter(alpha=alpha, part=part), "item", "value"))
    options, _ = FIGURES["mechanism"]
    assert_same_bytes("mechanism", tmp_path, table=tables / "mechanism.parquet", **options)


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
