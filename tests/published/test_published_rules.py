"""What the rules make of each published.source, without running them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from repository import ROOT


def dry_run(repository: Path, overlay: str) -> subprocess.CompletedProcess[str]:
    (repository / "overlay.yaml").write_text(overlay)
    command = [sys.executable, "-m", "snakemake", "-n", "-q", "rules", "--cores", "1"]
    environment = {**os.environ, "PYTHONPATH": str(repository / "workflow")}
    return subprocess.run(
        [*command, "--configfile", "config.yaml", "overlay.yaml"],
        cwd=repository,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def jobs(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Number of jobs of each rule of published.smk."""
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in (done.stdout + done.stderr).splitlines()]
    text = (ROOT / "workflow" / "rules" / "published.smk").read_text()
    rules = re.findall(r"^(?:use rule \w+ as|rule) (\w+)", text, re.MULTILINE)
    assert len(rules) == 11
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[0] in rules}


def test_nothing_without_a_source(repository: Path) -> None:
    assert jobs(dry_run(repository, "published: {source: null}")) == {}


def test_downloads_what_is_asked_for(repository: Path) -> None:
    found = jobs(dry_run(repository, "published: {source: download, items: [real]}"))
    assert found["published_download"] == 4
    assert len(found) == 10


def test_a_folder_is_read_in_place(repository: Path, shared: Path) -> None:
    found = jobs(dry_run(repository, f"published: {{source: {shared / 'published'}}}"))
    assert "published_download" not in found
    assert len(found) == 10


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("published: {source: nowhere}", "published.source: nowhere: no such folder"),
        ("published: {source: docs}", "published.source: docs: holds no published file"),
        ("published: {sources: here}", "unknown key 'sources'"),
        ("published: {source: download, items: [hockey]}", "'hockey' is not allowed"),
    ],
)
def test_a_wrong_source_is_refused_before_the_first_job(repository: Path, overlay: str, message: str) -> None:
    (repository / "docs").mkdir(exist_ok=True)
    done = dry_run(repository, overlay)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert message in said
    assert "Traceback" not in said
