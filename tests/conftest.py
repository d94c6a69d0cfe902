"""What the tests share: the repository's root, a copy of it, and the reference data where there are any."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def tracked_files() -> list[str]:
    """Files of the repository, or of the folder where it is not a checkout, without what runs generate."""
    answer = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in answer.stdout.splitlines() if (ROOT / name).is_file()]


def copy_repository(target: Path) -> Path:
    """Copy the repository's own files, as they are now, into an empty folder."""
    for name in tracked_files():
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, destination)
    return target


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the repository that a test may change."""
    return copy_repository(tmp_path / "repository")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference data beside the checkout."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip("reference data (a folder `shared` beside the checkout) are not part of a clone")
    return path
