"""Print the jobs of a study as JSON, as Snakemake itself finds them; nothing is run, nothing is written.

    python tools/dag.py [overlay.yaml ...]

One object a job: rule, wildcards, resources of the first attempt, and places of the jobs that it waits for.
`memgen plan` reads it, so that the package itself needs no Snakemake.
"""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

#: What Snakemake adds to a job's resources.
_ITS_OWN = ("_cores", "_nodes", "tmpdir", "mem", "mem_mib", "disk", "disk_mib")


def jobs(overlays: list[Path]) -> list[dict[str, Any]]:
    """Every job of a whole run of the study in this folder, with overlays, later ones winning."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        opened = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=overlays),
            snakefile=Path("Snakefile").absolute(),
        )
        opened.dag(dag_settings=DAGSettings(forceall=True))
        workflow = opened._workflow
        workflow._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True, nolock=True)
        workflow._build_dag()
        found = [job for job in workflow.dag.jobs if job.rule.name != "all"]
        place = {job: index for index, job in enumerate(found)}
        return [
            {
                "rule": job.rule.name,
                "wildcards": dict(job.wildcards_dict),
                "resources": {name: value for name, value in job.resources.items() if name not in _ITS_OWN},
                "after": sorted(place[other] for other in workflow.dag.dependencies[job] if other in place),
            }
            for job in found
        ]


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        answer = jobs([Path(name) for name in sys.argv[1:]])
    json.dump(answer, sys.stdout)
