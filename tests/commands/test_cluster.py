"""Jobs on a cluster, found by name and cancelled; executors that are not installed. SLURM is made up here."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
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

SQUEUE = """#!{python}
import os, sys
from pathlib import Path
jobs = Path({folder!r}) / "jobs"
if not jobs.exists():
    sys.exit("slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
print(jobs.read_text(), end="")
"""
SACCT = """#!{python}
print("5|CANCELLED by 0")
print("1|RUNNING")
"""
SCANCEL = """#!{python}
import sys
from pathlib import Path
jobs = Path({folder!r}) / "jobs"
kept = [line for line in jobs.read_text().splitlines() if line.partition("|")[0] not in sys.argv[1:]]
jobs.write_text("".join(line + chr(10) for line in kept))
"""


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """File with the jobs that a made-up SLURM has, number|name; without it nobody answers."""
    for name, text in (("squeue", SQUEUE), ("scancel", SCANCEL), ("sacct", SACCT)):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(python=sys.executable, folder=str(tmp_path)))
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.defpath}")
    return tmp_path / "jobs"


def test_names_differ_by_folder_and_suit_the_plugin(tmp_path):
    one, other = cluster.prefix(tmp_path / "a"), cluster.prefix(tmp_path / "b")
    assert one != other and one == cluster.prefix(tmp_path / "c/../a")
    assert len(one) <= 50 and one.replace("-", "").isalnum()


def test_only_the_studys_own_jobs_are_cancelled(jobs):
    jobs.write_text("1|memgen-aa_run\n2|other\n3|memgen-bb_run\n4|memgen-aa_run\n")
    assert cluster.alive("memgen-aa") == ["1", "4"]
    assert cluster.cancel("memgen-aa", patience=20) == 2
    assert jobs.read_text() == "2|other\n3|memgen-bb_run\n"
    assert cluster.cancel("memgen-aa") == 0


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
        (
            "slurm",
            Path("nowhere"),
            "nowhere: holds no config.yaml; allowed: a folder with a profile for slurm",
        ),
    ],
)
def test_executors_are_refused_in_one_line(executor, profile, message, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(BadInput, match=message):
        study(executor=executor, profile=profile)


def test_executors_whose_jobs_share_no_folder_are_refused(monkeypatch):
    """As Kubernetes' and Google Batch's plugins say of theirs."""
    settings = SimpleNamespace(common_settings=SimpleNamespace(implies_no_shared_fs=True))
    monkeypatch.setattr(study_module, "_executors", lambda: ["kubernetes"])
    monkeypatch.setattr(study_module, "_plugin", lambda name: settings)
    with pytest.raises(BadInput, match="kubernetes: its jobs share no folder with this machine"):
        study(executor="kubernetes")


def test_a_plugin_that_lacks_a_package_is_refused(tmp_path, monkeypatch):
    (tmp_path / "snakemake_executor_plugin_broken.py").write_text("import no_such_package")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadInput, match=r"broken: its plugin cannot be loaded .*no_such_package"):
        study(executor="broken")


@pytest.mark.parametrize("executor", ["slurm", "lsf", "htcondor"])
def test_profiles_hold_what_snakemake_takes(executor):
    """Options of plugins that are not installed here begin with the executor's name."""
    profile = yaml.safe_load((ROOT / "profiles" / executor / "config.yaml").read_text())
    options = get_argument_parser()._option_string_actions
    assert profile["executor"] in (executor, f"memgen-{executor}") and profile["retries"] == 2
    assert [key for key in profile if f"--{key}" not in options and not key.startswith(f"{executor}-")] == []


HOLD = """
import sys, time
from pathlib import Path
from memgen.recovery.lease import hold
hold(Path(".study.run"), beat=0.05, stale=1.0, host=sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


def test_a_run_on_another_machine_is_waited_for_until_it_is_silent(tmp_path):
    def run(host: str, seconds: int) -> "subprocess.Popen[str]":
        command, path = [sys.executable, "-c", HOLD, host, str(seconds)], {"PYTHONPATH": f"{ROOT}/workflow"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=tmp_path, env=path, text=True, start_new_session=True, **pipes)

    first = run("one", 60)
    assert first.stdout is not None and first.stdout.readline() == "held\n"
    second = run("two", 0)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(2.5)
    os.killpg(first.pid, signal.SIGKILL)  # with the child that touches the file, as if the machine had died
    first.communicate()
    said, told = second.communicate(timeout=20)
    assert said == "held\n" and "a run on one holds this study" in told
    end = time.monotonic() + 20
    while list(tmp_path.iterdir()) and time.monotonic() < end:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == [], "the second ended well"


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
