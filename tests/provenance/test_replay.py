"""Jobs run again from their records, or with their commit: equal outputs, and all that must stop it."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.provenance.judging import known_tables
from memgen.provenance.rerun import fitted, stage_of
from memgen.relational.tables import SWEEP as MARGINS
from memgen.tables.schema import Table, trained
from recorded import JOBS, SWEEP, TASK, answered, forged, provenance, refused, stage, whiten


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder for temporary files, empty at first, and an environment that a command may change."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    for name, value in os.environ.items():
        monkeypatch.setenv(name, value)
    return folder


def test_replayed_job_writes_the_same_bytes(study, temporary, tmp_path, capfd):
    Path("results/sweep.parquet").unlink()  # the record alone must do
    status, lines = answered(capfd, "replay", SWEEP)
    assert status == 0 and lines[0].startswith("code       as recorded (")
    assert lines[1:] == ["identical  results/ranks.parquet", "identical  results/sweep.parquet"]
    assert not list(temporary.iterdir()) and not Path("results/sweep.parquet").exists()
    assert provenance("replay", TASK, "--out", tmp_path / "again") == 0
    again, before = (folder / "results/tasks/a.parquet" for folder in (tmp_path / "again", study))
    assert again.read_bytes() == before.read_bytes()
    assert "holds something; allowed for --out" in refused("replay", TASK, "--out", tmp_path / "again")


def test_output_that_differs_is_named_and_kept(study, temporary, capfd):
    def change(record: dict[str, Any]) -> None:
        record["outputs"] = dict.fromkeys(record["outputs"], "0" * 64)
        record["code"]["workflow/memgen/relational/gone.py"] = record["code_digest"] = "0" * 64

    forged(TASK, change)
    status, (code, output, where) = answered(capfd, "replay", TASK)
    (folder,) = temporary.iterdir()
    assert status == 1 and (folder / "results/tasks/a.parquet").is_file()
    assert code.startswith("code       differs from the record: ") and "relational/gone.py" in code
    assert output.startswith("different  results/tasks/a.parquet: sha256 ")
    assert where == f"outputs are in {folder}"


def test_an_input_that_is_another_or_outside_the_study_is_refused(study):
    path = Path("results/tasks/a.parquet")
    shutil.copy(path, study.parent)
    path.write_bytes(b" ")
    assert "the input that the record names" in refused("replay", SWEEP)
    path.unlink()
    assert "no such input here; run this in the folder of the study" in refused("replay", SWEEP)
    path.symlink_to(study.parent / path.name)
    assert "an input outside the study" in refused("replay", SWEEP)

    def change(record: dict[str, Any]) -> None:
        record["arguments"]["tasks"]["value"] = ["external/a.parquet"]
        record["recipe"]["inputs"]["tasks"][0]["path"] = "external/a.parquet"

    forged(SWEEP, change)
    assert "external/a.parquet: an input outside the study (external/)" in refused("replay", SWEEP)


@pytest.mark.parametrize("name", ["relational nothing", "../relational task", ""])
def test_an_unknown_stage_is_refused(study, name):
    forged(TASK, lambda record: (record["stage"].update(name=name), record["recipe"].update(stage=name)))
    assert f"the record names the stage {name!r}, which this study does not have" in refused("replay", TASK)
    assert stage_of("relational task").function == "task"


def arguments(**changed: Any) -> dict[str, Any]:
    """Arguments of a sweep as a record holds them."""
    return {
        "tasks": {"role": "input", "value": ["a"]},
        "conjunctivity": {"role": "parameter", "value": [0, 0.5]},
        "ridge": {"role": "parameter", "value": [1]},
        "out": {"role": "output", "value": "b/c"},
        "ranks": {"role": "output", "value": "d"},
    } | changed


def test_arguments_take_the_types_of_the_stage(tmp_path):
    values = fitted(stage("relational", "sweep"), arguments(), tmp_path)
    given = {"tasks": [Path("a")], "conjunctivity": [0.0, 0.5], "ridge": [1.0]}
    assert values == given | {"out": tmp_path / "b/c", "ranks": tmp_path / "d"}
    assert all(type(value) is float for value in (*values["conjunctivity"], *values["ridge"]))

    def finetunes(*, finished: Path) -> None:
        """It keeps finished groups beside the study: a replay neither takes nor leaves any there."""

    kept = {"finished": {"role": "parameter", "value": "results/finished"}}
    assert fitted(finetunes, kept, tmp_path) == {"finished": tmp_path / "results/finished"}


def test_arguments_that_do_not_fit_are_refused(tmp_path):
    sweep, missing = stage("relational", "sweep"), arguments()
    for name, role, value, message in (
        ("more", "parameter", 1, "--more: the stage has no such argument"),
        ("out", "parameter", "x", "--out: the record has it as parameter, the stage as output"),
        ("ridge", "parameter", [True], "--ridge: the record's value"),
        ("out", "output", "../x", "--out: the record's value does not fit"),
    ):
        with pytest.raises(BadInput, match=message):
            fitted(sweep, arguments(**{name: {"role": role, "value": value}}), tmp_path)
    del missing["ridge"]
    with pytest.raises(BadInput, match="--ridge: the record does not give this argument"):
        fitted(sweep, missing, tmp_path)


#: As if the sweep were that of trained models: any margin will do.
LOOSE = trained(["hierarchy"], {})
DRAWN = JOBS / "figures_rank_profiles/job.json"
SWEPT, FIGURE = Path("results/relational/sweep.parquet"), Path("figures/rank_profiles.png")


def worktrees() -> int:
    answer = subprocess.run(["git", "worktree", "list"], capture_output=True, text=True, check=True)
    return len(answer.stdout.splitlines())


def test_a_whole_chain_is_identical(real_run, tmp_path, capfd):
    out = tmp_path / "again"
    status, lines = answered(capfd, "reproduce", "figures/task.pdf", "--out", str(out))
    commit = json.loads(DRAWN.read_text())["execution"]["commit"]
    assert status == 0 and lines[0] == f"commit {commit}: 5 of 5 jobs run again"
    judged = [line for line in lines[1:] if not line.startswith("ran ")]
    assert len(judged) == 6 and {line.split()[0] for line in judged} == {"identical"}
    assert (out / "figures/task.pdf").read_bytes() == Path("figures/task.pdf").read_bytes()
    assert worktrees() == 1


def test_the_last_job_alone_uses_the_present_tables_and_the_commits_sources(real_run, capfd):
    """Sources edited since do not matter; an edited figure is found."""
    Path("workflow/memgen/figures/relational/profiles.py").write_text("broken(")
    whiten(FIGURE)
    status, lines = answered(capfd, "reproduce", "rank_profiles", "--depth", "1")
    assert status == 1 and lines[0].endswith(": 1 of 6 jobs run again")
    assert "identical   figures/rank_profiles.pdf" in lines
    assert lines[-1].startswith("different   figures/rank_profiles.png: other pixels between ")


@pytest.mark.parametrize(("held", "verdict"), [(MARGINS.tolerance, "different"), (LOOSE, "consistent")])
def test_a_figure_of_consistent_tables_is_consistent(real_run, capfd, monkeypatch, held, verdict):
    """The recorded run is that of another machine: other margins, and so another picture."""
    MARGINS.write(MARGINS.read(SWEPT).with_columns(pl.col("margin") * 1.01), SWEPT)
    whiten(FIGURE)
    monkeypatch.setitem(known_tables(), tuple(MARGINS.columns), Table(MARGINS.name, MARGINS.columns, held))
    status, lines = answered(capfd, "reproduce", "rank_profiles")
    judged = {line.split()[1].rstrip(":"): line.split()[0] for line in lines[1:]}
    assert judged[str(SWEPT)] == judged[str(FIGURE)] == verdict
    assert status == (verdict == "different")


def test_what_cannot_be_made_again_is_refused(real_run):
    assert "allowed: a whole number of at least 1" in refused("reproduce", "task", "--depth", "0")
    assert "allowed for --out: a new folder" in refused("reproduce", "task", "--out", "figures")
    SWEPT.write_bytes(SWEPT.read_bytes() + b" ")
    assert f"{SWEPT}: is not what {DRAWN} read" in refused("reproduce", "rank_profiles", "--depth", "1")
    forged(DRAWN, lambda record: record["code"].update({"workflow/memgen/errors.py": "0" * 64}))
    assert "the commit's is not the source that ran" in refused("reproduce", "rank_profiles")
    forged(DRAWN, lambda record: record["execution"].update(commit="0" * 40))
    assert "git worktree add: fatal: " in refused("reproduce", "rank_profiles")
    forged(DRAWN, lambda record: record["execution"].update(commit="--help"))
    assert "'--help' is not a commit" in refused("reproduce", "rank_profiles")
    assert worktrees() == 1
