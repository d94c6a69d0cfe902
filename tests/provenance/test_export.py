"""Exports are read by those who know nothing of this study: validators and libraries of each standard."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from memgen.configuration.own_folder import LOCK
from memgen.jobs.digests import file_digest
from memgen.provenance.reading import CRATE
from memgen.provenance.run import read_run
from memgen.provenance.sealing import sealed
from memgen.provenance.verification import Verification
from offline_context import seed
from recorded import make_folder, provenance, refused
from runs import LEAF, TARGETS, git, memgen, planned

#: What the validator recommends and the study does not know: an address of the repository (repository-code in
#: CITATION.cff), people and their institutions. Tools are files of the crate, whose names are relative.
UNKNOWN = {
    "The Application SHOULD have a url",
    "The SoftwareApplication id SHOULD be an absolute URI",
    "The Action SHOULD have an agent that is a Person or Organization",
    "The `publisher` property of a `Root Data Entity` SHOULD be an `Organization`",
    "The author SHOULD have an organizational affiliation.",
    "The author SHOULD have a Contextual Entity which specifies the organizational `affiliation`.",
}


def deposited(out: Path) -> str:
    assert provenance("deposit", "--out", out) == 0
    return file_digest(out)


def tool(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that was installed beside this Python."""
    name, *arguments = command.split()
    words, wide = [Path(sys.executable).with_name(name), *arguments], {**os.environ, "COLUMNS": "200"}
    return subprocess.run(words, cwd=folder, env=wide, capture_output=True, text=True, check=False)


def test_the_deposit_is_a_valid_provenance_run_crate(real_run, tmp_path):
    """Validated at level RECOMMENDED without a network, and read by another program."""
    pytest.importorskip("rocrate_validator")
    deposited(tmp_path / "deposit.zip")
    with zipfile.ZipFile(tmp_path / "deposit.zip") as content:
        content.extractall(tmp_path / "crate")
    seed(tmp_path / "c")
    answer = tool(
        "rocrate-validator -y validate --profile-identifier provenance-run-crate --offline --cache-path c "
        "--requirement-severity recommended --output-format json --output-file issues.json crate",
        tmp_path,
    )
    issues = json.loads((tmp_path / "issues.json").read_text())["issues"]
    assert {issue["message"] for issue in issues} == UNKNOWN, answer.stdout[-4000:] + answer.stderr[-2000:]

    report = tool("runcrate report crate", tmp_path)
    assert report.returncode == 0, report.stderr[-2000:]
    assert report.stdout.startswith("action: #run\n  instrument: Snakefile ")
    assert report.stdout.count("action: ") == 1 + len(read_run().records)
    assert "    results/relational/sweep.parquet <- #argument/" in report.stdout


def test_the_deposit_is_what_is_committed_and_what_the_run_made(real_run, tmp_path):
    """Its crate names every file; unzipped elsewhere it verifies, and has what `make study` starts from."""
    archive, there = tmp_path / "deposit.zip", tmp_path / "there"
    Path("configs/private_token.txt").write_text("secret")
    first = deposited(archive)
    for path in Path("results").rglob("*"):
        os.utime(path)
    assert deposited(archive) == first, "the same run gives the same deposit, in the place of an earlier one"
    with zipfile.ZipFile(archive) as content:
        content.extractall(there)
        names = set(content.namelist())
        assert len(names) == len(content.namelist())
    entities = json.loads((there / CRATE).read_text())["@graph"]
    assert len(entities) == len({entity["@id"] for entity in entities})
    files = {entity["@id"]: entity["sha256"] for entity in entities if "File" in entity["@type"]}
    assert files == {name: file_digest(there / name) for name in names - {str(CRATE)}}
    committed = set(git(real_run, "ls-files").splitlines())
    made = {output for record in read_run().records.values() for output in record["outputs"]}
    apart = ("results/provenance/", "results/benchmarks/")
    others = {name for name in names - committed - made if not name.startswith(apart)}
    assert others == {str(LEAF), str(CRATE)}
    assert committed | made <= names
    assert memgen(there, "provenance", "verify").splitlines()[0].startswith(f"not checked: {LOCK} against")
    make = subprocess.run(["make", "--dry-run", "study"], cwd=there, capture_output=True, check=False)
    assert make.returncode == 0, make.stderr
    shutil.rmtree(there / "results")
    shutil.rmtree(there / "figures")
    assert {"relational_task", "relational_sweep", "figures_rank_profiles"} <= planned(there, *TARGETS)


def test_what_a_deposit_leaves_out_is_said(study, capsys):
    make_folder(Path("results/models/m"))
    sealed()
    shutil.rmtree("results/models")
    assert {finding.kind for finding in Verification(read_run()).findings} == {"OUTPUT-MISSING"}
    CRATE.touch()
    found = Verification(read_run())
    assert found.findings == [] and found.notes[-1].startswith("not here: 1 folders of weights and files")
    assert "not deposited: not here" in refused("deposit")


def test_a_tampered_run_is_not_given_to_others(real_run, tmp_path):
    Path("figures/mine.png").write_bytes(b"mine")
    for arguments in (("export",), ("deposit", "--out", str(tmp_path / "a.zip"))):
        assert "UNTRACKED-FIGURE" in refused(*arguments)
    assert not list(tmp_path.glob("*.zip"))
    os.mkfifo(tmp_path / "pipe")
    for path in ("LICENSE", str(tmp_path / "pipe"), "/dev/full", "/dev/zero", str(tmp_path)):
        for command in ("deposit", "export"):
            assert "allowed for --out: a new file" in refused(command, "--out", path)


def test_a_deposit_of_what_is_not_committed_is_refused(real_run, tmp_path):
    deposit = ("deposit", "--out", tmp_path / "a.zip")
    git(real_run, "rm", "--quiet", "--cached", "-r", "workflow/rules")
    git(real_run, "commit", "--quiet", "--message", "None")
    assert re.search("workflow/rules/.*.smk: the run used it, and it is not committed", refused(*deposit))
    Path("README.md").write_text("mine")
    assert "README.md: differs from the present commit" in refused(*deposit)
    shutil.rmtree(".git")
    assert "a deposit holds committed files, and no git repository is here" in refused(*deposit)
    assert not list(tmp_path.glob("*.zip*"))
