"""Jobs on a cluster, found by name and cancelled; executors that are not installed. SLURM is made up here."""

import asyncio
import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.cli import get_argument_parser

import memgen.commands.study as study_module
import snakemake_executor_plugin_memgen_slurm as plugin
from memgen.commands.study import study
from memgen.errors import BadInput
from repository import ROOT
from snakemake_executor_plugin_memgen_slurm import jobs as cluster

COMMANDS = {
    "squeue": "cat {jobs} 2> /dev/null",
    "sacct": "echo '5|CANCELLED by 0'; echo '1|RUNNING'",
    "scancel": 'for number; do sed -i "/^$number|/d" {jobs}; done',
}


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """File with the jobs that a made-up SLURM has, number|name; without it nobody answers."""
    (tmp_path / "bin").mkdir()
    for name, text in COMMANDS.items():
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/sh\n{text.format(jobs=tmp_path / 'jobs')}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.defpath}")
    return tmp_path / "jobs"


def test_only_the_studys_own_jobs_are_cancelled(jobs):
    own, other = cluster.prefix(jobs.parent / "a"), cluster.prefix(jobs.parent / "b")
    assert own == cluster.prefix(jobs.parent / "c/../a") and len(own) <= 50
    jobs.write_text(f"1|{own}_run\n2|other\n3|{other}_run\n4|{own}_run\n")
    assert cluster.alive(own) == ["1", "4"]
    assert cluster.cancel(own, patience=20) == 2
    assert jobs.read_text() == f"2|other\n3|{other}_run\n"
    assert cluster.cancel(own) == 0


def test_accounting_is_asked_about_what_the_controller_has_forgotten(jobs):
    jobs.write_text("1|COMPLETED\n")
    assert cluster.states("memgen-aa", {"1"}) == {"1": "COMPLETED"}
    assert cluster.states("memgen-aa", {"1", "5", "6"}) == {"1": "COMPLETED", "5": "CANCELLED"}


def test_silence_is_no_answer(jobs):
    assert cluster.alive("memgen-aa") is None
    with pytest.raises(TimeoutError, match="could not be cancelled: nobody answers"):
        cluster.cancel("memgen-aa", patience=0)
    assert cluster.states("memgen-aa", {"1"}) is None


@pytest.mark.parametrize(
    ("executor", "profile", "message"),
    [
        ("lsf", None, "'lsf' is not installed; allowed: local, .*pip install snakemake-executor-plugin-lsf"),
        ("a;b", None, "'a;b' is not an executor; allowed: local"),
        ("local", Path("profiles/slurm"), "the executor local has none"),
        ("slurm", Path("nowhere"), "holds no config.yaml; allowed: a folder with a profile for slurm"),
        ("broken", None, r"broken: its plugin cannot be loaded .*no_such_package"),
    ],
)
def test_executors_are_refused_in_one_line(executor, profile, message, monkeypatch, tmp_path):
    (tmp_path / "snakemake_executor_plugin_broken.py").write_text("import no_such_package")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadInput, match=message):
        study(executor=executor, profile=profile)


def test_executors_whose_jobs_share_no_folder_are_refused(monkeypatch):
    """As Kubernetes' and Google Batch's plugins say of theirs."""
    settings = SimpleNamespace(common_settings=SimpleNamespace(implies_no_shared_fs=True))
    monkeypatch.setattr(study_module, "_executors", lambda: ["kubernetes"])
    monkeypatch.setattr(study_module, "_plugin", lambda name: settings)
    with pytest.raises(BadInput, match="kubernetes: its jobs share no folder with this machine"):
        study(executor="kubernetes")


@pytest.mark.parametrize("executor", ["slurm", "lsf", "htcondor"])
def test_profiles_hold_what_snakemake_takes(executor):
    """Options of plugins that are not installed here begin with the executor's name."""
    profile = yaml.safe_load((ROOT / "profiles" / executor / "config.yaml").read_text())
    options = get_argument_parser()._option_string_actions
    assert profile["executor"] in (executor, f"memgen-{executor}") and profile["retries"] == 2
    assert [key for key in profile if f"--{key}" not in options and not key.startswith(f"{executor}-")] == []


def test_states_survive_silence_and_forgetting(monkeypatch, tmp_path):
    """What the executor reports of jobs 1, 2 and 3, asked four times."""
    answers = iter([{"1": "CANCELLED", "2": "RUNNING"}, None, {"2": "COMPLETED"}, {}])
    monkeypatch.setattr(cluster, "states", lambda name, numbers: next(answers))
    ended: list[tuple[str, bool]] = []
    executor = object.__new__(plugin.Executor)
    vars(executor).update(
        run_uuid="memgen-aa_run",
        unlisted={},
        logger=logging.getLogger("test"),
        workflow=SimpleNamespace(executor_settings=SimpleNamespace(keep_successful_logs=False)),
        report_job_success=lambda job: ended.append((job.external_jobid, True)),
        report_job_error=lambda job, **_: ended.append((job.external_jobid, False)),
    )
    active = [SimpleNamespace(external_jobid=n, aux={"slurm_logfile": tmp_path / n}) for n in "123"]

    async def ask() -> list[SimpleNamespace]:
        return [job async for job in executor.check_active_jobs(active)]

    seen = []
    for forgotten in (60.0, 60.0, 60.0, -1.0):
        monkeypatch.setattr(plugin, "FORGOTTEN", forgotten)
        active = asyncio.run(ask())
        seen.append("".join(job.external_jobid for job in active))
    assert seen == ["23", "23", "3", ""]
    assert ended == [("1", False), ("2", True), ("3", True)]
