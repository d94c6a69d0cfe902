"""What the tests share: a copy of the repository, a browser, and the reference data where there are any."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock

import browser
from memgen import __main__ as cli
from published_imitation import imitate
from repository import ROOT, copy_repository
from runs import run_in, study

pytest_plugins = ["tiny_models"]

#: Tests that need root, Debian or hours: the target of make for each folder sets its variable.
APART = ("hpc", "envs", "paper", "faults", "container", "portable")
collect_ignore = [folder for folder in APART if f"MEMGEN_{folder.upper()}" not in os.environ]

_CHECKS = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture]
hypothesis.settings.register_profile("ci", max_examples=20, deadline=None, suppress_health_check=_CHECKS)
hypothesis.settings.register_profile("full", hypothesis.settings.get_profile("ci"), max_examples=200)
hypothesis.settings.load_profile("full" if os.environ.get("FULL") else "ci")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the study first where workers share the tests; leave long tests out unless FULL asks for them."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("workflow") is None)
    long = [item for item in items if item.get_closest_marker("full") and not os.environ.get("FULL")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first worker to ask for it makes, for all of them; nobody may change it."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            made = factory.mktemp(name)
            make(made)
            made.rename(folder)
    return folder


def _smoke(folder: Path) -> None:
    copy_repository(folder)
    imitate(folder)
    (folder / "printed.txt").write_text(study(folder))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which the smoke study has run undisturbed."""
    return made_once(tmp_path_factory, "finished", _smoke)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which Snakemake has run a part of the study."""
    return made_once(tmp_path_factory, "finished_run", run_in)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the repository that a test may change."""
    return copy_repository(tmp_path / "repository")


@pytest.fixture
def memgen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Calls a command in this process: its exit status, what it printed, and what it said of errors."""
    monkeypatch.setattr(os, "environ", os.environ.copy())

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["memgen", *words])
        status: int | None = 0
        try:
            cli.main()
        except SystemExit as end:
            status = end.code
        return status or 0, *capsys.readouterr()

    return call


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference data beside the checkout."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip("reference data (a folder `shared` beside the checkout) are not part of a clone")
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[browser.Page]:
    """A page of a headless browser."""
    found = browser.found()
    if found is None:
        assert not os.environ.get("MEMGEN_NEEDS_BROWSER"), browser.MISSING
        pytest.skip(browser.MISSING)
    with browser.page(found) as page:
        yield page
