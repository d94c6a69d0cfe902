"""Atomic outputs, records, and changes during the work."""

import contextlib
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from memgen.errors import BadInput
from memgen.jobs import layers
from memgen.jobs.digests import STUDY_MARK, digest_of, file_digest
from memgen.jobs.files import whole_file
from memgen.jobs.outputs import URN
from memgen.jobs.stage import Input, Inputs, Job, Output, OutputDirectory, recipe_urn, stage
from repository import ROOT

SEEN: list[str | None] = []
OUT, RECORD = Path("out/z.txt"), Path("results/provenance/jobs/demo_join/job.json")


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
    (out / "empty/one").mkdir(parents=True)


# A record lists the sources of a first-party module; these functions stand in for stages of one.
for function in (join, unpack):
    function.__module__ = "memgen.errors"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def parts() -> list[Path]:
    for name in "xy":
        Path(name).write_text(name)
    return [Path("x"), Path("y")]


def joined(parts: list[Path], sign: str = "-", record: Path = RECORD, threads: int = 1) -> dict[str, Any]:
    """Record of a job that joins some files."""
    Job.bind(join, parts=parts, sign=sign, out=OUT).run(record=record, threads=threads)
    return dict(json.loads(record.read_text()))


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if ".partial-" in path.name]


def test_record_says_what_went_in_and_came_out(parts, tmp_path):
    content = joined(parts, "+", RECORD.with_name("a=1,b=x.json"))
    assert OUT.read_text() == "x+y"
    assert content["outputs"] == {str(OUT): hashlib.sha256(b"x+y").hexdigest()}
    given = [{"path": name, "sha256": hashlib.sha256(name.encode()).hexdigest()} for name in "xy"]
    assert content["recipe"]["inputs"] == {"parts": given} and not leftovers(tmp_path)
    assert content["stage"] == {"name": "join", "module": "memgen.errors"}
    assert content["arguments"] == {
        "parts": {"role": "input", "value": ["x", "y"]},
        "sign": {"role": "parameter", "value": "+"},
        "extra": {"role": "input", "value": None},
        "out": {"role": "output", "value": str(OUT)},
    }
    assert content["recipe"]["parameters"] == {"sign": "+"}
    assert (content["recipe"]["rule"], content["recipe"]["wildcards"]) == ("demo_join", {"a": "1", "b": "x"})
    assert content["recipe_id"] == hashlib.sha256(rfc8785.dumps(content["recipe"])).hexdigest()
    assert SEEN[-1] == f"urn:memgen:recipe:sha256:{content['recipe_id']}"
    assert recipe_urn() is None
    digest = content.pop("digest")
    assert digest == hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def test_failed_stage_leaves_the_old_output_and_nothing_half(parts, tmp_path):
    joined(parts, "+")
    before = RECORD.read_bytes()
    for sign, error in (("fail", ArithmeticError), ("nothing", RuntimeError), ("edit", RuntimeError)):
        with pytest.raises(error):
            joined(parts, sign)
        assert OUT.read_text() == "x+y" and RECORD.read_bytes() == before and not leftovers(tmp_path)


def test_records_differ_only_in_their_execution_and_configuration(parts, monkeypatch):
    by_hand = joined(parts)
    Path("config.yaml").write_text("a: 1\n")
    monkeypatch.setenv(layers.VARIABLE, layers.described({"a": 1}, [Path("config.yaml")], {"b": [2]}))
    configured = joined(parts, threads=2)
    differ = {key for key in by_hand | configured if by_hand[key] != configured[key]}
    assert differ == {"configuration", "execution", "digest"} and by_hand["configuration"] is None
    assert configured["configuration"] == {
        "layers": [
            {"file": "config.yaml", "sha256": hashlib.sha256(b"a: 1\n").hexdigest()},
            {"file": "--config", "sha256": digest_of({"b": [2]})},
        ],
        "digest": digest_of({"a": 1}),
    }


def test_variable_that_describes_no_configuration(parts, monkeypatch):
    for text in ("{", "[]", "[" * 100_000, '{"layers": [], "digest": "0"}', '{"layers": 1}'):
        monkeypatch.setenv(layers.VARIABLE, text)
        with pytest.raises(BadInput, match="does not describe a configuration"):
            joined(parts)
    assert not OUT.exists()


def test_input_that_is_missing_or_no_file_is_refused(parts):
    os.mkfifo("pipe")
    for name, problem in (
        ("./x", "x: given twice as --parts; allowed: once"),
        ("nowhere", "nowhere: no such file, given as --parts"),
        ("pipe", "pipe: is not a regular file, given as --parts"),
    ):
        with pytest.raises(BadInput, match=problem):
            joined([*parts, Path(name)])


def everything(folder: Path) -> dict[str, str | None]:
    """Every path below a folder, with what the file holds."""
    return {
        path.relative_to(folder).as_posix(): path.read_text() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_output_that_would_destroy_something_is_refused_before_the_work(parts, tmp_path):
    Path("thesis").mkdir()
    for name in ("thesis/notes.txt", "mine.txt", "thesis.tex"):
        Path(name).write_text("mine")
    Path("to_x").symlink_to("x")
    before, done = everything(tmp_path), len(SEEN)
    for out, record, message in (
        ("thesis", None, "thesis: is a folder; a file is written there, given as --out"),
        ("..", None, "the folder that the study runs in, or one above it, given as --out"),
        ("/proc/x.csv", None, "/proc/x.csv: cannot be written"),
        ("x/inside/z", None, "cannot be written"),
        ("/dev/null", None, "/dev/null: is neither a file nor free"),
        ("thesis/../x", None, "x: given as --out, would take the place of an input, given as --parts"),
        ("to_x", None, "would take the place of an input"),
        ("mine.txt", None, "mine.txt: is there already, and not from this study; allowed for --out"),
        ("z", "thesis.tex", "thesis.tex: is there already, and not from this study"),
        ("z", "new.tex", "new.tex: given as --record; allowed: a name that ends in .json"),
        ("z", "z/job.json", "z/job.json: given as --record, and z as --out; each needs its own path"),
        ("z", "x", "x: given as --record, would take the place of an input"),
        ("new/folder/z", "thesis/notes.txt/job.json", "cannot be written"),
    ):
        with pytest.raises(BadInput) as refused:
            Job.bind(join, parts=parts, out=Path(out)).run(record=Path(record) if record else None)
        assert message in str(refused.value) and "\n" not in str(refused.value)
        assert len(SEEN) == done and everything(tmp_path) == before


def test_folder_appears_whole_and_replaces_the_old_one(tmp_path):
    Path("model").mkdir()
    for _ in range(2):
        stage(unpack)(out=Path("model"))
        found = sorted(path.as_posix() for path in Path("model").rglob("*"))
        assert found == [f"model/{name}" for name in (STUDY_MARK, "a", "b", "b/c", "empty", "empty/one")]
        Path("model/.snakemake_timestamp").write_text("")
        assert file_digest(Path("model")) == digest_of(
            {"a": hashlib.sha256(b"1").hexdigest(), "b/c": hashlib.sha256(b"2").hexdigest()}
        )
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("made_before", [True, False])
def test_folder_with_something_of_the_users_is_kept(tmp_path, made_before):
    if made_before:
        stage(unpack)(out=Path("model"))
    for name in ("c/d/e", "thesis.txt"):
        Path("model", name).parent.mkdir(parents=True, exist_ok=True)
        Path("model", name).write_text("mine")
        before = everything(tmp_path)
        with pytest.raises(BadInput, match="did not write; allowed for --out: a new or empty"):
            stage(unpack)(out=Path("model"))
        assert everything(tmp_path) == before
        Path("model", name).unlink()


def test_folder_is_known_by_its_record():
    job = Job.bind(unpack, out=Path("model"))
    for _ in range(2):
        job.run(record=RECORD)
        (Path("model") / STUDY_MARK).unlink()
    Path("model/a").write_text("edited")
    for text in (RECORD.read_text(), "{", "[]", "[" * 100_000, '{"outputs": {"a": []}}'):
        RECORD.write_text(text)
        with pytest.raises(BadInput, match="model: holds 'a', which this study did not write"):
            job.run(record=RECORD)


def test_a_file_takes_the_place_of_one_of_its_kind(tmp_path):
    def write(*, out: Output) -> None:
        out.write_text("a,b\n1,2\n")

    for name, old, gives_way in (
        ("z.csv", b"", True),
        ("z.csv", b"a,b\n3,4\n", True),
        ("z.csv", b"a,c\n3,4\n", False),
        ("z.pdf", b"%PDF /Title (z)", True),
        ("z.pdf", b"%PDF /Title (z) /Producer (pdfTeX)", False),
        ("z.png", b"tEXtTitle\0z", True),
        ("z.png", b"tEXtTitle\0holidays", False),
        ("z.html", URN, True),
        ("z.json", b'{"format": "memgen-seal/2"}', True),
        ("z.json", b"[1]", False),
    ):
        Path(name).write_bytes(old)
        refusal = pytest.raises(BadInput, match="is there already, and not from this study")
        with contextlib.nullcontext() if gives_way else refusal:
            stage(write)(out=Path(name))
        assert (Path(name).read_bytes() == old) != gives_way and not leftovers(tmp_path)


def test_links_files_and_inputs_are_not_replaced_by_a_folder_and_links_to_nothing_give_way(parts):
    def rewrite(*, source: Input, out: OutputDirectory) -> None:
        raise AssertionError("must not run")

    Path("empty").mkdir()
    Path("link").symlink_to("empty")
    Path("loop").symlink_to("loop")
    for name in ("link", "x"):
        with pytest.raises(BadInput, match=f"{name}: is a link or a file"):
            stage(unpack)(out=Path(name))
    assert Path("link").is_symlink() and Path("x").read_text() == "x"
    stage(unpack)(out=Path("model"))
    with pytest.raises(BadInput, match="would take the place of an input, given as --source"):
        stage(rewrite)(source=Path("model/a"), out=Path("model"))
    stage(join)(parts=parts, out=Path("loop"))
    assert Path("loop").read_text() == "x-y"


def test_kill_while_publishing_leaves_no_record_that_lies(parts, monkeypatch):
    joined(parts)
    rename = Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        if target == RECORD:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        joined(parts, "+")
    assert OUT.read_text() == "x+y" and not RECORD.exists()


PROGRAM = """
import sys, time
from pathlib import Path
from memgen.jobs import stage
def slow(*, out: stage.Output) -> None:
    out.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
import signal
signal.signal(signal.SIGTERM, stage.interrupted)
stage.Job.bind(slow, out=Path(sys.argv[1])).run()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_killed_stage_leaves_no_output(tmp_path, number):
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
    assert len(leftovers(tmp_path)) == (number == signal.SIGKILL)
    stage(join)(parts=[Path(__file__)], out=target)
    assert not leftovers(tmp_path)


def test_a_whole_file_takes_the_place_of_the_one_before_unless_the_disk_is_full(tmp_path):
    path = tmp_path / "lock"
    message = r"lock: cannot be written \(No space left on device\)$"
    with whole_file(path) as beside:
        beside.write_text("before")
        assert not path.exists()
    with pytest.raises(BadInput, match=message), whole_file(path) as beside:
        beside.write_text("aft")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert path.read_text() == "before" and [*tmp_path.iterdir()] == [path]

    with pytest.raises(BadInput, match="cannot be written"), whole_file(path / "below") as beside:
        beside.write_text("x")
