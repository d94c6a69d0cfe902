"""A study outside of this repository uses its engine: it runs, is verified, and an edit of it is found."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from repository import ROOT, called


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit status of a Python module run in the study's folder, and what it said."""
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    done = called(*arguments, folder=folder, PATH=search)
    return done.returncode, done.stdout + done.stderr


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.workflow
def test_it_runs_is_verified_and_tampering_is_found(tmp_path):
    folder = tmp_path / "own-study"
    shutil.copytree(ROOT / "examples/own-study", folder)
    status, said = run(folder, "snakemake", "--cores", "1")
    assert status == 0 and "sealed 2 jobs" in said, said
    assert (folder / "figures/shares.pdf").read_bytes().startswith(b"%PDF")
    status, said = run(folder, "memgen", "provenance", "verify")
    assert status == 0, said
    status, said = run(folder, "memgen", "coins", "toss", "--probability", "2", "--out", "x.csv")
    assert status == 2 and "--probability: 2.0 is not allowed" in said

    # Prose reruns nothing, a number reruns what uses it.
    stages = folder / "coins/stages.py"
    edit(stages, '"""Toss a coin."""', '"""Toss it."""')
    edit(stages, "capsize=3", "capsize=4")
    planned = run(folder, "snakemake", "--dry-run")[1]
    assert "coins_shares" in planned and "coins_toss" not in planned
    edit(folder / "results/shares.csv", "10,", "11,")
    status, said = run(folder, "memgen", "provenance", "verify")
    assert status == 1 and "CODE-CHANGED" in said, said
    assert "OUTPUT-MODIFIED" in said and "results/shares.csv" in said, said
    edit(folder / "config.yaml", "0.3", "3")
    status, said = run(folder, "snakemake", "--dry-run")
    assert status == 1 and "coins.probability: 3 is not allowed" in said
