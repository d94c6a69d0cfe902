"""README's table counts verdicts, docs/claims.md holds every claim, and a broken README is left alone."""

import os
import subprocess
import sys
from pathlib import Path

from memgen.claims import Claim, write_claims
from repository import ROOT

MARKS = ("<!-- claims: written by `make readme` -->", "<!-- end of claims -->")


def make_readme(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    tool = [sys.executable, str(ROOT / "tools/readme.py")]
    return subprocess.run(tool, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_readme_counts_and_the_document_lists(tmp_path: Path) -> None:
    for name in ("results", "figures", "docs"):
        (tmp_path / name).mkdir()
    (tmp_path / "figures/rank_profiles.png").write_bytes(b"picture")
    common = {"study": "language", "paper": "A, 2026", "claim": "it falls", "command": "memgen x"}
    found = [
        Claim(**common, model=model, items="fake", method="full", ours=0.5, judged=judged)
        for model, judged in (("one", "agrees"), ("two", "differs"), ("three", "agrees"))
    ]
    found += [
        Claim(study="relational", paper="A, 2026; derived", claim=f"claim {i}", command="memgen y")
        for i in range(9)
    ]
    write_claims(found, tmp_path / "results/claims.csv")
    readme = tmp_path / "README.md"
    readme.write_text("no marks\n")
    assert "must hold" in make_readme(tmp_path).stderr and readme.read_text() == "no marks\n"
    readme.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n")
    assert make_readme(tmp_path).returncode == 0
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| A, 2026 | it falls | 2 | 1 | 0 | [language](docs/claims.md#language) |" in text
    assert "| A, 2026 | relational: all | 0 | 0 | 9 | [relational](docs/claims.md#relational) |" in text
    listed = (tmp_path / "docs/claims.md").read_text()
    assert listed.count("memgen x") == 3 and listed.count("memgen y") == 9
