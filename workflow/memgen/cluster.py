"""The jobs of one study on a SLURM cluster: found by name, cancelled, and how their states are asked for.

Knows SLURM's commands and no study. What is asked of them may fail while the controller is away: that is
never taken for an answer.
"""

import hashlib
import subprocess
import time
from pathlib import Path

_PATIENCE = 300.0
_PAUSE = 1.0


def prefix(folder: Path) -> str:
    """What the names of all jobs of the study in a folder begin with."""
    return f"memgen-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]}"


def _answer(*command: str) -> str | None:
    """What a command prints, or None where it fails or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def keeps_accounts() -> bool:
    """Whether this cluster has accounting that answers: only then does ``sacct`` know states of jobs."""
    return _answer("sacct", "--noheader", "--allocations", "--starttime", "now") is not None


def status_command() -> str:
    """The command that tells states of jobs here: sacct, or squeue where nothing answers to sacct."""
    return "sacct" if keeps_accounts() else "squeue"


def alive(name: str) -> list[str] | None:
    """Numbers of the jobs that wait or run under a name that begins like this; None where nobody answers."""
    listed = _answer("squeue", "--me", "--noheader", "--format=%i|%j")
    if listed is None:
        return None
    rows = [line.strip().partition("|") for line in listed.splitlines()]
    return sorted(number for number, _, own in rows if own.startswith(name))


def cancel(name: str, patience: float = _PATIENCE) -> int:
    """Cancel all jobs under a name that begins like this, and wait until the last has gone.

    Parameters
    ----------
    name : str
        From `prefix`.
    patience : float
        Seconds in which they must have gone, and the controller must have answered.

    Returns
    -------
    int
        How many there were.

    Raises
    ------
    TimeoutError
        If some are still there then, or nobody answered.
    """
    end = time.monotonic() + patience
    seen: set[str] = set()
    while True:
        found = alive(name)
        if found == []:
            return len(seen)
        if found:
            seen.update(found)
            _answer("scancel", *found)
        if time.monotonic() > end:
            left = "nobody answers" if found is None else f"still there: {', '.join(found)}"
            raise TimeoutError(f"jobs of an earlier run on the cluster could not be cancelled: {left}")
        time.sleep(_PAUSE)
