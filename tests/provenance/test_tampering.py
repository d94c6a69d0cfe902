"""What anyone may do to a finished run, and the name under which `verify` finds it."""

import functools
import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from memgen.__main__ import run
from memgen.commands.tidy import tidy
from memgen.errors import BadInput
from memgen.jobs.digests import bytes_digest, file_digest
from memgen.jobs.stage import Job, OutputDirectory
from memgen.provenance.findings import KINDS, within
from memgen.provenance.lock_file import LOCK
from memgen.provenance.record import urn
from memgen.provenance.run import JOBS, read_run
from memgen.provenance.sealing import SEAL, as_text, read_seal, sealed, write_seal
from memgen.provenance.verification import Verification
from memgen.recovery.damage import ASIDE
from memgen.relational.stages.sweep import sweep
from recorded import forged
from run_by_snakemake import LEAF

FIGURE = Path("figures/rank_profiles.png")
TABLE = Path("results/relational/sweep.parquet")
DRAWN = JOBS / "figures_rank_profiles/job.json"
SWEPT = JOBS / "relational_sweep/job.json"
TASK = JOBS / "relational_task/hierarchy=ti_n9.json"
GIVEN = JOBS / "relational_critical_table/tasks=given.json"


def found() -> set[tuple[str, str]]:
    """Name and file of everything that verification finds."""
    findings = within(Verification(read_run()).findings, "lock")
    assert all("\n" not in str(finding) for finding in findings)
    return {(finding.kind, finding.where) for finding in findings}


def append(path: Path, text: bytes = b" ") -> None:
    """Edit a file and leave its time as it was."""
    before = path.stat()
    path.write_bytes(path.read_bytes() + text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def rehash() -> None:
    """Edit a figure, and its record to match."""
    append(FIGURE)
    forged(DRAWN, lambda record: record["outputs"].update({str(FIGURE): file_digest(FIGURE)}))


def again(*command: str) -> None:
    """Seal, lock or verify the run as it is now."""
    with pytest.raises(SystemExit) as ended:
        run(["provenance", *command])
    assert not ended.value.code


def resealed(**parts: object) -> None:
    """The seal with other parts, by someone who knows how to take its root again."""
    content = {**json.loads(SEAL.read_text()), **parts}
    content["root"] = bytes_digest(as_text({key: part for key, part in content.items() if key != "root"}))
    SEAL.write_bytes(as_text(content))


def forget() -> None:
    """Remove a job, what it wrote, and the seal's line about it."""
    GIVEN.unlink()
    Path("results/given.csv").unlink()
    records = json.loads(SEAL.read_text())["records"]
    resealed(records={name: digest for name, digest in records.items() if name != str(GIVEN)})


def write(name: str, text: str = "") -> Callable[[], object]:
    return lambda: (Path(name).parent.mkdir(exist_ok=True), Path(name).write_text(text))


def change_id() -> None:
    path = FIGURE.with_suffix(".pdf")
    text = path.read_bytes()
    path.write_bytes(re.sub(rb"sha256:[0-9a-f]{64}", b"sha256:" + b"0" * 64, text))
    assert path.read_bytes() != text


def link(target: Path) -> None:
    target.write_bytes(FIGURE.read_bytes())
    FIGURE.unlink()
    FIGURE.symlink_to(target.resolve())


def claim_twice() -> None:
    forged(
        SWEPT,
        lambda record: record["recipe"].update(wildcards={"again": "1"}),
        SWEPT.with_name("again=1.json"),
    )


def circle() -> None:
    """A task that says it was made from what was made from it."""
    digest = file_digest(TABLE)

    def change(record: dict) -> None:
        record["arguments"]["extra"] = {"role": "input", "value": str(TABLE)}
        record["recipe"]["inputs"]["extra"] = [{"path": str(TABLE), "sha256": digest}]

    forged(TASK, change)


def leave(name: str) -> Callable[[], object]:
    def change(record: dict) -> None:
        record["arguments"]["out"]["value"] = name
        record["outputs"] = {name: "0" * 64}

    return lambda: forged(TASK, change)


def hostile(text: bytes) -> Callable[[], object]:
    return lambda: DRAWN.write_bytes(text)


def large() -> None:
    with DRAWN.open("r+b") as stream:
        stream.truncate(100 * 2**20)


def drop(path: Path) -> Callable[[], object]:
    return lambda: path.unlink()


FIGURES = {
    ("RECORD-MISSING", str(DRAWN)),
    *(("UNTRACKED-FIGURE", f"figures/rank_profiles.{end}") for end in ("pdf", "png")),
}
INVALID = {("RECORD-INVALID", str(DRAWN)), *(pair for pair in FIGURES if pair[0] == "UNTRACKED-FIGURE")}
TAMPERINGS: dict[str, tuple[Callable[[], object], set[tuple[str, str]]]] = {
    "figure edited": (lambda: append(FIGURE), {("OUTPUT-MODIFIED", str(FIGURE))}),
    "figure swapped": (
        lambda: shutil.copy("figures/task.png", FIGURE),
        {("OUTPUT-MODIFIED", str(FIGURE)), ("FIGURE-ID-CHANGED", str(FIGURE))},
    ),
    "id inside a figure changed": (
        change_id,
        {(kind, "figures/rank_profiles.pdf") for kind in ("OUTPUT-MODIFIED", "FIGURE-ID-CHANGED")},
    ),
    "figure edited, record hashed again": (rehash, {("LOCK-MISMATCH", str(DRAWN))}),
    "record edited": (
        lambda: DRAWN.write_text(DRAWN.read_text().replace('"threads":1', '"threads":2')),
        {("RECORD-EDITED", str(DRAWN)), *INVALID} - {("RECORD-INVALID", str(DRAWN))},
    ),
    "record written with blanks": (
        lambda: DRAWN.write_text(json.dumps(json.loads(DRAWN.read_text()))),
        {("RECORD-EDITED", str(DRAWN)), *INVALID} - {("RECORD-INVALID", str(DRAWN))},
    ),
    "intermediate edited, its time kept": (
        lambda: append(TABLE),
        {("OUTPUT-MODIFIED", str(TABLE)), ("STALE-INPUT", str(TABLE))},
    ),
    "intermediate gone": (
        drop(TABLE),
        {("OUTPUT-MISSING", str(TABLE)), ("STALE-INPUT", str(TABLE))},
    ),
    "script edited": (
        lambda: append(Path("workflow/memgen/figures/relational/rank_profiles.py"), b"\nprint()\n"),
        {("CODE-CHANGED", "workflow/memgen/figures/relational/rank_profiles.py")},
    ),
    "imported module edited": (
        lambda: append(Path("workflow/memgen/relational/ranks.py"), b"\nprint()\n"),
        {("CODE-CHANGED", "workflow/memgen/relational/ranks.py")},
    ),
    "comment and unused function added": (
        lambda: append(Path("workflow/memgen/relational/ranks.py"), b"# words\ndef unused(): ...\n"),
        set(),
    ),
    "imported module gone": (
        drop(Path("workflow/memgen/relational/ranks.py")),
        {("CODE-CHANGED", "workflow/memgen/relational/ranks.py")},
    ),
    "leaf edited": (lambda: append(LEAF), {("LEAF-MODIFIED", str(LEAF))}),
    "leaf gone": (drop(LEAF), {("LEAF-MISSING", str(LEAF))}),
    "record deleted": (drop(DRAWN), FIGURES),
    "record of an intermediate deleted": (
        drop(SWEPT),
        {
            ("RECORD-MISSING", str(SWEPT)),
            *(
                (kind, f"results/relational/{name}.parquet")
                for kind in ("RECORD-MISSING", "UNTRACKED-OUTPUT")
                for name in ("sweep", "ranks")
            ),
        },
    ),
    "hand-made figure added": (
        lambda: Path("figures/mine.png").write_bytes(b"mine"),
        {("UNTRACKED-FIGURE", "figures/mine.png")},
    ),
    "table added": (
        lambda: Path("results/relational/mine.csv").write_text("a\n1\n"),
        {("UNTRACKED-OUTPUT", "results/relational/mine.csv")},
    ),
    "record of another run in its place": (
        lambda: forged(DRAWN, lambda record: record["execution"].update(host="elsewhere")),
        {("LOCK-MISMATCH", str(DRAWN))},
    ),
    "record of another run added": (
        lambda: forged(
            TASK,
            lambda record: (
                record["arguments"]["out"].update(value="results/relational/tasks/other.parquet"),
                record.update(outputs={"results/relational/tasks/other.parquet": "0" * 64}),
                record["recipe"].update(wildcards={"hierarchy": "other"}),
            ),
            TASK.with_name("hierarchy=other.json"),
        ),
        {
            ("RECORD-NOT-SEALED", str(TASK.with_name("hierarchy=other.json"))),
            ("OUTPUT-MISSING", "results/relational/tasks/other.parquet"),
        },
    ),
    "record under another name": (
        lambda: shutil.copy(TASK, TASK.with_name("hierarchy=other.json")),
        {
            ("RECORD-MISPLACED", str(TASK.with_name("hierarchy=other.json"))),
            ("RECORD-NOT-SEALED", str(TASK.with_name("hierarchy=other.json"))),
            ("DUPLICATE-OUTPUT", "results/relational/tasks/ti_n9.parquet"),
        },
    ),
    "output a link within the study": (
        lambda: link(Path("workflow/copy.png")),
        {("OUTPUT-LINKED", str(FIGURE))},
    ),
    "output a link out of the study": (
        lambda: link(Path("../copy.png")),
        {("PATH-OUTSIDE", str(FIGURE))},
    ),
    "record a link": (
        lambda: (DRAWN.rename("../job.json"), DRAWN.symlink_to(Path("../job.json").resolve())),
        INVALID,
    ),
    **{
        f"record names {name}": (
            leave(name),
            {("PATH-OUTSIDE", str(TASK))}
            | {
                (kind, "results/relational/tasks/ti_n9.parquet")
                for kind in ("RECORD-MISSING", "UNTRACKED-OUTPUT")
            },
        )
        for name in ("../../etc/passwd", "/etc/passwd")
    },
    "record of 100 MB": (large, INVALID),
    "record nested deeply": (hostile(b"[" * 200_000), INVALID),
    "record with NaN": (hostile(b'{"format": "memgen-record/3", "x": NaN}'), INVALID),
    "record with a key twice": (hostile(b'{"format": "memgen-record/3", "format": 1}'), INVALID),
    "record empty": (hostile(b""), INVALID),
    "record no text": (hostile(b"\xff\xfe\x00"), INVALID),
    "two records claim one output": (
        claim_twice,
        {
            ("RECORD-NOT-SEALED", str(SWEPT.with_name("again=1.json"))),
            *(("DUPLICATE-OUTPUT", f"results/relational/{name}.parquet") for name in ("sweep", "ranks")),
        },
    ),
    "lock edited": (
        lambda: append(LOCK, b"\n"),
        {("LOCK-EDITED", str(LOCK)), ("LOCK-NOT-COMMITTED", str(LOCK))},
    ),
    "lock hostile": (
        lambda: LOCK.write_bytes(b'{"a":' * 200_000),
        {("LOCK-EDITED", str(LOCK)), ("LOCK-NOT-COMMITTED", str(LOCK))},
    ),
    "lock gone": (drop(LOCK), {("LOCK-NOT-COMMITTED", str(LOCK))}),
    "figure edited, record hashed, run sealed and locked again": (
        lambda: (rehash(), again("seal"), again("lock")),
        {("LOCK-NOT-COMMITTED", str(LOCK))},
    ),
    "measured time edited": (
        lambda: append(Path("results/benchmarks/figures_task/job.tsv")),
        {("BENCHMARK-MODIFIED", "results/benchmarks/figures_task/job.tsv")},
    ),
    "measured time added": (
        write("results/benchmarks/figures_task/mine.tsv"),
        {("UNTRACKED-OUTPUT", "results/benchmarks/figures_task/mine.tsv")},
    ),
    **{
        f"file named {name}": (write(name, "secret"), {("UNTRACKED-" + kind, name)})
        for name, kind in (
            ("results/relational/.memgen_files", "OUTPUT"),
            ("results/.snakemake_timestamp", "OUTPUT"),
            ("results/benchmarks/.memgen_files", "OUTPUT"),
            ("results/provenance/jobs/.memgen_files", "OUTPUT"),
            ("results/bench/speed.csv", "OUTPUT"),
            ("figures/.snakemake_timestamp", "FIGURE"),
        )
    },
    "pipe in a figure's place": (
        lambda: (FIGURE.unlink(), os.mkfifo(FIGURE)),
        {("OUTPUT-MISSING", str(FIGURE))},
    ),
    **{
        f"{name} edited": (lambda path=Path(name): append(path, b"\n"), {("WORKFLOW-CHANGED", name)})
        for name in (
            "Snakefile",
            "workflow/rules/relational.smk",
            "workflow/memgen/relational/configuration.py",
            "workflow/memgen/jobs/rules.py",
        )
    },
    "rule file added": (
        write("workflow/rules/mine.smk"),
        {("WORKFLOW-CHANGED", "workflow/rules/mine.smk")},
    ),
    "seal of no job": (lambda: resealed(records={}, targets=[]), {("SEAL-EDITED", str(SEAL))}),
    "seal that calls all jobs earlier": (
        lambda: resealed(records={}, targets=[], earlier=json.loads(SEAL.read_text())["records"]),
        {("SEAL-EDITED", str(SEAL))},
    ),
    "job taken out of run and seal": (forget, {("RECORD-MISSING", "results/given.csv")}),
    "seal edited": (
        lambda: SEAL.write_text(SEAL.read_text().replace("0", "1", 1)),
        {("SEAL-EDITED", str(SEAL))},
    ),
    "seal hostile": (lambda: SEAL.write_bytes(b"[" * 200_000), {("SEAL-EDITED", str(SEAL))}),
    "seal gone": (drop(SEAL), {("SEAL-MISSING", str(SEAL))}),
}


def test_the_run_as_it_was_left_is_clean(real_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["provenance", "verify"])
    printed = capsys.readouterr().out
    assert ended.value.code in (0, None), printed
    root = json.loads(SEAL.read_text())["root"]
    jobs = len(read_run().records)
    assert re.fullmatch(rf"{jobs} jobs, \d+ files, \d+ MB in \d\.\d s: 0 findings; root {root}\n", printed)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_by_its_name(real_run: Path, name: str) -> None:
    tamper, expected = TAMPERINGS[name]
    tamper()
    assert found() == expected
    assert {kind for kind, _ in expected} <= set(KINDS)


def test_results_may_lie_on_another_disk(real_run: Path, tmp_path: Path) -> None:
    shutil.move("results", tmp_path / "elsewhere")
    Path("results").symlink_to(tmp_path / "elsewhere")
    assert found() == set()
    append(TABLE)
    assert found() == {("OUTPUT-MODIFIED", str(TABLE)), ("STALE-INPUT", str(TABLE))}


def test_a_circle_is_found(real_run: Path) -> None:
    circle()
    kinds = {kind for kind, _ in found()}
    assert kinds == {"CYCLE", "LOCK-MISMATCH"}


def test_one_edit_ends_with_status_1_and_one_line(real_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(FIGURE)
    for arguments, status in (((), 1), ((str(FIGURE),), 1), (("task",), 0), (("--level", "chain"), 1)):
        with pytest.raises(SystemExit) as ended:
            run(["provenance", "verify", *arguments])
        first, *_ = capsys.readouterr().out.splitlines()
        assert (ended.value.code or 0) == status
        assert first.startswith("OUTPUT-MODIFIED    figures/rank_profiles.png: sha256 ") == bool(status)
    with pytest.raises(SystemExit):
        run(["provenance", "verify", "--json"])
    (one,) = json.loads(capsys.readouterr().out)["findings"]
    assert (one["finding"], one["where"]) == ("OUTPUT-MODIFIED", str(FIGURE))


def test_another_configuration_is_found_where_freshness_is_asked_for(real_run: Path) -> None:
    append(Path("config.yaml"), b"\n")
    append(Path("requirements.lock"), b"\n")
    assert found() == set()
    kinds = {finding.kind for finding in within(Verification(read_run()).findings, "fresh")}
    assert kinds == {"CONFIGURATION-CHANGED", "ENVIRONMENT-CHANGED"}


def test_a_job_that_no_target_needs_is_not_part_of_the_run(real_run: Path) -> None:
    """Such as one of an earlier configuration: `verify` names it, and it can be set aside."""
    left = Path("results/given.csv")
    line = sealed([target for target in read_seal().targets if target != str(left)])
    assert line.endswith("not part of this run: 1 jobs; `memgen tidy` moves such results to .damaged")
    assert found() == {("RECORD-NOT-SEALED", str(GIVEN))}
    tidy()
    assert found() == set() and not left.exists() and (ASIDE / left).exists() and (ASIDE / GIVEN).exists()


def test_a_seal_of_one_job_leaves_out_no_other(real_run: Path) -> None:
    resealed(records={str(TASK): json.loads(TASK.read_text())["digest"]}, targets=[])
    assert found() == {("RECORD-NOT-SEALED", name) for name in read_run().records if name != str(TASK)}


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "deep/.memgen_files").touch(),
        lambda folder: (folder / "deep/.snakemake_timestamp").touch(),
        lambda folder: (folder / ".snakemake_timestamp").write_text("hidden"),
        lambda folder: (folder / ".memgen_files").write_text("weights\nhidden\n"),
        lambda folder: os.mkfifo(folder / "pipe"),
    ],
)
def test_what_hides_in_an_output_folder_is_found(study: Path, change: Callable[[Path], object]) -> None:
    def made(*, out: OutputDirectory) -> None:
        (out / "deep").mkdir()
        (out / "deep/weights").write_bytes(b"1234")

    made.__module__, made.__name__ = "memgen.language.stages.weights", "initialize"
    folder = Path("results/models/m")
    Job.bind(made, out=folder).run(record=JOBS / "a/job.json")
    (folder / ".snakemake_timestamp").touch()
    write_seal(read_run())
    assert found() == set()
    change(folder)
    assert {where for _, where in found()} == {str(folder)}


def test_input_edited_while_the_job_runs_is_an_error(real_run: Path) -> None:
    source = Path("results/relational/tasks/ti_n9.parquet")
    stage = sweep.__wrapped__

    @functools.wraps(stage)
    def edits_its_input(**arguments: object) -> None:
        stage(**arguments)
        pl.read_parquet(source).head(3).write_parquet(source)

    out = {"out": Path("results/a.parquet"), "ranks": Path("results/b.parquet")}
    with pytest.raises(RuntimeError, match=r"input results/relational/tasks/ti_n9\.parquet changed while"):
        job = Job.bind(edits_its_input, tasks=[source], conjunctivity=[0.0], ridge=[1.0], **out)
        job.run(record=JOBS / "relational_sweep/other=1.json")
    assert not Path("results/a.parquet").exists()


def test_what_the_seal_cannot_tell_the_lock_can(real_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who redraws a figure, and edits its record and the seal, passes `verify`, and not `compare`."""
    named = PngInfo()
    named.add_text("Source", urn(json.loads(DRAWN.read_text())["recipe_id"]))
    with Image.open(FIGURE) as image:
        Image.new("RGB", image.size, "white").save(FIGURE, pnginfo=named)
    rehash()
    again("seal")
    assert found() == set()
    with pytest.raises(SystemExit) as ended:
        run(["provenance", "compare"])
    assert ended.value.code == 1
    assert "different   figure  rank_profiles: " in capsys.readouterr().out


def test_every_flipped_byte_is_found(real_run: Path) -> None:
    """One byte of a result, figure, record, benchmark, the seal or the lock, two hundred times."""
    paths = sorted(
        path
        for root in ("results", "figures")
        for path in Path(root).rglob("*")
        if path.is_file() and path.name != "README.md" and path.stat().st_size
    )
    paths += [LOCK] * 10
    draw = random.Random(0)
    for _ in range(200):
        path = draw.choice(paths)
        before = path.read_bytes()
        place = draw.randrange(len(before))
        after = bytearray(before)
        after[place] ^= 1 << draw.randrange(8)
        path.write_bytes(after)
        assert path.as_posix() in {where for _, where in found()}, (path, place)
        path.write_bytes(before)
    assert found() == set()


def test_a_run_with_a_record_that_is_not_to_be_trusted_is_not_sealed(real_run: Path) -> None:
    before = SEAL.read_bytes()
    DRAWN.write_text(DRAWN.read_text().replace('"threads":1', '"threads":2'))
    with pytest.raises(BadInput, match=r"^RECORD-EDITED "):
        run(["provenance", "seal"])
    assert SEAL.read_bytes() == before


@pytest.mark.parametrize("command", ["seal", "lock", "deposit", "export"])
def test_where_nothing_has_run_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput):
        run(["provenance", command])
    assert not list(tmp_path.iterdir())


def test_without_a_repository_what_is_not_checked_is_said(
    real_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(".git")
    again("verify")
    note, last = capsys.readouterr().out.splitlines()
    assert note == f"not checked: {LOCK} against a commit; no git repository of the study is here"
    assert ": 0 findings; root " in last
