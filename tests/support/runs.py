"""How the tests run the study at its smallest size."""

import json
import os
import sys
from pathlib import Path

from memgen.jobs import digests
from memgen.provenance.sealing import SEAL
from repository import ran


def command(*arguments: str) -> list[str]:
    """The command behind `make smoke`, with the results in the repository's folder."""
    return [
        sys.executable,
        *("-m", "memgen", "study", "--cores", "2", "--config", "configs/smoke.yaml", "--here", "--"),
        *arguments,
    ]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(folder / "workflow")}


def study(folder: Path, *arguments: str) -> str:
    """Run the smoke study in a copy of the repository and return what it printed."""
    status, said = ran(command(*arguments), folder, environment(folder))
    assert status == 0, said[-6000:]
    return said


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


def results(folder: Path, *apart: str) -> dict[str, bytes]:
    """Every result, figure and record, the records without what may differ between two honest runs."""
    found = {}
    for root in ("results", "figures"):
        for path in sorted((folder / root).rglob("*")):
            name = path.relative_to(folder).as_posix()
            if not path.is_file() or name.startswith("results/benchmarks/") or ".partial-" in name:
                continue
            content = path.read_bytes()
            if name == SEAL.as_posix():
                continue  # it names the records, and so when each job ran
            if name.startswith("results/provenance/"):
                left_out = ("execution", "digest", *apart)
                body = {k: v for k, v in json.loads(content).items() if k not in left_out}
                content = digests.canonical(body)
            found[name] = content
    return found


def assert_same_results(one: Path, other: Path, *apart: str) -> None:
    first, second = results(one, *apart), results(other, *apart)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
