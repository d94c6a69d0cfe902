"""The workflow as Snakemake itself reads it: every rule, with `use rule` and all includes, and every job."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from snakemake.api import SnakemakeApi
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    DeploymentSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
)


@contextlib.contextmanager
def workflow(
    folder: Path, *overlays: Path, deployment: DeploymentSettings | None = None
) -> Iterator[tuple[Any, Any]]:
    """Snakemake's own workflow of a copy of the repository, and its DAG settings' face; nothing is run."""
    with pytest.MonkeyPatch.context() as patch, SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        patch.chdir(folder)
        opened = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=list(overlays)),
            deployment_settings=deployment,
            snakefile=folder / "Snakefile",
        )
        yield opened._workflow, opened


def jobs(opened: Any) -> list[Any]:
    opened.dag(dag_settings=DAGSettings(forceall=True))
    found = opened._workflow
    found._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True, nolock=True)
    found._build_dag()
    return list(found.dag.jobs)
