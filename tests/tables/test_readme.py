"""README counts verdicts, and docs/claims.md holds every claim with its cells."""

import os
import subprocess
from pathlib import Path
from typing import Any

from memgen.tables.checks import Check, write_checks
from memgen.tables.claims import Claim, write_claims
from repository import ROOT, called

MARKS = ("<!-- claims: written by `make readme` -->", "<!-- end of claims -->")


def make_readme(folder: Path) -> subprocess.CompletedProcess[str]:
    return called("readme", folder=folder, PYTHONPATH=f"{ROOT / 'tools'}{os.pathsep}{ROOT / 'workflow'}")


def claim(ours: float, **parts: Any) -> Claim:
    common: dict[str, Any] = {
        "study": "language", "id": "falls", "paper": "A, 2026", "claim": "it falls", "command": "memgen x",
        "figure": "f", "would_fail": "It rises.", "sense": "below", "threshold": 0.0,
        "unit": "probe seeds", "n_units": 10, "standard_error": 0.1,
    }  # fmt: skip
    return Claim(**{**common, **parts}, ours=ours)


def test_readme_counts_verdicts_and_the_document_lists_every_claim(tmp_path):
    for name in ("figures", "docs", "results"):
        (tmp_path / name).mkdir()
    headline = {"id": "mistakes-did-probe", "model": "one + two", "items": "fake"}
    found = [
        claim(-0.5, **headline),
        claim(0.1, **headline | {"model": "one", "leads": False, "command": "memgen y"}),
        claim(-0.05, id="other", claim="that falls"),
        claim(0.2, id="stated", claim="so it is", model="one", items="fake", leads=False),
        claim(1.0, id="rises", study="relational", unit="exact", n_units=None, standard_error=None),
    ]
    write_claims(found, tmp_path / "results/claims.csv")
    check = {"study": "relational", "check": "c", "source": "s", "command": "memgen z", "expected": 0.0}
    write_checks([Check(**check, allowed=0.0, found=0.0)], tmp_path / "results/checks.csv")
    for name in ("rank_profiles", "language_summary"):
        (tmp_path / f"figures/{name}.png").write_bytes(name.encode())
    readme = tmp_path / "README.md"
    readme.write_text("no marks\n")
    assert "must hold" in make_readme(tmp_path).stderr and readme.read_text() == "no marks\n"
    readme.write_text(f"before\n{MARKS[0]}\nstale\n{MARKS[1]}\nafter\n")
    assert make_readme(tmp_path).returncode == 0
    text, listed = readme.read_text(), (tmp_path / "docs/claims.md").read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "stale" not in text
    assert "1 agree, 1 contradict, 1 undecided" in text
    assert "-0.5 [-0.726, -0.274], 10 probe seeds | agrees" in text and "that falls" not in text
    assert (tmp_path / "docs/language_summary.png").read_bytes() == b"language_summary"
    assert all(f"#{one.id}" in listed and one.claim in listed for one in found if one.id != "stated")
    assert "| stated | one | fake | 0.2 [-0.0262, 0.426] |" in listed, "the cells of no claim"
    assert "-0.5 [-0.726, -0.274] | agrees" in listed and "one, fake: 0.1" in listed
    (tmp_path / ".study.layers").write_text("configs/hour.yaml\n")
    assert make_readme(tmp_path).returncode == 0 and readme.read_text() == text
    assert (tmp_path / "docs/claims-hour.md").read_text().startswith("# Claims with configs/hour.yaml\n")
