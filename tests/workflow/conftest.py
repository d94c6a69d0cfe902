"""The study at its smallest size, run for real once, for every test that looks at its results."""

from pathlib import Path

import pytest

from published_imitation import imitate
from repository import copy_repository
from runs import study


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which the smoke study has run undisturbed. Do not change it."""
    folder = copy_repository(tmp_path_factory.mktemp("undisturbed") / "repository")
    imitate(folder)
    output = study(folder)
    (folder / "printed.txt").write_text(output)
    return folder
