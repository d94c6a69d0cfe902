"""Tables of a few hierarchies, as the rules make them."""

import pytest

from memgen.relational.stages.critical_table import critical_table
from memgen.relational.stages.sweep import sweep
from memgen.relational.stages.task import task

HIERARCHIES = {
    "ti_n9": (9, []),
    "exc_mid_n9": (9, ["5:3"]),
    "exc_far_n11": (11, ["7:3"]),
    "two_n15": (15, ["5:3", "11:9"]),
    "edge_n5": (5, ["2:0"]),
}


@pytest.fixture(scope="session")
def hierarchies_of_the_study():
    """Number of items and exceptions of each hierarchy in `study`, by name."""
    return HIERARCHIES


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Every table of the study, as the rules make them."""
    folder = tmp_path_factory.mktemp("relational")
    for name, (n, exceptions) in HIERARCHIES.items():
        task(name=name, n=n, exceptions=exceptions, out=folder / f"{name}.parquet")
    tasks = [folder / f"{name}.parquet" for name in HIERARCHIES]
    sweep(
        tasks=tasks,
        conjunctivity=[0.0, 0.2, 0.3, 0.9],
        ridge=[0.0, 0.05],
        out=folder / "sweep.parquet",
        ranks=folder / "ranks.parquet",
    )
    critical_table(tasks=tasks, out=folder / "critical.csv")
    return folder


@pytest.fixture(scope="session")
def tasks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tasks")
    for name, (n, exceptions) in {"plain": (6, []), "one": (9, ["5:3"]), "two": (12, ["5:3", "9:6"])}.items():
        task(name=name, n=n, exceptions=exceptions, out=folder / f"{name}.parquet")
    return [folder / f"{name}.parquet" for name in ("plain", "one", "two")]
