"""The plan of the paper's scale: Snakemake's own jobs, without weights, GPU or network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from repository import copy_repository


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_repository(tmp_path_factory.mktemp("plan") / "repository")


def plan(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "memgen", "plan", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "workflow")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_papers_scale_is_planned(folder: Path) -> None:
    before = {path for path in folder.rglob("*") if "__pycache__" not in path.parts}
    done = plan(folder, "--config", "configs/paper.yaml", "--gpus", "8", "--simulate", "--rates")
    assert done.returncode == 0, done.stderr
    total = re.search(r"^all +(\d+) +([\d,]+) ", done.stdout, re.MULTILINE)
    assert total and int(total[1]) <= 1000
    # The paper's 46,400 runs, and our ridge and sequential ones.
    assert total[2] == "51,400"
    assert "finished after" in done.stdout and "critical path" in done.stdout
    lost = re.search(r"lost of work of GPUs: .* ([\d.]+)%", done.stdout)
    assert lost and float(lost[1]) < 1
    assert re.search(r"lora, cuda: .*; (assumed|measured: )", done.stdout)
    after = {path for path in folder.rglob("*") if "__pycache__" not in path.parts}
    assert {path for path in after - before if ".snakemake" not in path.parts} == set()
