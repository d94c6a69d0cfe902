"""The jobs of one study on a SLURM cluster: found by name, cancelled, and how their states are asked for.

Knows SLURM's commands and no study. What is asked of them may fail while the controller is away: that is
never taken for an answer.
"""

import contextlib
import hashlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
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


@contextlib.contextmanager
def sole_run(path: Path, beat: float = 10.0, stale: float = 150.0, host: str | None = None) -> Iterator[None]:
    """Hold the study against runs on other machines that share its folder, where a lock may not reach.

    Parameters
    ----------
    path : pathlib.Path
        File that names the machine, and is touched again and again while the run lives.
    beat : float
        Seconds between touches.
    stale : float
        Seconds without one after which a run on another machine is taken for dead; it is waited for until
        then. A shared file system may show a touch a minute late.
    host : str, optional
        Name of this machine.
    """
    host = host or socket.gethostname()
    said = False
    while (holder := _holder(path)) not in (None, host):
        # Both times are the file system's own: clocks of two machines need not agree.
        probe = path.with_name(f"{path.name}.{host}")
        probe.touch()
        now = probe.stat().st_mtime
        probe.unlink()
        with contextlib.suppress(FileNotFoundError):
            if now - path.stat().st_mtime > stale:
                break
        if not said:
            print(f"memgen: a run on {holder} holds this study; waiting for it to end", file=sys.stderr)
            said = True
        time.sleep(min(beat, 1.0))
    path.write_text(host)
    ended = threading.Event()

    def live() -> None:
        while not ended.wait(beat):
            path.touch()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        path.unlink(missing_ok=True)


def _holder(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
