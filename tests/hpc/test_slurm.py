"""The study on a real SLURM gives the bytes of a run here, whatever happens to jobs, nodes and processes.

`make test-hpc` runs the short form, `make test-hpc FULL=1` all. Each fault prints what it cost.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import debian
import slurm as local_slurm
from cluster_runs import KINDS, TABLE, Study, login_node, remove
from memgen.language.stages.finetune import TABLES
from slurm import Cluster
from snakemake_executor_plugin_memgen_slurm import jobs as cluster


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster without accounting."""
    if problem := local_slurm.obstacle(local_slurm.PACKAGES):
        pytest.fail(problem)
    debian.install(local_slurm.PACKAGES)
    with local_slurm.started(tmp_path_factory.mktemp("slurm")) as found:
        yield found


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Results of the whole part of the study that is used below, computed on this machine."""
    return Study(None, tmp_path_factory.mktemp("here") / "repository", KINDS).here()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all faults; what a run made is removed before the next."""
    return tmp_path_factory.mktemp("cluster") / "repository"


@pytest.fixture
def study(slurm: Cluster, repository: Path) -> Iterator[Study]:
    found = Study(slurm, repository, TABLE)
    remove(repository)
    found.log.unlink(missing_ok=True)
    yield found
    found.end()


def test_results_are_those_of_this_machine(slurm, here, tmp_path):
    """One job of each kind; the one that trains a network asks for a GPU, as with `device: cuda`."""
    asked = ("--set-resources", "language_finetune:gpu=1", "language_finetune:slurm_partition=gpu")
    study = Study(slurm, tmp_path / "repository", KINDS, *asked)
    study.finish(study.start())
    assert set(study.results()) == set(here)
    study.over("none", here)
    listed = slurm.ask("squeue", "--noheader", "--states=all", "--Format=comment:120,tres-per-job:20")
    (with_gpu,) = [line for line in listed.splitlines() if line.rstrip().endswith("gpu:1")]
    assert "language_finetune" in with_gpu, listed


@pytest.mark.full
def test_the_whole_smoke_study_is_that_of_this_machine(slurm, tmp_path):
    everything = Study(None, tmp_path / "here", []).here()
    study = Study(slurm, tmp_path / "repository", [])
    study.finish(study.start(), 2400)
    assert set(study.results()) == set(everything)
    study.over(f"none, the whole smoke study ({len(everything)} files)", everything)


@contextlib.contextmanager
def _cancelled(slurm: Cluster, job: str) -> Iterator[None]:
    slurm.ask("scancel", job)
    yield


#: What goes wrong with a job that runs, and how many run by then. Jobs of a node that is cut off go on, and
#: are computed elsewhere as well.
FAULTS: dict[str, tuple[Callable[[Cluster, str], contextlib.AbstractContextManager[None]], int]] = {
    "a job cancelled": (_cancelled, 1),
    "slurmctld away for 20 s": (lambda slurm, _: slurm.controller_away(20), 1),
    "a node drained": (lambda slurm, _: slurm.drained("n1"), 1),
    "a node lost": (lambda slurm, _: slurm.lost("n1"), 3),
    "a node cut off, whose jobs go on": (lambda slurm, _: slurm.cut_off("n1"), 3),
}
SHORT = ("a job cancelled", "slurmctld away for 20 s")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.full] * (name not in SHORT)) for name in FAULTS]
)
def test_a_fault_costs_no_result(slurm, study, here, name):
    """A cancelled job by the plugin itself, under plain Snakemake."""
    run = study.start_alone() if name == "a job cancelled" else study.start()
    fault, running = FAULTS[name]
    with fault(slurm, study.fault(running)[0]):
        study.finish(run)
    assert "slurmctld" not in name or "SLURM does not answer" in study.log.read_text()
    study.over(name, here)


@pytest.mark.full
def test_runs_of_a_lost_job_that_had_ended_are_not_computed_again(slurm, tmp_path):
    """Six trainings in one job, which is cancelled after the second of them."""
    longer = "language: {seeds: 3, seeds_per_job: 3, methods: {full: {runs_per_pass: 1, epochs: 30}}}"
    target = ["results/language/runs/small-lm/fake/exc_mid_n9/full/seeds_000-002.parquet"]
    everything = Study(None, tmp_path / "here", target, overlay=longer).here()
    study = Study(slurm, tmp_path / "repository", target, overlay=longer)
    run = study.start()
    kept = study.folder / ".finished"

    def tables(training: int) -> dict[Path, tuple[int, int]]:
        """Each table that is kept of a training, and which file it is."""
        found = {path: path.stat() for path in kept.glob(f"*/{training:05d}.*")}
        return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}

    local_slurm.wait_for("two trainings", lambda: bool(tables(1)), 300)
    first = tables(0)
    assert len(first) == len(TABLES)
    study.since = time.monotonic()
    (number,) = (job for job, state, what in slurm.jobs() if state == "RUNNING" and "finetune" in what)
    slurm.ask("scancel", number)
    local_slurm.wait_for("the fifth training", lambda: bool(tables(4)), 300)
    assert tables(0) == first
    study.finish(run)
    study.over("a job of six trainings cancelled after two; the other four are computed", everything)


@pytest.fixture
def other_node(study: Study, tmp_path: Path) -> Iterator[list[str]]:
    debian.install(local_slurm.LOGIN_PACKAGES)
    with login_node("login2", tmp_path / "view", study.folder) as found:
        yield found


ENDS = [(signal.SIGKILL, True), (signal.SIGTERM, False), (signal.SIGINT, False)]


@pytest.mark.parametrize(
    ("number", "elsewhere"),
    [(signal.SIGKILL, False), *(pytest.param(*end, marks=pytest.mark.full) for end in ENDS)],
)
def test_a_run_that_is_ended_goes_on(slurm, study, here, request, number, elsewhere):
    """Here or from another login node; jobs that a killed run leaves are not doubled, others leave none."""
    node = request.getfixturevalue("other_node") if elsewhere else []
    run = study.start()
    study.fault()
    killed = number == signal.SIGKILL
    os.killpg(run.pid, number) if killed else run.send_signal(number)
    assert run.wait(90) != 0
    stopped = time.monotonic() - study.since
    assert bool(cluster.alive(study.name)) == killed, "the jobs of a killed run go on"
    study.finish(study.start(node))
    if killed and not elsewhere:  # a run elsewhere waits until its jobs have ended
        assert "jobs that an earlier run left on SLURM" in study.log.read_text()
    # A job that ended between the kill and the new run's start was complete, but nobody had noted it.
    where = "on another login node" if elsewhere else f"(ended after {stopped:.0f} s)"
    study.over(f"{number.name} to Snakemake, started again {where}", here)


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_run_whose_jobs_are_gone_ends(slurm, study, number):
    run = study.start()
    for job in study.fault():
        slurm.ask("scancel", job)
    run.send_signal(number)
    assert run.wait(90) != 0
    print(f"\n| {number.name} to a run whose jobs are gone | | {time.monotonic() - study.since:.0f} s |")


@pytest.mark.full
def test_a_run_on_another_login_node_is_waited_for(slurm, study, other_node, here):
    first = study.start(other_node)
    study.fault()
    second = study.start()
    study.finish(first)
    study.finish(second)
    assert "a run on login2 holds this study" in study.log.read_text()
    assert "Nothing to be done" in study.log.read_text()
    study.over("started again on another login node while it runs", here)


@pytest.mark.full
def test_job_that_hangs_is_killed_by_its_time_limit(slurm, study, here):
    study.options = ("--set-resources", "relational_task:runtime=1")
    run = study.start()
    for process in local_slurm.of_job(study.fault()[0]):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGSTOP)
    study.finish(run)
    study.over("a job hangs until its time limit of a minute", here)


@pytest.mark.full
def test_job_that_takes_too_much_memory_is_given_more(slurm, study, here):
    study.options = ("--set-resources", "relational_critical_table:mem_mb=150 if attempt == 1 else 2000")
    run = study.start()
    study.finish(run)
    asked = [state for state, what in study.jobs() if "critical" in what]
    assert len(asked) == 2 and "COMPLETED" in asked and set(asked) != {"COMPLETED"}
    study.over("a job killed by its memory limit", here)


@pytest.mark.full
def test_file_system_may_be_late(slurm, study, here):
    """An output is there 10 s after its job has ended."""
    run = study.start()
    target = study.folder / "results/relational/tasks/ti_n9.parquet"
    local_slurm.wait_for("the output", target.is_file, 120)
    hidden = target.rename(study.folder / "hidden.parquet")
    study.since = time.monotonic()
    time.sleep(10)
    hidden.rename(target)
    study.finish(run)
    study.over("an output 10 s late", here)


@pytest.mark.full
def test_results_are_the_same_with_accounting(here, slurm, study):
    """The controller forgets jobs as soon as they have ended; accounting says how."""
    slurm.stop()
    packages = local_slurm.PACKAGES + local_slurm.ACCOUNTING_PACKAGES
    debian.install(packages)
    # The database's own user must get there, and into pytest's folders only root gets.
    base = Path(tempfile.mkdtemp(prefix="memgen-slurm-"))
    try:
        with local_slurm.started(base, accounting=True) as other:
            for name in (*SHORT, "a node lost"):
                remove(study.folder)
                again = Study(other, study.folder, TABLE)
                run = again.start()
                with FAULTS[name][0](other, again.fault()[0]):
                    again.finish(run)
                again.over(f"{name}, with accounting", here)
            print(other.ask("sacct", "-X", "--format=JobID,State,Elapsed,ReqMem"))
    finally:
        shutil.rmtree(base)
        slurm.start()


def test_nothing_runs_afterwards(slurm):
    local_slurm.wait_for("jobs to be cleared away", lambda: not slurm.ask("squeue", "--noheader"), 30)
    listed = subprocess.run(["pgrep", "-f", "slurm-jobstep"], capture_output=True, text=True, check=False)
    assert listed.stdout == ""
