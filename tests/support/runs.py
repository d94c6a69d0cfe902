"""How the tests run the study at its smallest size, or a small part of it in a separate repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from memgen.configuration.own_folder import LAYERS
from memgen.jobs import digests
from memgen.provenance.sealing import SEAL
from repository import called, copy_repository, ran


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


#: A file that the study is given, and a job that reads it.
LEAF = Path("data/given.parquet")
TARGETS = ("figures/task.pdf", "figures/rank_profiles.pdf", "results/relational/claims.csv")


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    answer = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return answer.stdout


def commit_all(folder: Path) -> None:
    """Make a repository of a folder, with all that is in it committed."""
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "All")


def run_in(folder: Path) -> Path:
    """Copy the repository, make two figures, the theory's claims and a job with a leaf, and lock them.

    The smoke study's results are left there as if they were the default study's.
    """
    copy_repository(folder)
    commit_all(folder)
    (folder / "printed.txt").write_text(study(folder, *TARGETS))
    (folder / LAYERS).unlink()
    (folder / LEAF.parent).mkdir()
    shutil.copy(folder / "results/relational/tasks/ti_n9.parquet", folder / LEAF)
    memgen(folder, *("relational", "critical-table", "--tasks", str(LEAF), "--out", "results/given.csv"),
           *("--record", "results/provenance/jobs/relational_critical_table/tasks=given.json"))  # fmt: skip
    shutil.rmtree(folder / ".snakemake")
    (folder / "results/provenance/seal.json").unlink()
    memgen(folder, "provenance", "seal")
    memgen(folder, "provenance", "lock")
    git(folder, "add", "provenance.lock.json")
    git(folder, "commit", "--quiet", "--message", "Lock")
    git(folder, "gc", "--quiet")  # one file to copy instead of hundreds
    return folder


def memgen(folder: Path, *arguments: str) -> str:
    done = called("memgen", *arguments, folder=folder, package=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout
