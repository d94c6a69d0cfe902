"""Tables of a few hierarchies, as the rules make them."""

import pytest
from tests.relational.reference import HIERARCHIES

from memgen.relational.stages.grids import critical_table, depth_table, mechanism_table
from memgen.relational.stages.placement import critical_placement
from memgen.relational.stages.sweep import sweep
from memgen.relational.stages.task import task


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Tables of the study, as the rules make them; nobody may change them."""
    folder = tmp_path_factory.mktemp("relational")
    tasks = [folder / f"{name}.parquet" for name in HIERARCHIES]
    for path, (n, exceptions) in zip(tasks, HIERARCHIES.values(), strict=True):
        task(name=path.stem, n=n, exceptions=exceptions, out=path)
    grid = {"conjunctivity": [0.0, 0.1, 0.2, 0.3, 0.9], "ridge": [0.0, 0.05]}
    sweep(tasks=tasks, **grid, out=folder / "sweep.parquet", ranks=folder / "ranks.parquet")
    critical_table(tasks=tasks, out=folder / "critical.csv")
    critical_placement(n=[7, 201, 401], spans=[2, 4], map_n=8, out=folder / "placement.parquet")
    mid = [folder / "exc_mid_n9.parquet"]
    mechanism_table(tasks=mid, conjunctivity=[0.0, 0.5], ridge=[0.0], out=folder / "mechanism.parquet")
    layers = {"depth": [1, 2, 3, 4], "nonlinearity": [0.0, 1.0], "ridge": [0.0]}
    depth_table(tasks=mid, **layers, out=folder / "depth.parquet")
    return folder
