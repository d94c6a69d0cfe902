"""How tests/hpc runs the study: the same part of the smoke study here and on the cluster."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from repository import ROOT, copy_repository
from runs import environment, results
from slurm import Cluster, wait_for
from snakemake_executor_plugin_memgen_slurm import jobs as cluster

PROFILE = ROOT / "tests/hpc/profile"
#: A table and what it waits for: five jobs.
TABLE = ["results/relational/critical.csv"]
#: One job of each kind: tables, a figure, closed forms, a network pretrained and finetuned here.
KINDS = [
    *TABLE,
    "figures/task.pdf",
    "results/longtail/spectra.parquet",
    "results/language/runs/small-lm/fake/exc_mid_n9/full/seeds_000-001.parquet",
]
#: A command under another host name, for which what is mounted at a folder lies in another one.
_ELSEWHERE = 'hostname "$0" && mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"'


@contextlib.contextmanager
def login_node(name: str, view: Path, folder: Path) -> Iterator[list[str]]:
    """What goes before a command so that it runs on another machine to whoever asks.

    It has another host name, and the study's folder by another file system: files and their times are shared
    with this one, and locks are not, as on many a cluster. The folder has the same path on both machines;
    `view` is where it is mounted first.
    """
    view.mkdir()
    mounted = subprocess.Popen(["bindfs", "-f", str(folder), str(view)])
    try:
        wait_for("the shared folder", view.is_mount)
        yield ["unshare", "--mount", "--uts", "sh", "-c", _ELSEWHERE, name, str(view), str(folder)]
    finally:
        subprocess.run(["umount", str(view)], check=False)
        mounted.terminate()
        mounted.wait()


class Study:
    """A copy of the repository whose smoke study, or the targets in it, runs on a cluster, or here.

    `options` are Snakemake's; `overlay` is what is configured beside the smoke study, as YAML. `since` is the
    moment of the last fault, and `before` are the jobs that the cluster had before the study.
    """

    def __init__(
        self, slurm: Cluster | None, folder: Path, targets: list[str], *options: str, overlay: str = ""
    ) -> None:
        self.slurm: Any = slurm
        self.before = {number for number, _, _ in slurm.jobs()} if slurm else set()
        self.since = time.monotonic()
        self.folder = folder if folder.exists() else copy_repository(folder)
        self.targets, self.options = targets, options
        self.overlays = ["configs/smoke.yaml"]
        if overlay:
            (self.folder / "overlay.yaml").write_text(overlay)
            self.overlays.append("overlay.yaml")
        self.log = self.folder / "printed.txt"
        self.runs: list[subprocess.Popen[bytes]] = []

    @property
    def name(self) -> str:
        """What the names of its jobs begin with."""
        return cluster.prefix(self.folder)

    def _start(self, *command: str, node: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        words = [*node, sys.executable, "-m", *command, *self.targets, *self.options]
        with self.log.open("ab") as output:
            run = subprocess.Popen(
                words, cwd=self.folder, env=environment(self.folder), stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
                # A shell that starts tests in the background has them ignore Ctrl-C.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )  # fmt: skip
        self.runs.append(run)
        return run

    def _study(self, *arguments: str, node: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        overlays = (f"--config={overlay}" for overlay in self.overlays)
        return self._start("memgen", "study", "--here", *arguments, *overlays, "--", node=node)

    def end(self) -> None:
        """End every run that a failed test left."""
        for run in self.runs:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()
        cluster.cancel(self.name)

    def start(self, node: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        return self._study("--executor", "slurm", "--profile", str(PROFILE), node=node)

    def start_alone(self) -> subprocess.Popen[bytes]:
        configured = ("--configfile", *self.overlays)
        return self._start("snakemake", *configured, "--executor", "memgen-slurm", "--profile", str(PROFILE))

    def finish(self, run: subprocess.Popen[bytes], seconds: float = 900) -> None:
        """Wait until a run has ended well."""
        try:
            code = run.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
            raise AssertionError(f"it hangs: {self.printed()}") from None
        assert code == 0, self.printed()

    def here(self) -> dict[str, bytes]:
        self.finish(self._study("--cores", "2"))
        return self.results()

    def printed(self) -> str:
        return self.log.read_text()[-5000:]

    def results(self) -> dict[str, bytes]:
        """Every result and figure, the records aside, which say when and where."""
        found = results(self.folder)
        return {name: found[name] for name in found if not name.startswith("results/provenance/")}

    def fault(self, number: int = 1) -> list[str]:
        """The moment of the fault, as soon as so many jobs run: their numbers."""
        found: list[str] = []

        def enough() -> bool:
            listed = self.slurm.ask("squeue", "--noheader", "--states=RUNNING", "--format=%i|%j").splitlines()
            found[:] = [line.partition("|")[0] for line in listed if f"|{self.name}" in line]
            return len(found) >= number

        wait_for("jobs that run", enough, 180)
        self.since = time.monotonic()
        return found

    def jobs(self) -> list[tuple[str, str]]:
        """State of each of its jobs, and what it is for."""
        return [(state, what) for number, state, what in self.slurm.jobs() if number not in self.before]

    def over(self, name: str, here: dict[str, bytes]) -> None:
        """The run has ended: nothing is torn, and what it made is what it makes here."""
        recovered, found = time.monotonic() - self.since, self.results()
        assert not list((self.folder / "results").rglob("*.partial*"))
        assert set(found) >= set(self.targets)
        assert {path for path in found if found[path] != here[path]} == set()
        ended = Counter(what for state, what in self.jobs() if state == "COMPLETED")
        assert [what for what, times in ended.items() if times > 1] == [], "computed more than once"
        lost = [state for state, _ in self.jobs() if state != "COMPLETED"]
        print(f"\n| {name} | {', '.join(lost).lower() or 'no job'} | {recovered:.0f} s |")


def remove(folder: Path) -> None:
    for name in ("results", "figures", ".snakemake", "logs"):
        shutil.rmtree(folder / name, ignore_errors=True)
