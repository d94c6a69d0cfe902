"""A small part of the study that Snakemake has run, in a repository of its own."""

import shutil
import subprocess
from pathlib import Path

from memgen.configuration.own_folder import LAYERS
from repository import called, copy_repository
from runs import study

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
