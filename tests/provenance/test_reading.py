"""Records that anyone may have written: each is refused in one line, and none is misread."""

import os
from pathlib import Path
from typing import Any

import pytest

from memgen.errors import BadInput
from memgen.jobs.record import FORMAT, LARGEST
from memgen.provenance.reading import read_record
from recorded import TASK, forged


def refused(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read_record(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    return str(caught.value)


def test_what_is_no_record_is_refused(tmp_path):
    path, other = tmp_path / "job.json", f"by another version of the study, not {FORMAT}"
    for content in (
        b"[]",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"format": "memgen-record/3", "x": NaN}',
        b'{"format": "memgen-record/3", "x": ' + b"9" * 5000 + b"}",
        b'{"format": "memgen-record/3", "format": "memgen-record/2"}',
        b'{"format": "memgen-record/1", "recipe": {}}',
    ):
        path.write_bytes(content)
        said = refused(path)
        assert "is not a record of this study" in said or other in said


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "no such record" in refused(tmp_path / "none.json")
    for name in ("pipe", "."):
        assert "no regular file" in refused(tmp_path / name)
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(LARGEST + 1)
    assert "larger than 16 MB" in refused(tmp_path / "large")


def test_an_edit_is_seen(study):
    TASK.write_text(TASK.read_text().replace('"value":5', '"value":6'))
    assert "was edited: its digest is not that of its content" in refused(TASK)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: record.pop("outputs"), "the top level"),
        (lambda record: record["arguments"]["n"].update(role="secret"), "arguments.n.role"),
        (lambda record: record["arguments"].update({"--n": record["arguments"].pop("n")}), "'arguments'"),
        (lambda record: record["execution"].update(threads=True), "execution.threads"),
        (lambda record: record["stage"].update(name="a\x1b[2J"), "stage.name"),
        (lambda record: record["outputs"].update({"results/tasks/a.parquet": "0\n"}), "outputs"),
        (lambda record: record["arguments"]["n"].update(value=6), "contradicts itself"),
        (lambda record: record["arguments"]["out"].update(value={"a": 1}), "not a path inside the study"),
        (lambda record: record["outputs"].update({"more": "0" * 64}), "contradicts itself"),
    ],
)
def test_a_forged_record_is_refused(study, change, message):
    forged(TASK, change)
    assert message in refused(TASK)


@pytest.mark.parametrize("name", ["/etc/passwd", "results/../../x", "a//b", "", "a/", None])
def test_a_path_outside_the_study_is_refused(study, name):
    def change(record: dict[str, Any]) -> None:
        record["arguments"]["out"]["value"] = [name]
        record["outputs"] = {str(name): "0" * 64}

    forged(TASK, change)
    assert "which is not a path inside the study" in refused(TASK)
