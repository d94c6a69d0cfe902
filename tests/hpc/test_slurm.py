"""The study on a real SLURM gives the bytes of a run here, whatever happens to jobs, nodes and processes.

`make test-hpc` runs the short form, `make test-hpc FULL=1` all. Each fault prints what it cost.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import debian
import slurm as local_slurm
from cluster_runs import KINDS, TABLE, LoginNode, Study, Written, remove, twice, when_running
from memgen.language.stages.finetune import TABLES
from slurm import Cluster
from snakemake_executor_plugin_memgen_slurm import jobs as cluster


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster without accounting."""
    packages = local_slurm.PACKAGES
    if problem := local_slurm.obstacle(packages):
        pytest.fail(problem)
    debian.install(packages)
    with local_slurm.started(tmp_path_factory.mktemp("slurm")) as found:
        yield found


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Results of the whole part of the study that is used below, computed on this machine."""
    return Study(tmp_path_factory.mktemp("here") / "repository", KINDS).here()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all faults; what a run made is removed before the next."""
    return tmp_path_factory.mktemp("cluster") / "repository"


@pytest.fixture
def study(slurm: Cluster, repository: Path) -> Iterator[Study]:
    found = Study(repository, TABLE)
    remove(repository)
    found.log.unlink(missing_ok=True)
    yield found
    found.end()


class Watch:
    """How long a run took after a fault, and which jobs ended more than once."""

    def __init__(self, slurm: Cluster, study: Study) -> None:
        self.slurm, self.study = slurm, study
        self.before = {number for number, _, _ in slurm.jobs()}
        self.since = time.monotonic()

    def fault(self) -> None:
        """The moment of the fault."""
        self.since = time.monotonic()

    def over(self, name: str, here: dict[str, bytes], again: int = 0) -> None:
        """The run has ended: nothing is torn, and what it made is what it makes here."""
        recovered = time.monotonic() - self.since
        found = self.study.results()
        assert self.study.torn() == []
        assert set(found) >= set(self.study.targets)
        assert {path for path in found if found[path] != here[path]} == set()
        doubled = twice(self.slurm, self.study, self.before)
        assert len(doubled) <= again, doubled
        lost = [
            state for number, state, _ in self.slurm.jobs()
            if number not in self.before and state != "COMPLETED"
        ]  # fmt: skip
        print(f"\n| {name} | {', '.join(lost).lower() or 'no job'} | {recovered:.0f} s |")


def test_results_are_those_of_this_machine(slurm: Cluster, here: dict[str, bytes], tmp_path: Path) -> None:
    """One job of each kind; the one that trains a network asks for a GPU, as with `device: cuda`."""
    asked = ("--set-resources", "language_finetune:gpu=1", "language_finetune:slurm_partition=gpu")
    study = Study(tmp_path / "repository", KINDS, *asked)
    watch = Watch(slurm, study)
    study.finish(study.start())
    assert set(study.results()) == set(here)
    watch.over("none", here)
    listed = slurm.ask("squeue", "--noheader", "--states=all", "--Format=comment:120,tres-per-job:20")
    held = listed.splitlines()
    with_gpu = [line for line in held if line.rstrip().endswith("gpu:1")]
    assert len(with_gpu) == 1 and "language_finetune" in with_gpu[0], held


@pytest.mark.full
def test_the_whole_smoke_study_is_that_of_this_machine(slurm: Cluster, tmp_path: Path) -> None:
    everything = Study(tmp_path / "here", []).here()
    study = Study(tmp_path / "repository", [])
    watch = Watch(slurm, study)
    study.finish(study.start(), 2400)
    assert set(study.results()) == set(everything)
    watch.over(f"none, the whole smoke study ({len(everything)} files)", everything)


def test_cancelled_job_is_tried_again(slurm: Cluster, study: Study, here: dict[str, bytes]) -> None:
    """The plugin by itself, under plain Snakemake."""
    watch, run = Watch(slurm, study), study.start_alone()
    number = when_running(slurm, study)[0]
    watch.fault()
    slurm.ask("scancel", number)
    study.finish(run)
    watch.over("a job cancelled", here)


@pytest.mark.full
def test_runs_of_a_lost_job_that_had_ended_are_not_computed_again(slurm: Cluster, tmp_path: Path) -> None:
    """Six trainings in one job, which is cancelled after the second of them."""
    longer = "language: {seeds: 3, seeds_per_job: 3, methods: {full: {runs_per_pass: 1, epochs: 30}}}"
    target = ["results/language/runs/small-lm/fake/exc_mid_n9/full/seeds_000-002.parquet"]
    everything = Study(tmp_path / "here", target, overlay=longer).here()
    study = Study(tmp_path / "repository", target, overlay=longer)
    watch, run = Watch(slurm, study), study.start()
    with Written(study.folder / ".finished") as kept:
        local_slurm.wait_for("two trainings", lambda: any(name[:5] == "00001" for name in kept.seen), 300)
        watch.fault()
        (number,) = [
            number for number, state, what in slurm.jobs() if state == "RUNNING" and "finetune" in what
        ]
        tables = Counter(name.partition(".")[0] for name in kept.seen)
        ended = {training for training, written in tables.items() if written == len(TABLES)}
        slurm.ask("scancel", number)
        study.finish(run)
    trainings = {name.partition(".")[0] for name in kept.seen}
    assert trainings >= {f"{place:05d}" for place in range(5)}, "the last may be cleared away at once"
    # The job may be lost between two tables of a training, which has not ended then.
    again = {name.partition(".")[0] for name, times in kept.seen.items() if len(times) > 1}
    assert ended >= {"00000"} and again.isdisjoint(ended) and len(again) <= 1
    watch.over("a job of six trainings cancelled after two; the other four are computed", everything)


def test_controller_may_be_away(slurm: Cluster, study: Study, here: dict[str, bytes]) -> None:
    watch, run = Watch(slurm, study), study.start()
    when_running(slurm, study)
    watch.fault()
    with slurm.controller_away():
        time.sleep(20)
    study.finish(run)
    assert "SLURM does not answer" in study.log.read_text()
    watch.over("slurmctld away for 20 s", here)


def test_jobs_of_a_killed_run_are_not_doubled(slurm: Cluster, study: Study, here: dict[str, bytes]) -> None:
    watch, run = Watch(slurm, study), study.start()
    when_running(slurm, study)
    watch.fault()
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert cluster.alive(study.name), "its jobs go on"
    study.finish(study.start())
    assert "jobs that an earlier run left on SLURM" in study.log.read_text()
    # A job that ended between the kill and the new run's start was complete, but nobody had noted it.
    watch.over("kill -9 of Snakemake, started again", here)


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_run_leaves_no_job(
    slurm: Cluster, study: Study, here: dict[str, bytes], number: signal.Signals
) -> None:
    watch, run = Watch(slurm, study), study.start()
    when_running(slurm, study)
    watch.fault()
    run.send_signal(number)
    assert run.wait(90) != 0
    stopped = time.monotonic() - watch.since
    assert cluster.alive(study.name) == []
    study.finish(study.start())
    watch.over(f"{number.name} (all stopped after {stopped:.0f} s), started again", here)


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_run_whose_jobs_are_gone_ends(
    slurm: Cluster, study: Study, number: signal.Signals
) -> None:
    run = study.start()
    for job in when_running(slurm, study):
        slurm.ask("scancel", job)
    since = time.monotonic()
    run.send_signal(number)
    assert run.wait(90) != 0
    print(
        f"\n| {number.name} to a run whose jobs are gone | | it ends after {time.monotonic() - since:.0f} s |"
    )


@pytest.mark.full
def test_drained_node_gets_no_more_jobs(slurm: Cluster, study: Study, here: dict[str, bytes]) -> None:
    watch, run = Watch(slurm, study), study.start()
    when_running(slurm, study)
    watch.fault()
    with slurm.drained("n1"):
        study.finish(run)
    watch.over("a node drained", here)


@pytest.mark.full
def test_lost_node_is_replaced(slurm: Cluster, study: Study, here: dict[str, bytes]) -> None:
    watch, run = Watch(slurm, study), study.start()
    when_running(slurm, study, number=3)
    watch.fault()
    with slurm.lost("n1"):
        study.finish(run)
    watch.over("a node lost", here)


@pytest.mark.full
def test_node_that_is_cut_off_may_go_on(slurm: Cluster, study: Study, here: dict[str, bytes]) -> None:
    """Its jobs are computed elsewhere, and end there all the same, side by side with those."""
    watch, run = Watch(slurm, study), study.start()
    when_running(slurm, study, number=3)
    watch.fault()
    with slurm.cut_off("n1"):
        study.finish(run)
    watch.over("a node cut off, whose jobs go on", here)


@pytest.fixture
def other_node(study: Study, tmp_path: Path) -> Iterator[LoginNode]:
    debian.install(local_slurm.LOGIN_PACKAGES)
    with LoginNode.started("login2", tmp_path / "view", study.folder) as found:
        yield found


@pytest.mark.full
def test_a_run_on_another_login_node_is_waited_for(
    slurm: Cluster, study: Study, other_node: LoginNode, here: dict[str, bytes]
) -> None:
    watch, first = Watch(slurm, study), study.start(other_node)
    when_running(slurm, study)
    watch.fault()
    second = study.start()
    study.finish(first)
    study.finish(second)
    assert "a run on login2 holds this study" in study.log.read_text()
    assert "Nothing to be done" in study.log.read_text()
    watch.over("started again on another login node while it runs", here)


@pytest.mark.full
def test_a_run_killed_on_one_login_node_goes_on_from_another(
    slurm: Cluster, study: Study, other_node: LoginNode, here: dict[str, bytes]
) -> None:
    watch, run = Watch(slurm, study), study.start()
    when_running(slurm, study)
    watch.fault()
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    study.finish(study.start(other_node))
    watch.over("kill -9 of Snakemake, started again on another login node", here)


@pytest.mark.full
def test_job_that_hangs_is_killed_by_its_time_limit(
    slurm: Cluster, study: Study, here: dict[str, bytes]
) -> None:
    study.options = ("--set-resources", "relational_task:runtime=1")
    watch, run = Watch(slurm, study), study.start()
    number = when_running(slurm, study)[0]
    for process in local_slurm.of_job(number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGSTOP)
    watch.fault()
    study.finish(run)
    watch.over("a job hangs until its time limit of a minute", here)


@pytest.mark.full
def test_job_that_takes_too_much_memory_is_given_more(
    slurm: Cluster, study: Study, here: dict[str, bytes]
) -> None:
    study.options = ("--set-resources", "relational_critical_table:mem_mb=150 if attempt == 1 else 2000")
    watch, run = Watch(slurm, study), study.start()
    study.finish(run)
    asked = [
        state for number, state, what in slurm.jobs() if "critical" in what and number not in watch.before
    ]
    assert len(asked) == 2 and "COMPLETED" in asked and set(asked) != {"COMPLETED"}
    watch.over("a job killed by its memory limit", here)


@pytest.mark.full
def test_file_system_may_be_late(slurm: Cluster, study: Study, here: dict[str, bytes]) -> None:
    """An output is there 10 s after its job has ended."""
    watch, run = Watch(slurm, study), study.start()
    target = study.folder / "results/relational/tasks/ti_n9.parquet"
    hidden = study.folder / "hidden.parquet"

    def hide() -> None:
        local_slurm.wait_for("the output", target.is_file, 120)
        target.rename(hidden)
        watch.fault()
        time.sleep(10)
        hidden.rename(target)

    thread = threading.Thread(target=hide)
    thread.start()
    study.finish(run)
    thread.join()
    watch.over("an output 10 s late", here)


@contextlib.contextmanager
def _away(slurm: Cluster) -> Iterator[None]:
    with slurm.controller_away():
        time.sleep(20)
    yield


@contextlib.contextmanager
def _cancelled(slurm: Cluster, job: str) -> Iterator[None]:
    slurm.ask("scancel", job)
    yield


FAULTS = {
    "a job cancelled": _cancelled,
    "a node lost": lambda slurm, _: slurm.lost("n1"),
    "slurmctld away for 20 s": lambda slurm, _: _away(slurm),
}


@pytest.mark.full
def test_results_are_the_same_with_accounting(here: dict[str, bytes], slurm: Cluster, study: Study) -> None:
    """The controller forgets jobs as soon as they have ended; accounting says how."""
    slurm.stop()
    packages = local_slurm.PACKAGES + local_slurm.ACCOUNTING_PACKAGES
    debian.install(packages)
    # The database's own user must get there, and into pytest's folders only root gets.
    base = Path(tempfile.mkdtemp(prefix="memgen-slurm-"))
    try:
        with local_slurm.started(base, accounting=True) as other:
            for name, fault in FAULTS.items():
                remove(study.folder)
                watch, run = Watch(other, study), study.start()
                job = when_running(other, study)[0]
                watch.fault()
                with fault(other, job):
                    study.finish(run)
                watch.over(f"{name}, with accounting", here)
            print(other.ask("sacct", "-X", "--format=JobID,State,Elapsed,ReqMem"))
    finally:
        shutil.rmtree(base)
        slurm.start()


def test_nothing_runs_afterwards(slurm: Cluster) -> None:
    local_slurm.wait_for("jobs to be cleared away", lambda: not slurm.ask("squeue", "--noheader"), 30)
    listed = subprocess.run(["pgrep", "-f", "slurm-jobstep"], capture_output=True, text=True, check=False)
    assert listed.stdout == ""
