"""These tests start a SLURM, as root: `make test-hpc` runs them; FULL=1 those of all faults too."""

import os

import pytest

collect_ignore_glob = [] if "MEMGEN_HPC" in os.environ else ["test_*.py"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long ones out, unless they are asked for."""
    if os.environ.get("FULL"):
        return
    long = [item for item in items if item.get_closest_marker("full")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
