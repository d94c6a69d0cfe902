"""Figures of the theory: they show what the tables hold, and are refused where one lacks it."""

from pathlib import Path

import polars as pl
import pytest
from matplotlib.figure import Figure

from checks import assert_draws, assert_sound, drawn, shown
from memgen.errors import BadInput
from memgen.figures.relational.critical_placement import critical_placement as draw_critical
from memgen.figures.relational.depth import depth
from memgen.figures.relational.mechanism import mechanism
from memgen.figures.relational.memorization import memorization
from memgen.figures.relational.phase_placement import phase_placement
from memgen.figures.relational.phase_representation import phase_representation
from memgen.figures.relational.readout import readout
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

GRID = {"conjunctivity": [0.0, 0.5], "ridge": [0.0, 0.1]}
FIGURES = {
    "mechanism": (mechanism, {"hierarchy": "two", "conjunctivity": [0.0, 0.5], "ridge": 0.0}),
    "memorization": (memorization, {"hierarchy": "two", "ridge": [0.0, 0.1]}),
    "phase": (phase_representation, {"hierarchy": "two"}),
    "placement": (phase_placement, {"n": 9, "conjunctivity": 0.5, "ridge": 0.0, "span": 2}),
    "critical": (draw_critical, {"n": 7}),
    "readout": (readout, {"hierarchy": "two", "ridge": 0.1, "conjunctivity": 0.5}),
    "depth": (depth, {"hierarchy": "two", "ridge": 0.0}),
}
ABSENT = {
    "mechanism": {"conjunctivity": [0.25]},
    "memorization": {"ridge": [0.2]},
    "phase": {"hierarchy": "other"},
    "placement": {"n": 11},
    "critical": {"n": 8},
    "readout": {"conjunctivity": 0.25},
    "depth": {"ridge": 0.3},
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    task(name="two", n=11, exceptions=["4:2", "9:6"], out=folder / "task.parquet")
    tasks = [folder / "task.parquet"]
    mechanism_table(tasks=tasks, **GRID, out=folder / "mechanism.parquet")
    memorization_table(tasks=tasks, **GRID, out=folder / "memorization.parquet")
    phase_table(
        tasks=tasks,
        conjunctivity_points=4,
        highest_conjunctivity=0.9,
        lowest_ridge=0.01,
        highest_ridge=1.0,
        ridge_points=3,
        out=folder / "phase.parquet",
    )
    placement_table(n=[7, 9], numbers=[1, 2], **GRID, out=folder / "placement.parquet")
    critical_placement(n=[9, 21], spans=[2, 4], map_n=7, out=folder / "critical.parquet")
    readout_table(tasks=tasks, **GRID, temperature=[0.0, 0.3], out=folder / "readout.parquet")
    depth_table(tasks=tasks, depth=[1, 3], nonlinearity=[0.0, 1.0], ridge=[0.0], out=folder / "depth.parquet")
    return folder


def of(name: str, tables: Path, folder: Path) -> Figure:
    """One of the figures, with what it draws."""
    draw, options = FIGURES[name]
    return drawn(draw, folder, table=tables / f"{name}.parquet", **options)


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_nothing_is_clipped(name: str, tables: Path, tmp_path: Path) -> None:
    assert_sound(of(name, tables, tmp_path))


def test_mechanism_draws_each_part(tables: Path, tmp_path: Path) -> None:
    frame = MECHANISM.read(tables / "mechanism.parquet").filter(ridge=0.0)
    parts = frame["part"].unique(maintain_order=True).to_list()
    wanted = [(alpha, part) for alpha in (0.0, 0.5) for part in parts]
    for axes, (alpha, part) in zip(shown(of("mechanism", tables, tmp_path)), wanted, strict=True):
        assert_draws(axes, (frame.filter(alpha=alpha, part=part), "item", "value"))


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
    _, accuracy, margin = (
        axes for axes in shown(of("depth", tables, tmp_path)) if not hasattr(axes, "_colorbar")
    )
    assert_draws(accuracy, (frame, "depth", "accuracy"))
    assert_draws(margin, (frame, "depth", "margin"))


def test_a_figure_is_the_same_bytes_each_time(tables: Path, tmp_path: Path) -> None:
    draw, options = FIGURES["mechanism"]
    for attempt in ("one", "two"):
        paths = {kind: tmp_path / attempt / f"figure.{kind}" for kind in ("pdf", "png")}
        (tmp_path / attempt).mkdir()
        draw(table=tables / "mechanism.parquet", **options, **paths)
    for kind in ("pdf", "png"):
        one, two = (tmp_path / attempt / f"figure.{kind}" for attempt in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("name", FIGURES)
def test_what_a_table_does_not_hold_is_refused(name: str, tables: Path, tmp_path: Path) -> None:
    draw, options = FIGURES[name]
    paths = {kind: tmp_path / f"figure.{kind}" for kind in ("pdf", "png")}
    with pytest.raises(BadInput, match="holds no") as caught:
        draw(table=tables / f"{name}.parquet", **{**options, **ABSENT[name]}, **paths)
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())
