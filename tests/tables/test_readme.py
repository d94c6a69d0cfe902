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
    common = {"study": "language", "paper": "A, 2026", "claim": "it falls", "command": "memgen x"}
    common |= {"figure": "f", "would_fail": "It rises.", "sense": "below", "threshold": 0.0}
    common |= {"unit": "probe seeds", "n_units": 10, "standard_error": 0.1}
    return Claim(**{**common, **parts}, ours=ours)  # type: ignore[arg-type]


def write_study(folder: Path, last: float = -0.5) -> Path:
    """Claims of two methods with two cells, and of the theory."""
    (folder / "results").mkdir(parents=True)
    found = [
        claim(-0.5, method="lora", model="one", items="fake", leads=True),
        claim(-0.5, method="probe", model="one + two", items="fake", leads=True),
        claim(0.1, method="probe", model="one", items="fake"),
        claim(last, method="probe", model="two", items="fake"),
    ]
    exact = {"unit": "exact", "n_units": None, "standard_error": None, "command": "memgen y"}
    found += [claim(1.0, study="relational", **{**exact, "claim": f"claim {i}"}) for i in range(3)]
    write_claims(found, folder / "results/claims.csv")
    return folder / "results/claims.csv"


def test_readme_counts_and_the_document_lists(tmp_path: Path) -> None:
    write_study(tmp_path)
    for name in ("figures", "docs"):
        (tmp_path / name).mkdir()
    (tmp_path / "figures/rank_profiles.png").write_bytes(b"picture")
    (tmp_path / "figures/language_summary.png").write_bytes(b"models")
    check = Check(
        study="relational", check="c", source="s", command="memgen z", expected=0.0, allowed=0.0, found=0.0
    )
    write_checks([check], tmp_path / "results/checks.csv")
    readme = tmp_path / "README.md"
    readme.write_text("no marks\n")
    assert "must hold" in make_readme(tmp_path).stderr and readme.read_text() == "no marks\n"
    readme.write_text(f"before\n{MARKS[0]}\nstale\n{MARKS[1]}\nafter\n")
    assert make_readme(tmp_path).returncode == 0
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "stale" not in text
    assert "7 claims," in text and "1 mathematical identities" in text and "1 hold" in text
    assert "| A, 2026 | 3 | 0 | 1 | 0 | [language](docs/claims.md#language) |" in text
    assert "| A, 2026 | 0 | 3 | 0 | 0 | [relational](docs/claims.md#relational) |" in text
    lead = "agrees: -0.5 [-0.726, -0.274]"
    assert (tmp_path / "docs/language_summary.png").read_bytes() == b"models"
    listed = (tmp_path / "docs/claims.md").read_text()
    assert f"| it falls | {lead} | {lead} | 1 / 0 / 1 |" in listed
    assert listed.count("memgen x") == 4 and listed.count("memgen y") == 3
    assert listed.count("**it falls**") == 2 and "undecided (81)" in listed
