"""Plain `snakemake` gives the same verdict as `make study`, and its jobs run with the Python that runs it."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod, DeploymentSettings
from snakemake.shell import shell

from parsed import workflow
from repository import ran


def test_plain_snakemake_refuses_what_the_study_refuses(repository):
    twice = repository / "overlay.yaml"
    twice.write_text("language: {}\nlanguage: {}\n")
    message = "overlay.yaml, line 2: key 'language' is given twice"
    with pytest.raises(WorkflowError, match=message), workflow(repository, twice):
        pass
    asked = ["--cores", "1", "--dry-run", "--config", "language={device: tpu}"]
    status, said = ran([sys.executable, "-m", "snakemake", *asked], repository)
    assert status != 0 and "Traceback" not in said
    assert "config.yaml + the command line: language.device: 'tpu' is not allowed" in said


def test_a_gpu_is_asked_of_this_machine_and_not_of_a_cluster(repository, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    overlay = repository / "overlay.yaml"
    overlay.write_text("language: {device: cuda}\n")
    with workflow(repository, overlay) as (parsed, _):
        parsed._dag = SimpleNamespace(needrun_jobs=lambda: [])
        there, here = (
            SimpleNamespace(common_settings=SimpleNamespace(local_exec=local)) for local in (False, True)
        )
        parsed._executor_plugin = there
        parsed._onstart(None)
        parsed._executor_plugin = here
        with pytest.raises(WorkflowError, match="no GPU that torch can use; allowed: cpu"):
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
    message = "figure 'explorers': there is none of that name; nearest: explorer"
    with pytest.raises(WorkflowError, match=message), workflow(repository):
        pass
