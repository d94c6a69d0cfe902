"""Figures of the theory: the same bytes each time, and refused where the table lacks what they show."""

from pathlib import Path

import pytest

from memgen.errors import BadInput
from memgen.figures.relational.critical_geometry import critical_geometry as draw_critical
from memgen.figures.relational.depth import depth
from memgen.figures.relational.mechanism import mechanism
from memgen.figures.relational.memorization import memorization
from memgen.figures.relational.phase_geometry import phase_geometry
from memgen.figures.relational.phase_representation import phase_representation
from memgen.figures.relational.readout import readout
from memgen.relational.stages.critical_geometry import critical_geometry
from memgen.relational.stages.depth_table import depth_table
from memgen.relational.stages.geometry_table import geometry_table
from memgen.relational.stages.mechanism_table import mechanism_table
from memgen.relational.stages.memorization_table import memorization_table
from memgen.relational.stages.phase_table import phase_table
from memgen.relational.stages.readout_table import readout_table
from memgen.relational.stages.task import task

GRID = {"conjunctivity": [0.0, 0.5], "ridge": [0.0, 0.1]}
FIGURES = {
    "mechanism": (mechanism, {"hierarchy": "two", "conjunctivity": [0.0, 0.5], "ridge": 0.0}),
    "memorization": (memorization, {"hierarchy": "two", "ridge": [0.0, 0.1]}),
    "phase": (phase_representation, {"hierarchy": "two"}),
    "geometry": (phase_geometry, {"n": 9, "conjunctivity": 0.5, "ridge": 0.0, "span": 2}),
    "critical": (draw_critical, {"n": 7}),
    "readout": (readout, {"hierarchy": "two", "ridge": 0.1, "conjunctivity": 0.5}),
    "depth": (depth, {"hierarchy": "two", "ridge": 0.0}),
}
ABSENT = {
    "mechanism": {"conjunctivity": [0.25]},
    "memorization": {"ridge": [0.2]},
    "phase": {"hierarchy": "other"},
    "geometry": {"n": 11},
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
    geometry_table(n=[7, 9], numbers=[1, 2], **GRID, out=folder / "geometry.parquet")
    critical_geometry(n=[9, 21], spans=[2, 4], map_n=7, out=folder / "critical.parquet")
    readout_table(tasks=tasks, **GRID, temperature=[0.0, 0.3], out=folder / "readout.parquet")
    depth_table(tasks=tasks, depth=[1, 3], nonlinearity=[0.0, 1.0], ridge=[0.0], out=folder / "depth.parquet")
    return folder


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_bytes_each_time(name: str, tables: Path, tmp_path: Path) -> None:
    draw, options = FIGURES[name]
    for attempt in ("one", "two"):
        paths = {kind: tmp_path / f"{attempt}.{kind}" for kind in ("pdf", "png")}
        draw(table=tables / f"{name}.parquet", **options, **paths)
    for kind in ("pdf", "png"):
        content = (tmp_path / f"one.{kind}").read_bytes()
        assert content == (tmp_path / f"two.{kind}").read_bytes() and len(content) > 5_000


@pytest.mark.parametrize("name", FIGURES)
def test_what_a_table_does_not_hold_is_refused(name: str, tables: Path, tmp_path: Path) -> None:
    draw, options = FIGURES[name]
    paths = {kind: tmp_path / f"figure.{kind}" for kind in ("pdf", "png")}
    with pytest.raises(BadInput, match="holds no") as caught:
        draw(table=tables / f"{name}.parquet", **{**options, **ABSENT[name]}, **paths)
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())
