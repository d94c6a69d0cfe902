"""One run at a time: the lock outlives a killed run as long as one of its jobs lives."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from repository import ROOT

HOLD = """
import subprocess, sys, time
from memgen.commands.study import hold_lock
hold_lock()
print("held", flush=True)
job = subprocess.Popen(["sleep", sys.argv[1]])  # inherits standard input, as Snakemake's jobs do
print(job.pid, flush=True)
job.wait()
"""


def hold(folder: Path, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(seconds)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_second_run_waits_for_a_killed_runs_jobs_and_says_so(tmp_path):
    stale = tmp_path / ".snakemake/locks/0.input.lock"
    first = hold(tmp_path, 600)
    assert first.stdout is not None and first.stdout.readline() == "held\n"
    job = int(first.stdout.readline())
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = hold(tmp_path, 0)
    assert second.stderr is not None
    message = second.stderr.readline()
    assert "another run of this study holds .study.lock" in message and f"{job} sleep" in message
    time.sleep(0.5)
    assert second.poll() is None, "waits while the orphan lives"
    assert stale.exists(), "a lock is cleared only by its holder"
    os.kill(job, signal.SIGKILL)
    assert second.communicate(timeout=60)[0].startswith("held\n")
    assert not stale.exists()
