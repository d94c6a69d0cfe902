"""Print the jobs of a study as JSON, as Snakemake itself finds them; nothing is run, nothing is written.

    python tools/dag.py [overlay.yaml ...]

One object a job: rule, wildcards, resources of the first attempt, and places of the jobs that it waits for.
`memgen plan` reads it, so that the package itself needs no Snakemake.
"""

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    DeploymentSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
)

#: What Snakemake adds to a job's resources.
_ITS_OWN = ("_cores", "_nodes", "tmpdir", "mem", "mem_mib", "disk", "disk_mib")


@contextlib.contextmanager
def opened(overlays: Sequence[Path], deployment: DeploymentSettings | None = None) -> Iterator[Any]:
    """Snakemake's face of the study in this folder, with overlays, later ones winning."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        yield api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=list(overlays)),
            deployment_settings=deployment,
            snakefile=Path("Snakefile").absolute(),
        )


def dag(face: Any) -> Any:
    """Snakemake's graph of every job of a whole run."""
    face.dag(dag_settings=DAGSettings(forceall=True))
    workflow = face._workflow
    workflow._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True, nolock=True)
    workflow._build_dag()
    return workflow.dag


def jobs(overlays: Sequence[Path]) -> list[dict[str, Any]]:
    """Every job of a whole run of the study in this folder."""
    with opened(overlays) as face:
        graph = dag(face)
        found = [job for job in graph.jobs if job.rule.name != "all"]
        place = {job: index for index, job in enumerate(found)}
        return [
            {
                "rule": job.rule.name,
                "wildcards": dict(job.wildcards_dict),
                "resources": {name: value for name, value in job.resources.items() if name not in _ITS_OWN},
                "after": sorted(place[other] for other in graph.dependencies[job] if other in place),
            }
            for job in found
        ]


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        answer = jobs([Path(name) for name in sys.argv[1:]])
    json.dump(answer, sys.stdout)
