"""A `conda` for the tests: the command that Snakemake looks for, with a channel on this disk behind it."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import yaml

from repository import ROOT

HERE = ROOT / "tests/envs"
TOOLS = ROOT / ".cache/test-envs/tools"
ACTIVATE = """\
export CONDA_PREFIX="$1"
export PATH="$1/bin:$PATH"
"""


def install_tools() -> None:
    """Install what packs, solves and installs, once, where nothing else looks for it."""
    wanted = (HERE / "requirements.txt").read_text()
    done = TOOLS / "requirements.txt"
    if not done.is_file() or done.read_text() != wanted:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
        subprocess.run([*pip, "--no-deps", "--target", TOOLS, "-r", HERE / "requirements.txt"], check=True)
        done.write_text(wanted)


def conda_packages(environment: Path) -> list[str]:
    """Names of the packages that an environment takes from its channel."""
    entries = yaml.safe_load(environment.read_text())["dependencies"]
    names = [entry.partition(" ")[0] for entry in entries if isinstance(entry, str)]
    return [name for name in names if name != "python"]


def local_conda(folder: Path, environments: list[str]) -> dict[str, str]:
    """Build a channel of what some files in envs/ need in an empty folder, and a conda that knows no other.

    Returns the environment variables of a run that uses it.
    """
    install_tools()
    names = {name for stem in environments for name in conda_packages(ROOT / f"envs/{stem}.yaml")}
    tools = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TOOLS, ROOT / "tools")))}
    build = [sys.executable, HERE / "channel.py", folder / "channel", *sorted(names)]
    subprocess.run(build, check=True, env=tools)
    (folder / "bin").mkdir()
    (folder / "bin/activate").write_text(ACTIVATE)
    variables = {
        "PYTHONPATH": str(TOOLS),
        "LOCAL_BASE": str(folder),
        "LOCAL_CHANNEL": (folder / "channel").as_uri(),
        "LOCAL_PACKAGES": str(folder / "packages"),
        # What pip installs into an environment needs nothing that is not pinned either.
        "PIP_CONSTRAINT": str(ROOT / "requirements.lock"),
    }
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    command = shlex.join([sys.executable, str(HERE / "conda.py")])
    (folder / "bin/conda").write_text(f'#!/bin/sh\n{exports}exec {command} "$@"\n')
    (folder / "bin/conda").chmod(0o755)
    return {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
