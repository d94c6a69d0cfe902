"""The workflow as Snakemake itself reads it: every rule, with `use rule` and all includes, and every job."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from snakemake.settings.types import DeploymentSettings

from repository import loaded

tool = loaded("dag")


@contextlib.contextmanager
def workflow(
    folder: Path, *overlays: Path, deployment: DeploymentSettings | None = None
) -> Iterator[tuple[Any, Any]]:
    """Snakemake's own workflow of a copy of the repository, and its DAG settings' face; nothing is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with tool.opened(overlays, deployment) as face:
            yield face._workflow, face


def jobs(opened: Any) -> list[Any]:
    return list(tool.dag(opened).jobs)
