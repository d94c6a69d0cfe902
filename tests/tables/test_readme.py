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
    common = {
        "study": "language",
        "id": "falls",
        "paper": "A, 2026",
        "claim": "it falls",
        "command": "memgen x",
    }
    common |= {"figure": "f", "would_fail": "It rises.", "sense": "below", "threshold": 0.0}
    common |= {"unit": "probe seeds", "n_units": 10, "standard_error": 0.1}
    return Claim(**{**common, **parts}, ours=ours)  # type: ignore[arg-type]


def test_readme_names_findings_and_the_document_lists_all(tmp_path: Path) -> None:
    for name in ("figures", "docs", "results"):
        (tmp_path / name).mkdir()
    exact = {"unit": "exact", "n_units": None, "standard_error": None, "command": "memgen y"}
    found = [
        claim(-0.5, id="mistakes-did-probe", model="one + two", items="fake"),
        claim(0.1, id="mistakes-did-probe", model="one", items="fake", leads=False),
        claim(-0.05, id="other", claim="that falls"),
        claim(0.2, id="stated", claim="so it is", model="one", items="fake", leads=False),
        *(
            claim(1.0, study="relational", **{**exact, "id": f"c{i}", "claim": f"claim {i}"})
            for i in range(3)
        ),
    ]
    write_claims(found, tmp_path / "results/claims.csv")
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
    assert "5 claims, specified in advance: 1 agrees, 3 contradicts, 1 undecided" in text
    assert "1 mathematical identities are also checked; 1 hold" in text
    value = "-0.5 [-0.726, -0.274]"
    assert f"| it falls | {value}, 10 probe seeds | agrees |" in text and "that falls" not in text
    assert (tmp_path / "docs/language_summary.png").read_bytes() == b"models"
    listed = (tmp_path / "docs/claims.md").read_text()
    assert f"| [mistakes-did-probe](#mistakes-did-probe) | {value} | agrees |" in listed
    assert listed.count("memgen x") == 2 and listed.count("memgen y") == 3 and "one, fake: 0.1" in listed
    assert "undecided (" in listed
    assert "| stated | one | fake | 0.2 [-0.0262, 0.426] |" in listed, "the cells of no claim"
    (tmp_path / ".study.layers").write_text("configs/hour.yaml\n")
    assert make_readme(tmp_path).returncode == 0 and readme.read_text() == text
    page = (tmp_path / "docs/claims-hour.md").read_text()
    assert page == listed.replace("# Claims\n", "# Claims with configs/hour.yaml\n", 1)
