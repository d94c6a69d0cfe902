"""Where the repository is, how to copy it, and its tools."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def tracked_files() -> list[str]:
    """Files of the repository, or of the folder where it is not a checkout, without what runs generate."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(listing, cwd=ROOT, text=True).splitlines()
    return [name for name in names if (ROOT / name).is_file()]


def copy_repository(target: Path) -> Path:
    """Copy the repository's own files, as they are now, into an empty folder.

    The lock stays behind: it belongs to a run of the default study, and what is run in a copy is another.
    """
    for name in tracked_files():
        if name == "provenance.lock.json":
            continue
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, destination)
    return target


def called(
    *arguments: str, folder: Path = ROOT, package: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a Python module, such as memgen, in a folder, with the package of a repository; it may fail."""
    variables = {**os.environ, "PYTHONPATH": str(package / "workflow"), **environment}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def ran(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Exit status of a command that is run in a folder, and what it said on both streams together."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, **pipes)
    return done.returncode, done.stdout


def loaded(tool: str, folder: str = "tools") -> Any:
    """Module of a file in tools/ or bench/, which are no packages."""
    if str(ROOT / folder) not in sys.path:
        sys.path.append(str(ROOT / folder))
    spec = importlib.util.spec_from_file_location(tool, ROOT / f"{folder}/{tool}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
