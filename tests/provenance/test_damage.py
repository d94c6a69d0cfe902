"""What is not as its job wrote it is found before a run and set aside, whatever its size and time say."""

import json
import os
from pathlib import Path

import pytest

from memgen.provenance.run import read_run
from memgen.recovery.damage import ASIDE, damaged, set_aside
from recorded import FIGURE, FOLDER, SWEEP, TASK, make_folder


def files() -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def flip(path: Path) -> None:
    """Change one bit; size and time stay."""
    content, times = bytearray(path.read_bytes()), path.stat()
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_an_undamaged_study_is_left_alone(study):
    before = files()
    assert damaged(read_run()) == {} and set_aside() == [] and files() == before
    Path("results/ranks.parquet").unlink()  # what is missing Snakemake sees by itself
    assert set_aside() == []


@pytest.mark.parametrize("how", ["one bit", "cut short", "empty"])
def test_a_damaged_table_goes_with_all_that_its_job_wrote(study, how):
    path, before = Path("results/sweep.parquet"), files()
    flip(path) if how == "one bit" else os.truncate(path, 100 if how == "cut short" else 0)
    now = files()
    lines = set_aside(dry=True)
    assert files() == now, "a dry run moves nothing"
    assert lines == [f"{path}: is not what its job wrote; set aside in .damaged, to be rebuilt"]
    assert set_aside() == lines
    gone = {"results/sweep.parquet", "results/ranks.parquet", SWEEP.as_posix()}
    moved = {f"{ASIDE}/{name}": now[name] for name in gone}
    assert files() == {**{name: text for name, text in before.items() if name not in gone}, **moved}
    assert set_aside() == []


@pytest.mark.parametrize("how", ["cut short", "edited"])
def test_of_a_damaged_record_all_goes_that_no_other_names(study, how):
    if how == "edited":
        content = json.loads(TASK.read_text())
        content["execution"]["threads"] = 7
        TASK.write_text(json.dumps(content))
    else:
        TASK.write_bytes(TASK.read_bytes()[:-30])
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
    assert set_aside() == []


def test_a_damaged_folder_goes_whole(study):
    make_folder(Path("results/models/m"))
    assert set_aside() == []
    flip(Path("results/models/m/deep/weights"))
    assert len(set_aside()) == 1
    assert not Path("results/models").exists() and not FOLDER.exists()
    assert (ASIDE / "results/models/m/config").read_bytes() == b"5"
