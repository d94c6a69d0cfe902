"""Files from the future are dated to the present, and nothing else about them or about others changes."""

import os
import time
from pathlib import Path

import pytest

from memgen.errors import BadInput
from memgen.recovery.clocks import to_the_present


@pytest.fixture
def times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Files of a study, some of which are from the future, and what each says."""
    monkeypatch.chdir(tmp_path)
    now = time.time()
    found = {
        "results/old.csv": now - 86400, "results/a/early.csv": now + 86400, "workflow/rule.smk": now + 86400,
        "figures/task.pdf": now - 5, ".finished/kept.parquet": now + 86400,
    }  # fmt: skip
    for name, when in found.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (when, when))
    Path("results/nowhere").symlink_to("missing")
    Path("results/round").symlink_to("round")
    return found


def test_what_is_from_the_future_is_dated_to_the_present(times):
    (line,) = to_the_present()
    assert line.startswith("results/a/early.csv and 1 more: from the future")
    for name, when in times.items():
        found = Path(name).stat().st_mtime
        changed = name in ("results/a/early.csv", "workflow/rule.smk")
        assert abs(found - (time.time() if changed else when)) < 60, name
        assert Path(name).read_text() == name
    assert to_the_present() == []


def test_a_dry_run_says_so_and_changes_nothing(times):
    assert len(to_the_present(dry=True)) == 1 == len(to_the_present(dry=True))
    assert all(abs(Path(name).stat().st_mtime - when) < 0.01 for name, when in times.items())


@pytest.mark.parametrize("error", [OSError(30, "Read-only"), FileNotFoundError()])
def test_a_time_that_cannot_be_set_is_one_line_unless_the_file_is_gone(times, monkeypatch, error):
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(os, "utime", refuse)
    if isinstance(error, FileNotFoundError):
        assert len(to_the_present()) == 1
        return
    with pytest.raises(BadInput, match=r"results/a/early.csv: is from the future, .* cannot be set"):
        to_the_present()
