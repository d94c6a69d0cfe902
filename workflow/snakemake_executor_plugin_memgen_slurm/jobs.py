"""The jobs of one study on a SLURM cluster: their states, and cancelling them by name.

What SLURM is asked may fail while the controller is away: that is never taken for an answer.
"""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Set
from pathlib import Path

#: States of jobs that have ended, and not well.
FAILED = frozenset(
    ["BOOT_FAIL", "CANCELLED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT"]
)


def prefix(folder: Path) -> str:
    """What the names of all jobs of the study in a folder begin with."""
    return f"memgen-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]}"


def _rows(*command: str) -> list[tuple[str, str]] | None:
    """What a command prints, two columns; None where it fails or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    rows = [line.strip().partition("|") for line in done.stdout.splitlines()]
    return [(number, value) for number, _, value in rows if value]


def states(name: str, numbers: Set[str]) -> dict[str, str] | None:
    """State by number of some jobs with one name, without those that nobody knows; None where nobody answers.

    The controller is asked, and accounting, where there is one, for those that the controller has forgotten.
    """
    listed = _rows("squeue", "--noheader", "--states=all", f"--name={name}", "--format=%i|%T")
    if listed is None:
        return None
    if numbers - dict(listed).keys():
        kept = _rows(
            "sacct", "--noheader", "--allocations", "--parsable2", "--clusters=all", "--starttime=now-2days",
            f"--name={name}", "--format=JobIDRaw,State",
        )  # fmt: skip
        listed = [*(kept or []), *listed]
    # Accounting says "CANCELLED by 1000".
    return {number: state.split()[0] for number, state in listed}


def alive(name: str) -> list[str] | None:
    """Numbers of the jobs that wait or run under a name that begins like this; None where nobody answers."""
    listed = _rows("squeue", "--me", "--noheader", "--format=%i|%j")
    return None if listed is None else sorted(number for number, own in listed if own.startswith(name))


def cancel(name: str, patience: float = 300) -> int:
    """Cancel all jobs under a name that begins like this, wait until the last has gone, and say how many.

    Raises
    ------
    FileNotFoundError
        If SLURM's commands are not there.
    TimeoutError
        If after `patience` seconds some are still there, or nobody has answered.
    """
    if shutil.which("squeue") is None:
        raise FileNotFoundError("there is no squeue here; allowed: on a login node of a SLURM cluster")
    end = time.monotonic() + patience
    seen: set[str] = set()
    while True:
        found = alive(name)
        if found == []:
            return len(seen)
        if found:
            seen.update(found)
            _rows("scancel", *found)
        if time.monotonic() > end:
            left = "nobody answers" if found is None else f"still there: {', '.join(found)}"
            raise TimeoutError(f"jobs on the cluster could not be cancelled: {left}")
        time.sleep(1)
