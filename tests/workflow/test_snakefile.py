"""Plain `snakemake` gives the same verdict as `make study`, and its jobs run with the Python that runs it."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod, DeploymentSettings
from snakemake.shell import shell

from parsed import workflow

TARGET = "results/relational/tasks/ti_n9.parquet"


def snakemake(folder: Path, *arguments: str, search: str = os.defpath) -> subprocess.CompletedProcess[str]:
    """Snakemake, called by its path in an environment that nobody activated."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *arguments, "--", TARGET],
        cwd=folder,
        env={**environment, "PATH": search},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_jobs_run_with_the_python_that_runs_snakemake(repository):
    other = repository / "other/python"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\nexit 9\n")
    other.chmod(0o755)
    done = snakemake(repository, search=f"{other.parent}{os.pathsep}{os.defpath}")
    assert done.returncode == 0, done.stdout
    assert (repository / TARGET).is_file()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--configfile", "overlay.yaml"), "overlay.yaml, line 2: key 'language' is given twice"),
        (
            ("--config", "language={device: tpu}"),
            "config.yaml + the command line: language.device: 'tpu' is not allowed",
        ),
    ],
)
def test_plain_snakemake_refuses_what_the_study_refuses(repository, given, message):
    (repository / "overlay.yaml").write_text("language: {}\nlanguage: {}\n")
    done = snakemake(repository, "--dry-run", *given)
    assert done.returncode != 0 and message in done.stdout and "Traceback" not in done.stdout


def test_a_gpu_is_asked_of_this_machine_and_not_of_a_cluster(repository, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    overlay = repository / "overlay.yaml"
    overlay.write_text("language: {device: cuda}\n")
    with workflow(repository, overlay) as (parsed, _):
        for here in (True, False):
            parsed._dag = SimpleNamespace(needrun_jobs=lambda: [])
            parsed._executor_plugin = SimpleNamespace(common_settings=SimpleNamespace(local_exec=here))
            if here:
                with pytest.raises(WorkflowError, match="no GPU that torch can use; allowed: cpu"):
                    parsed._onstart(None)
            else:
                parsed._onstart(None)


def test_a_deployed_environment_keeps_its_own_python(repository):
    with workflow(repository):
        assert str(Path(sys.executable).parent) in shell._process_prefix
    deployment = DeploymentSettings(deployment_method={DeploymentMethod.CONDA})
    with workflow(repository, deployment=deployment):
        assert shell._process_prefix.startswith("export PYTHONPATH=workflow MEMGEN_CONFIGURATION=")
        assert "export PATH=" not in shell._process_prefix


def test_a_figure_is_made_alone_and_a_wrong_name_tells_the_nearest(repository, monkeypatch):
    monkeypatch.setenv("MEMGEN_FIGURE", "explorer")
    with workflow(repository) as (parsed, _):
        assert parsed.globals["targets"] == ["figures/explorer.html"]
    monkeypatch.setenv("MEMGEN_FIGURE", "explorers")
    done = snakemake(repository, "--dry-run")
    assert done.returncode != 0
    assert "figure 'explorers': there is none of that name; nearest: explorer" in done.stdout
