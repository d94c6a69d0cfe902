"""Jobs on a cluster, found by name and cancelled; executors that are not installed. SLURM is made up here."""

import asyncio
import importlib.util
import logging
import os
import re
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from snakemake.cli import get_argument_parser

import memgen.stages.study as study_module
from memgen import cluster
from memgen.errors import BadInput
from memgen.stages.study import study
from repository import ROOT

RULES = "".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
SQUEUE = """#!{python}
import os, sys
from pathlib import Path
jobs = Path({folder!r}) / "jobs"
if not jobs.exists():
    sys.exit("slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
print(jobs.read_text(), end="")
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
    for name, text in (("squeue", SQUEUE), ("scancel", SCANCEL)):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(python=sys.executable, folder=str(tmp_path)))
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.defpath}")
    return tmp_path / "jobs"


def test_names_differ_by_folder_and_suit_the_plugin(tmp_path: Path) -> None:
    one, other = cluster.prefix(tmp_path / "a"), cluster.prefix(tmp_path / "b")
    assert one != other and one == cluster.prefix(tmp_path / "c/../a")
    assert len(one) <= 50 and one.replace("-", "").isalnum()


def test_only_the_studys_own_jobs_are_cancelled(jobs: Path) -> None:
    jobs.write_text("1|memgen-aa_run\n2|other\n3|memgen-bb_run\n4|memgen-aa_run\n")
    assert cluster.alive("memgen-aa") == ["1", "4"]
    assert cluster.cancel("memgen-aa", patience=20) == 2
    assert jobs.read_text() == "2|other\n3|memgen-bb_run\n"
    assert cluster.cancel("memgen-aa") == 0


def test_silence_is_no_answer(jobs: Path) -> None:
    assert cluster.alive("memgen-aa") is None
    with pytest.raises(TimeoutError, match="could not be cancelled: nobody answers"):
        cluster.cancel("memgen-aa", patience=0)
    assert not cluster.keeps_accounts() and cluster.status_command() == "squeue"


@pytest.mark.parametrize(
    ("executor", "profile", "message"),
    [
        ("lsf", None, "'lsf' is not installed; allowed: local, .*pip install snakemake-executor-plugin-lsf"),
        ("a;b", None, "'a;b' is no name of one; allowed: local"),
        ("local", Path("profiles/slurm"), "the executor local has none"),
        (
            "slurm",
            Path("nowhere"),
            "nowhere: holds no config.yaml; allowed: a folder with a profile for slurm",
        ),
    ],
)
def test_executors_are_refused_in_one_line(
    executor: str, profile: Path | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(BadInput, match=message):
        study(executor=executor, profile=profile)


def test_executors_whose_jobs_share_no_folder_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Kubernetes' and Google Batch's plugins say of theirs."""
    settings = SimpleNamespace(common_settings=SimpleNamespace(implies_no_shared_fs=True))
    monkeypatch.setattr(study_module, "_executors", lambda: ["kubernetes"])
    monkeypatch.setattr(study_module, "_plugin", lambda name: settings)
    with pytest.raises(BadInput, match="kubernetes: its jobs share no folder with this machine"):
        study(executor="kubernetes")


def test_a_plugin_that_lacks_a_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "snakemake_executor_plugin_broken.py").write_text("import no_such_package")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadInput, match=r"broken: its plugin cannot be loaded .*no_such_package"):
        study(executor="broken")


OTHERS = {"lsf": {"lsf_"}, "htcondor": {"htcondor_", "getenv"}}


@pytest.mark.parametrize("executor", ["slurm", *OTHERS])
def test_profiles_hold_what_snakemake_takes(executor: str) -> None:
    """Options of plugins that are not installed here begin with the executor's name."""
    text = (ROOT / "profiles" / executor / "config.yaml").read_text()
    options = get_argument_parser()._option_string_actions
    profile = yaml.safe_load(text)
    assert profile["executor"] == executor and profile["retries"] == 2
    assert [key for key in profile if f"--{key}" not in options and not key.startswith(f"{executor}-")] == []
    if executor in OTHERS:
        assert "not run by us" in text and f"snakemake-executor-plugin-{executor}==" in text
        names = tuple(OTHERS[executor])
        assert [key for key in profile["default-resources"] if not key.startswith(names)] == []
    # What is said by way of example is as well formed, and names rules that there are.
    said = re.findall(r"^# (set-resources:|  language_.*)$", text, re.MULTILINE)
    for rule in yaml.safe_load("\n".join(said))["set-resources"]:
        assert re.search(rf"^rule {rule}:", RULES, re.MULTILINE)


def test_a_run_on_another_machine_is_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, ended = tmp_path / ".study.run", []

    def other() -> None:
        with cluster.sole_run(path, beat=0.05, host="one"):
            time.sleep(1)
            ended.append(True)

    thread = threading.Thread(target=other)
    thread.start()
    while not path.exists():
        time.sleep(0.01)
    with cluster.sole_run(path, beat=0.05, stale=0.5, host="two"):
        assert ended, "its beats are newer than what counts as silence"
        assert path.read_text() == "two"
    thread.join()
    assert "a run on one holds this study" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_run_on_another_machine_that_was_killed_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    path = tmp_path / ".study.run"
    path.write_text("one")
    with cluster.sole_run(path, beat=0.05, stale=0.3, host="two"):
        assert path.read_text() == "two"


def guards() -> Any:
    """The module tools/slurm.py."""
    spec = importlib.util.spec_from_file_location("tools_slurm", ROOT / "tools/slurm.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_states_survive_silence_and_forgetting(monkeypatch: pytest.MonkeyPatch) -> None:
    module = guards()
    states, answers = module.States(), iter([{"1": "CANCELLED by 0", "2": "RUNNING"}, None, {"1": "FAILED"}])

    async def ask(command: str, logger: Any) -> tuple[dict[str, str] | None, float | None]:
        answer = next(answers)
        return (None, None) if answer is None else (answer, 0.1)

    async def nothing(seconds: float) -> None:
        pass

    states.ask, states.active = ask, {"1", "2"}
    monkeypatch.setattr(module.asyncio, "sleep", nothing)
    monkeypatch.setattr(module, "FORGOTTEN", -1.0)
    logger = logging.getLogger("test")
    assert asyncio.run(states.query("squeue", logger))[0] == {"1": "CANCELLED", "2": "RUNNING"}
    # The plugin would take None for "no job is left to ask for".
    assert asyncio.run(states.query("squeue", logger)) == ({}, 0.0)
    assert asyncio.run(states.query("squeue", logger))[0] == {"1": "FAILED", "2": "COMPLETED"}


def test_the_guards_fit_the_plugin_that_is_installed() -> None:
    """What tools/slurm.py puts its guards around is still there, under these names."""
    plugin = pytest.importorskip("snakemake_executor_plugin_slurm")
    for name in ("query_job_status", "get_min_job_age", "is_query_tool_available"):
        assert callable(getattr(plugin, name))
    assert callable(plugin.Executor.check_active_jobs) and callable(plugin.Executor.sleep)
    from snakemake.scheduling.job_scheduler import JobScheduler

    assert callable(JobScheduler.exit_gracefully)
