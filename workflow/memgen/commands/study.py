"""Run the whole study, one run at a time.

The run holds an advisory lock on ``.study.lock`` through its standard input, which Snakemake and every job
inherit: the kernel gives the lock up only when the last of them has ended. A second run waits until then, so
a job orphaned by a killed run never writes over a new run's output, and Snakemake's own lock files, if any
are left, are known to be stale. Damaged results are then moved aside and rebuilt, and files with timestamps
in the future get the current time. This module knows no study; errors in the configuration are reported
before Snakemake starts.
"""

import fcntl
import importlib
import os
import pkgutil
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import cyclopts

from memgen.configuration.layers import load
from memgen.configuration.own_folder import enter
from memgen.errors import BadInput
from memgen.jobs.arguments import Count
from memgen.jobs.kernels import VARIABLE, Kernels, refuse_gpu, refuse_missing_gpu, refuse_processor
from memgen.jobs.rules import figure_alone
from memgen.jobs.stage import command
from memgen.recovery.clocks import to_the_present
from memgen.recovery.damage import set_aside
from memgen.recovery.lease import hold

LOCK = Path(".study.lock")
LEASE = Path(".study.run")
SNAKEMAKE_LOCKS = Path(".snakemake/locks")
LEAST_MB = 100
"""Free space without which no run is begun."""
_DRY = {"-n", "--dry-run", "--dryrun"}
_PLUGIN = "snakemake_executor_plugin_"
_SLURM = "memgen-slurm"
"""The executor slurm is the study's plugin, a subclass of the one of that name: docs/cluster.md."""


def _holders() -> list[str]:
    """Processes that hold the lock through their standard input, as ``pid name``, where /proc tells."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "fd/0").samefile(LOCK):
                found.append(f"{entry.name} {(entry / 'comm').read_text().strip()}")
        except OSError:
            continue  # ended meanwhile, or another user's
    return sorted(found)


def _say(text: str) -> None:
    print(f"memgen: {text}", file=sys.stderr, flush=True)


def hold_lock() -> None:
    """Take the study's lock as standard input, waiting for an earlier run and its jobs to end."""
    descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holders = ", ".join(_holders()) or "unknown"
        _say(f"another run of this study holds {LOCK} (processes: {holders}); waiting for it to end")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.dup2(descriptor, 0)
    if descriptor != 0:
        os.close(descriptor)
    shutil.rmtree(SNAKEMAKE_LOCKS, ignore_errors=True)


def _refuse_unwritable() -> None:
    for folder in (Path(), Path("results"), Path("figures")):
        try:
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            what = f"cannot be written ({error.strerror}); allowed: a writable folder"
            raise BadInput(f"{folder.resolve()}: {what}") from None
        free = shutil.disk_usage(folder).free // 2**20
        if free < LEAST_MB:
            what = f"the disk is full, {free} MB are free; allowed: at least {LEAST_MB} MB"
            raise BadInput(f"{folder.resolve()}: {what}")


def _plugin(executor: str) -> Any:
    """Module of an executor's plugin."""
    try:
        return importlib.import_module(_PLUGIN + executor.replace("-", "_"))
    except (ImportError, OSError) as error:
        raise BadInput(
            f"--executor: {executor}: its plugin cannot be loaded ({error}); allowed: one that pip installed"
        ) from None


def _profile(executor: str, profile: Path | None) -> Path | None:
    """Profile of an executor; None for this machine."""
    installed = ["local", *_executors()]
    if executor not in installed:
        what, more = "not an executor", ""
        if re.fullmatch(r"[a-z][a-z0-9-]*", executor):
            package = f"{_PLUGIN}{executor}".replace("_", "-")
            what, more = "not installed", f", or others once their plugin is (pip install {package})"
        raise BadInput(f"--executor: {executor!r} is {what}; allowed: {', '.join(installed)}{more}")
    if executor == "local":
        if profile is not None:
            raise BadInput("--profile: the executor local has none; allowed: with another --executor")
        return None
    if _plugin(executor).common_settings.implies_no_shared_fs:
        raise BadInput(
            f"--executor: {executor}: its jobs share no folder with this machine; the study keeps records "
            f"and what has ended beside its results; allowed: an executor whose jobs do"
        )
    found = profile or Path("profiles") / executor
    if not (found / "config.yaml").is_file():
        raise BadInput(f"{found}: holds no config.yaml; allowed: a folder with a profile for {executor}")
    return found


def _executors() -> list[str]:
    """Executors whose plugins are installed; of SLURM's three one is enough."""
    names = [module.name for module in pkgutil.iter_modules() if module.name.startswith(_PLUGIN)]
    found = [name.removeprefix(_PLUGIN).replace("_", "-") for name in names]
    return sorted(name for name in found if name not in ("slurm-jobstep", _SLURM))


def _sole_run(executor: str) -> None:
    """Wait for runs on other machines, and cancel the jobs that an earlier one left on SLURM."""
    hold(LEASE)
    if executor == _SLURM:
        jobs = _plugin(executor).jobs
        try:
            earlier = jobs.cancel(jobs.prefix(Path.cwd()))
        except OSError as problem:
            raise BadInput(f"--executor: slurm: {problem}") from None
        if earlier:
            _say(f"cancelled {earlier} jobs that an earlier run left on SLURM")


def _refuse_unknown_figure(config: dict[str, Any], name: str) -> None:
    """Say at once that there is no figure of a name; Snakemake takes several seconds to start."""
    rules = sorted(Path("workflow/rules").glob("*.smk"))
    if rules:
        from memgen.figures.table import entries

        written = [found for path in rules for found in re.findall(r"figures/\w+\.\w+", path.read_text())]
        figure_alone([*written, *(target for entry in entries(config) for target in entry.targets())], name)


@command
def study(
    *snakemake: Annotated[str, cyclopts.Parameter(allow_leading_hyphen=True)],
    config: list[Path] | None = None,
    cores: Count | None = None,
    executor: str = "local",
    profile: Path | None = None,
    figure: str | None = None,
    kernels: Kernels = "ordinary",
    here: bool = False,
) -> None:
    """Run the study through Snakemake, or only the given targets.

    Parameters
    ----------
    snakemake
        Targets and options passed to Snakemake, after ``--``.
    config
        Overlays on config.yaml, later ones winning.
    cores
        Jobs that run at once on this machine, all cores by default; with another executor, jobs at once
        there.
    executor
        ``local``, or an installed executor plugin of Snakemake, such as ``slurm``, that submits the jobs.
    profile
        Folder of Snakemake's profile for that executor; profiles/<executor> by default.
    figure
        Make only this figure and its inputs; a name without its suffix, such as task or explorer.
    kernels
        ``ordinary``: training and features use the fastest kernels of the processor. ``portable``: every job
        uses kernels that give the same bytes on all x86-64 processors with AVX2.
    here
        Keep the results in this folder; by default those of a study with overlays or portable kernels are in
        studies/<name>, with the names of both.
    """
    profile = _profile(executor, profile)
    executor = _SLURM if executor == "slurm" else executor
    if not Path("Snakefile").is_file():
        raise BadInput(f"{Path.cwd()}: holds no Snakefile; run this in the folder of the repository")
    overlays = config or []
    checked = load([Path("config.yaml"), *overlays])
    if figure is not None:
        _refuse_unknown_figure(checked, figure)
    if executor == "local":
        refuse_missing_gpu(checked)
    if kernels == "portable":
        refuse_gpu(checked)
        if executor == "local":
            refuse_processor()
    profile = profile and profile.absolute()
    overlays = enter(overlays, kernels, here=here)
    _refuse_unwritable()
    hold_lock()
    dry = not _DRY.isdisjoint(snakemake)
    if executor != "local" and not dry:
        _sole_run(executor)
    for line in (*set_aside(dry=dry), *to_the_present(dry=dry)):
        _say(line)
    arguments = [sys.executable, "-m", "snakemake", *snakemake]
    if overlays:
        arguments += ["--configfile", *map(str, overlays)]
    if profile is not None:
        arguments += ["--executor", executor, "--profile", str(profile)]
        arguments += ["--jobs", str(cores)] if cores else []
    else:
        arguments += ["--cores", str(cores) if cores else "all"]
    if executor == "local" or sys.stderr.isatty() or dry:
        arguments += ["--logger", "memgen"]
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    # This folder's link to the sources, before their place in the repository: jobs are named by it.
    python_path = os.pathsep.join(["workflow", *filter(None, [os.environ.get("PYTHONPATH")])])
    wanted = {"PATH": search, "MEMGEN_FIGURE": figure or "", "PYTHONPATH": python_path, VARIABLE: kernels}
    os.execve(sys.executable, arguments, {**os.environ, **wanted})
