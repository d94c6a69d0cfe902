"""A study with overlays has its own results, figures and seal, and leaves the default study's as they are."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from memgen.configuration.own_folder import given
from memgen.provenance.sealing import SEAL, read_seal
from repository import called, copy_repository, ran
from runs import commit_all, git

CONFIG = "CONFIG=configs/smoke.yaml"
DRAWING = Path("workflow/memgen/figures/relational/phases.py")
PARTS = ["results/relational/tasks/ti_n9.parquet", "figures/phase_placement.pdf"]


def make(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run a target of the Makefile there, with the Python that runs the tests; words on one line."""
    apart = ("MAKE", "MFLAGS", "PYTHONPATH", "ARGS")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(apart)}
    status, said = ran(["make", "--assume-old=.venv/.ready", "CORES=2", *arguments], folder, variables)
    return status, " ".join(said.split())


def files(folder: Path) -> dict[Path, tuple[bytes, int]]:
    paths = [path for root in ("results", "figures") for path in (folder / root).rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a table and a figure of the default study, and a figure of the smoke study."""
    folder = copy_repository(tmp_path_factory.mktemp("own") / "repository")
    (folder / ".venv").symlink_to(sys.prefix)
    commit_all(folder)
    status, said = make(folder, "study", f"ARGS={' '.join(PARTS)}")
    assert status == 0, said
    before = files(folder)
    status, said = make(folder, "figure", "NAME=phase_placement", CONFIG)
    assert status == 0 and "cd studies/smoke/" in said and "claims.csv" not in said, said
    assert files(folder) == before, "the default study's results have changed"
    return folder


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """The smoke study's folder in a copy of that repository."""
    return Path(shutil.copytree(folder, tmp_path / "copy", symlinks=True)) / "studies/smoke"


def test_the_seal_is_of_the_study_alone_and_a_figure_made_alone_takes_nothing_from_it(own):
    folder = own.parents[1]
    seal, default = read_seal(own / SEAL), read_seal(folder / SEAL)
    assert seal is not None and default is not None
    assert PARTS[1] in seal.targets and PARTS[0] not in seal.targets
    assert set(PARTS) < set(default.targets) and len(seal.records) < len(default.records)
    status, said = make(folder, "figure", "NAME=phase_placement", "ARGS=--force")
    assert status == 0, said
    after = read_seal(folder / SEAL)
    assert after is not None
    assert after.targets == default.targets and set(after.records) == set(default.records)


def test_the_study_is_verified_and_compared_with_its_own_lock(own):
    folder, lock = own.parents[1], Path("configs/smoke.lock.json")
    status, said = make(folder, "verify", CONFIG)
    assert status == 0 and "Files: intact" in said, said
    assert f"Reproduced: not known; there is no {lock}." in said
    assert make(folder, "relock", CONFIG)[0] == 0
    assert f"LOCK-NOT-COMMITTED {lock}" in make(folder, "verify", CONFIG)[1]
    git(folder, "add", str(lock))
    git(folder, "commit", "--quiet", "--message", "Lock")
    status, said = make(folder, "verify", CONFIG)
    assert status == 0 and "Reproduced: yes." in said, said
    with (folder / DRAWING).open("a") as stream:
        stream.write("\nprint()\n")
    status, said = make(folder, "verify", CONFIG)
    assert status and f"CODE-CHANGED {DRAWING}:" in said, said


def test_sources_are_those_of_the_repository(own, tmp_path):
    """A link that leads to equal ones elsewhere is found."""
    shutil.copytree(own.parents[1] / "workflow", tmp_path / "workflow")
    (own / "workflow").unlink()
    (own / "workflow").symlink_to(tmp_path / "workflow")
    status, said = make(own.parents[1], "verify", CONFIG, "ARGS=--all")
    assert status and f"CODE-CHANGED {DRAWING}:" in said, said


def test_a_study_in_the_wrong_place_is_refused_in_one_line(own):
    folder = own.parents[1]
    for name in ("other/smoke.yaml", "a b.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("relational: {figures: {phase_placement: {n: 13}}}\n")
    before = files(folder), files(own)
    for where, arguments, message in (
        (folder, ["--config", "other/smoke.yaml"], "+ configs/smoke.yaml, not of config.yaml + other/"),
        (folder, ["--config", "configs/smoke.yaml", "--here"], "holds results of config.yaml, not of"),
        (folder, ["--config", "a b.yaml"], "allowed: letters, digits, . _ and -"),
        (own, [], "is the folder of one study; run this in that of the repository"),
    ):  # fmt: skip
        done = called("memgen", "study", *arguments, folder=where, package=folder)
        assert done.returncode == 2 and message in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
    options = ("--cores=1", "--configfile=configs/smoke.yaml", "--forceall")
    target = "results/relational/tasks/ti_n9.parquet"
    done = called("snakemake", *options, target, folder=folder, package=folder)
    assert done.returncode and "holds results of config.yaml, not of" in done.stderr
    status, said = make(folder, "verify", "CONFIG=configs/hour.yaml")
    assert status and "studies/hour: no such folder; make study with the same CONFIG" in said
    assert (files(folder), files(own)) == before


def test_a_path_out_of_the_repository_is_the_same_in_every_folder(own, monkeypatch):
    for folder in (own.parents[1], own):
        monkeypatch.chdir(folder)
        assert Path(given("../data")).resolve() == own.parents[2] / "data"
        assert given("data/x") == "data/x" and given("/data") == "/data"
