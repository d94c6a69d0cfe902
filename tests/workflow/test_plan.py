"""The plan of the paper's scale: Snakemake's own jobs, without weights, GPU or network."""

import re

import pytest

from repository import called


@pytest.mark.full
def test_the_papers_scale_is_planned(repository):
    folder = repository
    before = {path for path in folder.rglob("*") if "__pycache__" not in path.parts}
    asked = ["--config", "configs/paper.yaml", "--gpus", "8", "--simulate", "--rates"]
    done = called("memgen", "plan", *asked, folder=folder, package=folder)
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
