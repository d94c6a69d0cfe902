"""Before a run: what is not as its job wrote it is set aside, and files from the future are dated to now."""

import functools
import os
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from memgen.errors import BadInput
from memgen.recovery.clocks import to_the_present
from memgen.recovery.damage import ASIDE, set_aside
from recorded import FIGURE, FOLDER, SWEEP, TASK, make_folder


def files() -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def flip(path: Path) -> None:
    """Change one bit; size and time stay."""
    content, times = bytearray(path.read_bytes()), path.stat()
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("damage", [flip, functools.partial(os.truncate, length=0)])
def test_a_damaged_table_goes_with_all_that_its_job_wrote(study, damage):
    path, before = Path("results/sweep.parquet"), files()
    assert set_aside() == [] and files() == before, "an undamaged study is left alone"
    damage(path)
    now = files()
    lines = set_aside(dry=True)
    assert files() == now, "a dry run moves nothing"
    assert lines == [f"{path}: is not what its job wrote; set aside in .damaged, to be rebuilt"]
    assert set_aside() == lines
    gone = {"results/sweep.parquet", "results/ranks.parquet", SWEEP.as_posix()}
    moved = {f"{ASIDE}/{name}": now[name] for name in gone}
    assert files() == {**{name: text for name, text in before.items() if name not in gone}, **moved}
    assert set_aside() == []


@pytest.mark.parametrize("damage", [flip, functools.partial(os.truncate, length=100)])
def test_of_a_damaged_record_all_goes_that_no_other_names(study, damage):
    damage(TASK)
    lines = set_aside()
    assert [line.split(":")[0] for line in lines[:2]] == [TASK.as_posix(), "results/tasks/a.parquet"]
    assert lines[2:] == ["2 jobs depend on that; what they wrote is set aside in .damaged, to be rebuilt"]
    assert not Path("results/tasks").exists() and not SWEEP.exists() and not FIGURE.exists()
    assert (ASIDE / "results/tasks/a.parquet").exists() and (ASIDE / "figures/task.png").exists()


def test_what_stands_on_a_damaged_table_goes_with_it(study):
    """Snakemake makes no file again while what was made from it is there."""
    flip(Path("results/tasks/a.parquet"))
    assert len(set_aside()) == 2
    assert [path for path in Path().rglob("*") if path.is_file() and ASIDE not in path.parents] == []


def test_a_damaged_folder_goes_whole(study):
    make_folder(Path("results/models/m"))
    Path("results/ranks.parquet").unlink()  # what is missing Snakemake sees by itself
    flip(Path("results/models/m/deep/weights"))
    assert len(set_aside()) == 1
    assert not Path("results/models").exists() and not FOLDER.exists()
    assert (ASIDE / "results/models/m/config").read_bytes() == b"5"


@pytest.fixture
def times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Files of a study, some of which are from the future, and what each says."""
    monkeypatch.chdir(tmp_path)
    old, new = time.time() - 5, time.time() + 86400
    found = {"results/old.csv": old, "results/a/early.csv": new, "workflow/a.smk": new, ".finished/a": new}
    for name, when in found.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (when, when))
    Path("results/nowhere").symlink_to("missing")
    Path("results/round").symlink_to("round")
    return found


def test_what_is_from_the_future_is_dated_to_the_present(times):
    assert len(to_the_present(dry=True)) == 1
    assert all(abs(Path(name).stat().st_mtime - when) < 0.01 for name, when in times.items())
    (line,) = to_the_present()
    assert line.startswith("results/a/early.csv and 1 more: from the future")
    for name, when in times.items():
        found = Path(name).stat().st_mtime
        changed = name in ("results/a/early.csv", "workflow/a.smk")
        assert abs(found - (time.time() if changed else when)) < 60, name
        assert Path(name).read_text() == name
    assert to_the_present() == []


def test_a_time_that_cannot_be_set_is_one_line_unless_the_file_is_gone(times, monkeypatch):
    monkeypatch.setattr(os, "utime", Mock(side_effect=FileNotFoundError()))
    assert len(to_the_present()) == 1
    monkeypatch.setattr(os, "utime", Mock(side_effect=OSError(30, "Read-only")))
    with pytest.raises(BadInput, match=r"results/a/early.csv: is from the future, .* cannot be set"):
        to_the_present()
