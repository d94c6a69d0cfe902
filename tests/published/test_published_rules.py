"""What the rules make of each published.source, without running them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from memgen.configuration.layers import load
from memgen.errors import BadInput
from repository import ROOT


def jobs(repository: Path, overlay: str) -> dict[str, int]:
    """Number of jobs that each rule of published.smk plans."""
    (repository / "overlay.yaml").write_text(f"published: {overlay}")
    command = [sys.executable, "-m", "snakemake", "-n", "-q", "rules", "--cores", "1"]
    done = subprocess.run(
        [*command, "--configfile", "overlay.yaml"],
        cwd=repository,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(repository / "workflow")},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in (done.stdout + done.stderr).splitlines()]
    text = (ROOT / "workflow" / "rules" / "published.smk").read_text()
    rules = re.findall(r"^(?:use rule \w+ as|rule) (\w+)", text, re.MULTILINE)
    assert len(rules) == 11
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[0] in rules}


def test_nothing_without_a_source_and_downloads_what_is_asked_for(repository: Path) -> None:
    assert jobs(repository, "{source: null}") == {}
    found = jobs(repository, "{source: download, items: [real]}")
    assert found["published_download"] == 4 and len(found) == 10


def test_a_folder_is_read_in_place(repository: Path, shared: Path) -> None:
    found = jobs(repository, f"{{source: {shared / 'published'}}}")
    assert "published_download" not in found and len(found) == 10


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("{source: nowhere}", "published.source: nowhere: no such folder"),
        ("{source: docs}", "published.source: docs: holds no published file"),
        ("{sources: here}", "unknown key 'sources'"),
        ("{source: download, items: [hockey]}", "'hockey' is not allowed"),
    ],
)
def test_a_wrong_source_is_refused(tmp_path: Path, monkeypatch, overlay: str, message: str) -> None:
    monkeypatch.chdir(ROOT)
    (tmp_path / "overlay.yaml").write_text(f"published: {overlay}")
    with pytest.raises(BadInput, match=re.escape(message)):
        load([ROOT / "config.yaml", tmp_path / "overlay.yaml"])
