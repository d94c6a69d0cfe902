"""One run at a time: a killed run's lock outlives it as its jobs do, and a lease holds off other machines."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repository import ROOT

LOCK = """
import subprocess, sys
from memgen.commands.study import hold_lock
hold_lock()
print("held", flush=True)
job = subprocess.Popen(["sleep", sys.argv[1]])  # inherits standard input, as Snakemake's jobs do
print(job.pid, flush=True)
job.wait()
"""
LEASE = """
import sys, time
from pathlib import Path
from memgen.recovery.lease import hold
hold(Path(".study.run"), beat=0.05, stale=1.0, host=sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


def run(folder: Path, program: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=folder, start_new_session=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}/workflow"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_second_run_waits_for_a_killed_runs_jobs_and_says_so(tmp_path):
    stale = tmp_path / ".snakemake/locks/0.input.lock"
    first = run(tmp_path, LOCK, "600")
    assert first.stdout is not None and first.stdout.readline() == "held\n"
    job = int(first.stdout.readline())
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    first.kill()
    first.wait()
    second = run(tmp_path, LOCK, "0")
    assert second.stderr is not None
    message = second.stderr.readline()
    assert "another run of this study holds .study.lock" in message and f"{job} sleep" in message
    time.sleep(0.5)
    assert second.poll() is None, "waits while the orphan lives"
    assert stale.exists(), "a lock is cleared only by its holder"
    os.kill(job, signal.SIGKILL)
    assert second.communicate(timeout=60)[0].startswith("held\n")
    assert not stale.exists()


def test_a_run_on_another_machine_is_waited_for_until_it_is_silent(tmp_path):
    first = run(tmp_path, LEASE, "one", "60")
    assert first.stdout is not None and first.stdout.readline() == "held\n"
    second = run(tmp_path, LEASE, "two", "0")
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
