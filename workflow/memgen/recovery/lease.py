"""One run of a study at a time on machines that share its folder, where a lock may not reach."""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path


def hold(path: Path, beat: float = 10.0, stale: float = 150.0, host: str | None = None) -> None:
    """Wait for runs on other machines, then hold the study until this process ends.

    Runs on one machine are kept apart by its lock. The file at `path` names the machine, by default this
    `host`. A child touches it every `beat` seconds while this process lives, with any program that it
    executes, and then removes it. After `stale` seconds without a touch a run on another machine is taken for
    dead; a shared file system may show a touch a minute late.
    """
    host = host or socket.gethostname()
    said = False
    while (holder := _content(path).partition(" ")[0]) not in ("", host):
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
    own = f"{host} {os.getpid()}"
    path.write_text(own)
    # Its reading end tells the child that no process has the writing end any more.
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    if os.fork():
        os.close(reading)
        return
    try:
        os.close(writing)
        _touch(path, own, reading, beat)
    finally:
        os._exit(0)


def _touch(path: Path, own: str, reading: int, beat: float) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they are meant for the run, which may take a while to end
    # Neither the study's lock nor a pipe that somebody reads to its end may stay open here.
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    while not select.select([reading], [], [], beat)[0]:
        with contextlib.suppress(OSError):
            os.utime(path)
    # A run that started on this machine meanwhile has written its own name.
    if _content(path) == own:
        path.unlink()


def _content(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
