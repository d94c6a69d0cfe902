"""What can go wrong on one machine: every fault ends in one line or none, tears no file, and loses no result.

`make test-faults` prints the table. After each fault the study is started again, and its results, figures and
records are those of a run that nothing disturbed, byte for byte.
"""

import contextlib
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memgen.recovery.damage import set_aside
from repository import copy_repository
from runs import assert_same_results, command, environment, results, study

KILLS = int(os.environ.get("KILLS") or 20)
SEED = int(os.environ.get("SEED") or 1)
PART = ("figures/rank_profiles.pdf", "results/relational/claims.csv")
JOBS = "results/provenance/jobs"


@pytest.fixture(scope="module")
def row() -> Iterator[Callable[[str, str, float], None]]:
    """Print a row of the table: the fault, what was lost, and how long recovery took; at the end all rows."""
    rows: list[str] = []

    def add(fault: str, lost: str, seconds: float) -> None:
        rows.append(f"| {fault} | {lost} | {seconds:.0f} s |")
        print(f"\n{rows[-1]}", flush=True)

    yield add
    print("\n| fault | what was lost | recovery |\n|---|---|---|", *rows, sep="\n")


def start(folder: Path, *targets: str, **options: Any) -> subprocess.Popen[str]:
    printed = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    options = {"cwd": folder, "env": environment(folder), **printed, **options}
    return subprocess.Popen(command(*targets), **options)


def refused(folder: Path, *targets: str) -> str:
    """The one line with which a run ends before its first job."""
    run = start(folder, *targets, stderr=subprocess.PIPE)
    _, said = run.communicate()
    assert run.returncode == 2 and said.count("\n") == 1
    return said


def jobs(folder: Path, kind: str) -> dict[str, float]:
    """Logs or records of jobs, and when each was written."""
    root, found = folder / kind, {}
    for path in root.rglob("[!.]*"):
        if path.suffix in (".json", ".log"):
            with contextlib.suppress(FileNotFoundError):  # Snakemake clears away what a killed job left
                found[path.relative_to(root).with_suffix("").as_posix()] = path.stat().st_mtime
    return found


def begun(folder: Path, since: float) -> set[str]:
    return {name for name, when in jobs(folder, "logs").items() if when >= since}


def test_two_runs_at_once(tmp_path, row):
    folder = copy_repository(tmp_path / "twice")
    since = time.time()
    both = [start(folder, *PART) for _ in range(2)]
    printed = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], printed
    waited = [text for text in printed if "another run of this study holds .study.lock" in text]
    assert len(waited) == 1 and "Nothing to be done" in waited[0]
    assert sum("Nothing to be done" in text for text in printed) == 1
    row("two `make study` at once", "nothing; the second waits, and finds all done", time.time() - since)


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("a table cut short", "results/language/fit.csv"),
        ("one bit of a table", "results/irrelevant/runs/logistic.parquet"),
        ("one bit of a figure", "figures/task.png"),
        ("one bit of a model", "results/language/models/small-lm-init/model.safetensors"),
        ("a record cut short", f"{JOBS}/language_accuracy/job.json"),
    ],
)
def test_a_damaged_file_is_found_and_made_again(finished, tmp_path, row, what, where):
    """Its times stay as they were."""
    folder = Path(shutil.copytree(finished, tmp_path / "copy", symlinks=True))
    path = folder / where
    content, times = bytearray(path.read_bytes()), path.stat()
    if "one bit" in what:
        content[len(content) // 2] ^= 1
    else:
        del content[len(content) // 2 :]
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    since = time.time()
    printed = study(folder)
    took = time.time() - since
    name = where if "/models/" not in where else str(Path(where).parent)
    assert [line for line in printed.splitlines() if line.startswith(f"memgen: {name}: is n")], printed[:600]
    assert_same_results(finished, folder)
    number = len(begun(folder, since))
    row(what, f"nothing; {number} jobs run, it and what depends on it", took)


@contextlib.contextmanager
def mounted(place: Path, options: str) -> Iterator[None]:
    """With a file system in memory at a folder, meanwhile; the test is skipped where none can be mounted."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", place], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def test_results_that_cannot_be_written(tmp_path, row):
    """Root writes into any folder but one that is mounted so."""
    folder = copy_repository(tmp_path / "read-only")
    with mounted(folder / "results", "ro"):
        assert "results: cannot be written (" in refused(folder, *PART)
    since = time.time()
    study(folder, *PART)
    row("results that cannot be written", "nothing; one line, before the first job", time.time() - since)


RANDOM = "results/language/models/random-init"


@pytest.mark.parametrize("room", ["disk", "file"])
def test_a_full_disk(finished, tmp_path, row, monkeypatch, room):
    """A run that has no room for the second of two models of 90 MB, on disk or in a file."""
    folder = tmp_path / "small"
    folder.mkdir()
    limits: dict[str, Any] = {}
    with mounted(folder, "size=150m") if room == "disk" else contextlib.nullcontext():
        copy_repository(folder)
        if room == "file":
            study(folder, "results/language/models/minilm")  # whose download is pip's
            most = 50 << 20
            limits["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        process = start(folder, RANDOM, **limits)
        printed = process.communicate()[0]
        errors = {line for line in printed.splitlines() if ": memgen: error: " in line}
        assert process.returncode and len(errors) == 1 and "the disk is full" in errors.pop(), printed[-3000:]
        assert "Traceback" not in printed
        assert not list(folder.rglob("*.partial-*"))
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            assert set_aside(dry=True) == [], "a file is torn"
        if room == "disk":
            assert "the disk is full, " in refused(folder, RANDOM)
            subprocess.run(["mount", "-o", "remount,size=2g", folder], check=True)
        since = time.time()
        study(folder, RANDOM)
        took = time.time() - since
        mine, theirs = results(folder), results(finished)
        models = {name for name in mine if "/models/" in name}
        assert len(models) > 4 and all(mine[name] == theirs[name] for name in models)
    what = "a full disk" if room == "disk" else "a file that may grow no more"
    row(what, "the job that met it; what had ended is used", took)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which that part of the study has run."""
    folder = copy_repository(tmp_path_factory.mktemp("undisturbed") / "repository")
    study(folder, *PART)
    return folder


@pytest.mark.parametrize(
    ("what", "made", "roots", "days"),
    [
        ("the clock was a month ahead: results from the future", PART, ("results", "figures"), 30),
        ("the clock was years behind: results older than their sources", PART, ("results", "figures"), -9000),
        ("sources from the future", PART, ("workflow", "config.yaml", "Snakefile"), 30),
        ("the clock jumps a month back in the middle of a run", PART[1:], ("results", ".snakemake"), 30),
        ("the clock jumps years ahead in the middle of a run", PART[1:], ("results", ".snakemake"), -9000),
    ],
)
def test_a_clock_that_jumps(undisturbed, tmp_path, row, what, made, roots, days):
    """What was made before the jump says so; all else has the present time."""
    folder = copy_repository(tmp_path / "clock")
    study(folder, *made)
    when = time.time() + days * 86400
    for root in roots:
        for path in (folder / root, *(folder / root).rglob("*")):
            os.utime(path, (when, when))
    since = time.time()
    study(folder, *PART)
    took, again = time.time() - since, time.time()
    assert_same_results(folder, undisturbed)
    study(folder, *PART)
    assert_same_results(folder, undisturbed)
    row(
        what,
        f"nothing; the next run computes {len(begun(folder, again))} jobs again, to the same bytes",
        took,
    )


def test_kill_nine_at_random_moments(finished, tmp_path, row):
    """When so many jobs, drawn over the whole study, have ended, and up to 3 s later.

    Snakemake alone, whose jobs live on, and Snakemake with its jobs, by turns.
    """
    drawn = random.Random(SEED)
    total = len(jobs(finished, JOBS))
    folder = copy_repository(tmp_path / "killed")
    waits, lost = [], 0
    print(f"\nseed {SEED}")
    for number, ended in enumerate(sorted(drawn.sample(range(total), KILLS))):
        since = time.time()
        process = start(folder, stdout=subprocess.DEVNULL, start_new_session=True)
        while not begun(folder, since) and process.poll() is None:
            time.sleep(0.05)
        waits.append(time.time() - since)
        while len(jobs(folder, JOBS)) < ended and process.poll() is None:
            time.sleep(0.05)
        time.sleep(drawn.uniform(0, 3))
        assert process.poll() is None, "the study ended by itself"
        done = jobs(folder, JOBS)
        flying = begun(folder, since) - set(done)
        if number % 2:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        lost += len(flying)
        whom = "all processes" if number % 2 else "Snakemake"
        print(f"kill {number + 1} of {whom}: {len(done)} of {total} jobs done, {len(flying)} in flight")
    study(folder)
    assert_same_results(finished, folder)
    assert not list(folder.rglob("*.partial-*"))
    again = statistics.median(waits[1:])
    row(f"kill -9 at {KILLS} random moments", f"{lost} jobs in flight, computed again", again)
