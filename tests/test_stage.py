"""Atomic outputs, records, and changes during the work."""

import hashlib
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import rfc8785

from memgen.errors import BadInput
from memgen.provenance import record as provenance
from memgen.stage import Input, Inputs, Job, Output, OutputDirectory, recipe_urn, stage
from repository import ROOT

SEEN: list[str | None] = []


def join(*, parts: Inputs, sign: str = "-", extra: Input | None = None, out: Output) -> None:
    """Join files."""
    SEEN.append(recipe_urn())
    out.write_text(sign.join(path.read_text() for path in parts))
    if sign == "edit":
        parts[0].write_text("edited meanwhile")
    if sign == "fail":
        raise ArithmeticError("diverged")
    if sign == "nothing":
        out.unlink()


def unpack(*, out: OutputDirectory) -> None:
    """Write a folder."""
    (out / "a").write_text("1")
    (out / "b").mkdir()
    (out / "b/c").write_text("2")


# A record lists the sources of a first-party module; these functions stand in for stages of one.
for function in (join, unpack):
    function.__module__ = "memgen.tables"


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.chdir(tmp_path)
    for name in "xy":
        (tmp_path / name).write_text(name)
    return [Path("x"), Path("y")]


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if ".partial-" in path.name]


def test_record_says_what_went_in_and_came_out(parts: list[Path], tmp_path: Path) -> None:
    path = Path("results/provenance/jobs/demo_join/a=1,b=x.json")
    Job.bind(join, parts=parts, sign="+", out=Path("out/z.txt")).run(record=path, threads=1)
    content = json.loads(path.read_text())
    assert Path("out/z.txt").read_text() == "x+y"
    assert content["outputs"] == {"out/z.txt": hashlib.sha256(b"x+y").hexdigest()}
    assert content["recipe"]["inputs"] == {name: hashlib.sha256(name.encode()).hexdigest() for name in "xy"}
    assert content["recipe"]["parameters"] == {"sign": "+"}
    assert (content["recipe"]["rule"], content["recipe"]["wildcards"]) == ("demo_join", {"a": "1", "b": "x"})
    assert content["recipe_id"] == hashlib.sha256(rfc8785.dumps(content["recipe"])).hexdigest()
    assert SEEN[-1] == f"urn:memgen:recipe:sha256:{content['recipe_id']}"
    assert recipe_urn() is None
    digest = content.pop("digest")
    assert digest == hashlib.sha256(rfc8785.dumps(content)).hexdigest()
    assert not leftovers(tmp_path)


def test_record_differs_between_runs_only_in_its_execution(parts: list[Path]) -> None:
    contents = []
    path = Path("jobs/demo_join/job.json")
    for _ in range(2):
        Job.bind(join, parts=parts, out=Path("z.txt")).run(record=path, threads=len(contents))
        contents.append(json.loads(path.read_text()))
    first, second = ({k: v for k, v in c.items() if k not in ("execution", "digest")} for c in contents)
    assert first == second
    assert contents[0]["execution"] != contents[1]["execution"]


@pytest.mark.parametrize(
    ("sign", "error"), [("fail", ArithmeticError), ("edit", RuntimeError), ("nothing", RuntimeError)]
)
def test_failed_stage_leaves_the_old_output_and_nothing_half(
    parts: list[Path], tmp_path: Path, sign: str, error: type[Exception]
) -> None:
    Path("z.txt").write_text("old")
    with pytest.raises(error):
        Job.bind(join, parts=parts, sign=sign, out=Path("z.txt")).run(record=Path("jobs/demo_join/job.json"))
    assert Path("z.txt").read_text() == "old"
    assert not Path("jobs").exists()
    assert not leftovers(tmp_path)


def test_edited_input_is_named(parts: list[Path]) -> None:
    with pytest.raises(RuntimeError, match="input x changed while the stage ran"):
        Job.bind(join, parts=parts, sign="edit", out=Path("z.txt")).run(
            record=Path("jobs/demo_join/job.json")
        )


def test_missing_input_and_unwritable_output_are_refused(parts: list[Path]) -> None:
    with pytest.raises(BadInput, match="nowhere: no such file, given as --parts"):
        Job.bind(join, parts=[*parts, Path("nowhere")], out=Path("z.txt")).run()
    with pytest.raises(BadInput, match="cannot be written"):
        Job.bind(join, parts=parts, out=Path("x/inside/a/file.txt")).run()


def test_folder_appears_whole_and_replaces_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model").mkdir()
    Path("model/old").write_text("")
    stage(unpack)(out=Path("model"))
    assert sorted(path.as_posix() for path in Path("model").rglob("*")) == ["model/a", "model/b", "model/b/c"]
    assert provenance.file_digest(Path("model")) == provenance.digest_of(
        {"a": hashlib.sha256(b"1").hexdigest(), "b/c": hashlib.sha256(b"2").hexdigest()}
    )


def test_called_from_python_it_writes_no_record(parts: list[Path]) -> None:
    stage(join)(parts=parts, out=Path("z.txt"))
    assert Path("z.txt").read_text() == "x-y"
    assert SEEN[-1] is None


PROGRAM = """
import sys, time
from pathlib import Path
from memgen import __main__ as cli, stage
def slow(*, out: stage.Output) -> None:
    out.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
import signal
signal.signal(signal.SIGTERM, cli._interrupted)
stage.Job.bind(slow, out=Path(sys.argv[1])).run()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_killed_stage_leaves_no_output(tmp_path: Path, number: signal.Signals) -> None:
    target = tmp_path / "z.txt"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(target)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "writing\n"
    process.send_signal(number)
    process.wait()
    assert not target.exists()
    if number == signal.SIGTERM:
        assert not leftovers(tmp_path)
    else:
        assert len(leftovers(tmp_path)) == 1
        source = tmp_path / "x"
        source.write_text("x")
        stage(join)(parts=[source], out=target)
        assert not leftovers(tmp_path)


def test_packages_in_a_record_are_those_that_importlib_names() -> None:
    loaded = {name.split(".")[0] for name in sys.modules}
    owners = importlib.metadata.packages_distributions()
    names = {name for module in loaded for name in owners.get(module, ()) if name != "memgen"}
    expected = {name: importlib.metadata.version(name) for name in names}
    assert len(expected) > 5 and provenance._installed_packages() == expected
