"""A small study that has run, one for each test."""

import shutil
from pathlib import Path

import pytest

from recorded import run_study


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A task, its sweep and its figure with their records; nobody may change it."""
    folder = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_study()
    return folder


@pytest.fixture
def study(finished_study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it that a test may change, and the present folder."""
    monkeypatch.chdir(shutil.copytree(finished_study, tmp_path / "study"))
    return tmp_path / "study"


@pytest.fixture
def real_run(finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a run by Snakemake that a test may change, and the present folder."""
    monkeypatch.chdir(shutil.copytree(finished_run, tmp_path / "repository"))
    return tmp_path / "repository"
