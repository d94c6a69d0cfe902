"""Jobs run again from their records: equal outputs, and everything that must stop it."""

import inspect
import os
from pathlib import Path
from typing import Any

import pytest

from memgen.errors import BadInput
from memgen.provenance.rerun import fitted, stage_of
from recorded import SWEEP, TASK, forged, provenance, refused, stage


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
    assert provenance("replay", SWEEP) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith("code       as recorded (")
    assert lines[1:] == ["identical  results/ranks.parquet", "identical  results/sweep.parquet"]
    assert not list(temporary.iterdir()) and not Path("results/sweep.parquet").exists()
    assert provenance("replay", TASK, "--out", tmp_path / "again") == 0
    again, before = (folder / "results/tasks/a.parquet" for folder in (tmp_path / "again", study))
    assert again.read_bytes() == before.read_bytes()
    assert "holds something; allowed for --out: a new or empty folder" in refused(
        "replay", TASK, "--out", tmp_path / "again"
    )


def test_output_that_differs_is_named_and_kept(study, temporary, capfd):
    def change(record: dict[str, Any]) -> None:
        record["outputs"] = dict.fromkeys(record["outputs"], "0" * 64)
        record["code"]["workflow/memgen/relational/gone.py"] = record["code_digest"] = "0" * 64

    forged(TASK, change)
    assert provenance("replay", TASK) == 1
    printed = capfd.readouterr().out
    assert "code       differs from the record: " in printed and "relational/gone.py" in printed
    assert "different  results/tasks/a.parquet: sha256 " in printed
    (folder,) = temporary.iterdir()
    assert f"outputs are in {folder}" in printed and (folder / "results/tasks/a.parquet").is_file()


def test_tampered_input_is_refused(study):
    path = Path("results/tasks/a.parquet")
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    assert "the input that the record names" in refused("replay", SWEEP)
    path.unlink()
    assert "no such input here; run this in the folder of the study" in refused("replay", SWEEP)
    outside = study.parent / "outside.parquet"
    outside.write_bytes(content)
    path.symlink_to(outside)
    assert "an input outside the study" in refused("replay", SWEEP)


def test_an_input_outside_the_study_cannot_be_replayed(study):
    def change(record: dict[str, Any]) -> None:
        record["arguments"]["tasks"]["value"] = ["external/a.parquet"]
        record["recipe"]["inputs"]["tasks"][0]["path"] = "external/a.parquet"

    forged(SWEEP, change)
    assert "external/a.parquet: an input outside the study (external/); its job cannot" in refused(
        "replay", SWEEP
    )


@pytest.mark.parametrize("name", ["relational nothing", "study", "../relational task", "os system", ""])
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


@pytest.mark.parametrize(
    ("name", "role", "value", "message"),
    [
        ("more", "parameter", 1, "--more: the stage has no such argument"),
        ("out", "parameter", "x", "--out: the record has it as parameter, the stage as output"),
        ("tasks", "output", ["x"], "--tasks: the record has it as output, the stage as input"),
        *(("ridge", "parameter", value, "--ridge: the record's value") for value in (1, [True], [None])),
        *(("out", "output", value, "--out: the record's value does not fit") for value in ("../x", None)),
    ],
)
def test_arguments_that_do_not_fit_are_refused(tmp_path, name, role, value, message):
    sweep, missing = stage("relational", "sweep"), arguments()
    with pytest.raises(BadInput, match=message):
        fitted(sweep, arguments(**{name: {"role": role, "value": value}}), tmp_path)
    del missing["ridge"]
    with pytest.raises(BadInput, match="--ridge: the record does not give this argument"):
        fitted(sweep, missing, tmp_path)


def test_a_path_that_is_a_parameter_is_written_elsewhere_too(tmp_path):
    """Finished groups of a job lie beside the study: a replay neither takes nor leaves any there."""
    hints = inspect.signature(stage("language", "finetune")).parameters
    assert hints["finished"].annotation is Path

    def finetunes(*, finished: Path) -> None: ...

    given = {"finished": {"role": "parameter", "value": "results/finished"}}
    assert fitted(finetunes, given, tmp_path) == {"finished": tmp_path / "results/finished"}
