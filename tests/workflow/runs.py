"""How the tests run the study at its smallest size."""

import os
import subprocess
import sys
from pathlib import Path


def command(*arguments: str) -> list[str]:
    """The command behind `make smoke`."""
    return [
        sys.executable,
        *("-m", "memgen", "study", "--cores", "2", "--config", "configs/smoke.yaml", "--"),
        *arguments,
    ]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(folder / "workflow")}


def study(folder: Path, *arguments: str) -> str:
    """Run the smoke study in a copy of the repository and return what it printed."""
    answer = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout[-6000:]
    return answer.stdout


def planned(folder: Path, *arguments: str) -> set[str]:
    """Rules that a run would start now."""
    output = study(folder, *arguments, "--dry-run", "--quiet", "rules")
    if "Nothing to be done" in output:
        return set()
    lines = output.split("Job stats:")[1].split("\n\n")[0].splitlines()
    return {
        line.split()[0]
        for line in lines
        if line and line.split()[0] not in ("job", "total", "all") and "--" not in line
    }
