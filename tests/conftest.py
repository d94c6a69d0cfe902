"""What the tests share: a copy of the repository, a browser, and the reference data where there are any."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import browser
from repository import ROOT, copy_repository


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the study first where workers share the tests; leave long tests out unless FULL asks for them."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("workflow") is None)
    long = [item for item in items if item.get_closest_marker("full") and not os.environ.get("FULL")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


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


@pytest.fixture(scope="module")
def chromium() -> Iterator[browser.Page]:
    """A page of a headless browser."""
    found = browser.found()
    if found is None:
        assert not os.environ.get("MEMGEN_NEEDS_BROWSER"), browser.MISSING
        pytest.skip(browser.MISSING)
    with browser.page(found) as page:
        yield page
