"""What anyone may do to a finished run, and the name under which `verify` finds it."""

import functools
import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from memgen.commands.folders import tidy
from memgen.configuration.own_folder import LOCK
from memgen.jobs.digests import file_digest
from memgen.provenance.findings import KINDS, within
from memgen.provenance.record import urn
from memgen.provenance.run import JOBS, read_run
from memgen.provenance.sealing import SEAL, read_seal, rooted, sealed
from memgen.provenance.verification import Verification
from memgen.recovery.damage import ASIDE
from recorded import forged, make_folder, provenance, refused
from runs import LEAF

FIGURE = Path("figures/rank_profiles.png")
PDF = FIGURE.with_suffix(".pdf")
TABLE = Path("results/relational/sweep.parquet")
MADE = Path("results/relational/tasks/ti_n9.parquet")
DRAWN = JOBS / "figures_rank_profiles/job.json"
SWEPT = JOBS / "relational_sweep/job.json"
TASK = JOBS / "relational_task/hierarchy=ti_n9.json"
OTHER = TASK.with_name("hierarchy=other.json")
GIVEN = JOBS / "relational_critical_table/tasks=given.json"
TIMES = "results/benchmarks/figures_task"


def found() -> set[str]:
    """Name and file of everything that verification finds."""
    findings = within(Verification(read_run()).findings, "lock")
    assert all("\n" not in str(finding) for finding in findings)
    assert {finding.kind for finding in findings} <= set(KINDS)
    return {f"{finding.kind} {finding.where}" for finding in findings}


def append(path: Path | str, text: bytes = b"\n") -> None:
    """Edit a file and leave its time as it was."""
    path = Path(path)
    before = path.stat()
    path.write_bytes(path.read_bytes() + text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def rehash() -> None:
    """Edit a figure, and its record to match."""
    append(FIGURE)
    forged(DRAWN, lambda record: record["outputs"].update({str(FIGURE): file_digest(FIGURE)}))


def again(*command: str) -> None:
    """Seal, lock or verify the run as it is now."""
    assert provenance(*command) == 0


def resealed(**parts: object) -> None:
    """The seal with other parts, by someone who knows how to take its root again."""
    content = {**json.loads(SEAL.read_text()), **parts}
    SEAL.write_bytes(rooted({key: part for key, part in content.items() if key != "root"}))


def forget() -> None:
    """Remove a job, what it wrote, and the seal's line about it."""
    GIVEN.unlink()
    Path("results/given.csv").unlink()
    records = json.loads(SEAL.read_text())["records"]
    resealed(records={name: digest for name, digest in records.items() if name != str(GIVEN)})


def write(name: str, text: str = "") -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)


def change_id() -> None:
    text = PDF.read_bytes()
    PDF.write_bytes(re.sub(rb"sha256:[0-9a-f]{64}", b"sha256:" + b"0" * 64, text))
    assert PDF.read_bytes() != text


def link(target: Path) -> None:
    target.write_bytes(FIGURE.read_bytes())
    FIGURE.unlink()
    FIGURE.symlink_to(target.resolve())


def circle(record: dict[str, Any]) -> None:
    """A task that says it was made from what was made from it."""
    record["arguments"]["extra"] = {"role": "input", "value": str(TABLE)}
    record["recipe"]["inputs"]["extra"] = [{"path": str(TABLE), "sha256": file_digest(TABLE)}]


def claims(name: str, record: dict[str, Any]) -> None:
    """Let a task say that it wrote something else."""
    record["arguments"]["out"]["value"] = name
    record["outputs"] = {name: "0" * 64}


def another_run(record: dict[str, Any]) -> None:
    claims("results/relational/tasks/other.parquet", record)
    record["recipe"]["wildcards"] = {"hierarchy": "other"}


def source(imported: bool) -> str:
    """File of a stage, or of a module that it imports and the rules do not."""
    record = json.loads(SWEPT.read_text())
    own = f"workflow/{record['stage']['module'].replace('.', '/')}.py"
    apart = {own, *json.loads(SEAL.read_text())["workflow"]}
    rest = (name for name in record["code"] if "/relational/" in name and "__init__" not in name)
    return next(name for name in rest if name not in apart) if imported else own


def both(kinds: str, *names: object) -> set[str]:
    return {f"{kind} {name}" for kind in kinds.split() for name in names}


UNTRACKED = both("UNTRACKED-FIGURE", FIGURE, PDF)
INVALID = {f"RECORD-INVALID {DRAWN}", *UNTRACKED}
EDITED = {f"RECORD-EDITED {DRAWN}", *UNTRACKED}
SWEEPS = ("results/relational/sweep.parquet", "results/relational/ranks.parquet")
OUTSIDE = {f"PATH-OUTSIDE {TASK}", *both("RECORD-MISSING UNTRACKED-OUTPUT", MADE)}
NO_LOCK = both("LOCK-EDITED LOCK-NOT-COMMITTED", LOCK)
#: What is done to a run, and what is found; {script} and {imported} are files of `source`.
TAMPERINGS: dict[str, tuple[Callable[[], object], set[str]]] = {
    "figure edited": (lambda: append(FIGURE), both("OUTPUT-MODIFIED", FIGURE)),
    "figure swapped": (
        lambda: shutil.copy("figures/task.png", FIGURE),
        both("OUTPUT-MODIFIED FIGURE-ID-CHANGED", FIGURE),
    ),
    "id inside a figure changed": (change_id, both("OUTPUT-MODIFIED FIGURE-ID-CHANGED", PDF)),
    "figure edited, record hashed again": (rehash, both("LOCK-MISMATCH", DRAWN)),
    "record edited": (
        lambda: DRAWN.write_text(DRAWN.read_text().replace('"threads":1', '"threads":2')),
        EDITED,
    ),
    "record written with blanks": (
        lambda: DRAWN.write_text(json.dumps(json.loads(DRAWN.read_text()))),
        EDITED,
    ),
    "intermediate edited, its time kept": (lambda: append(TABLE), both("OUTPUT-MODIFIED STALE-INPUT", TABLE)),
    "intermediate gone": (lambda: TABLE.unlink(), both("OUTPUT-MISSING STALE-INPUT", TABLE)),
    "script edited": (lambda: append(source(False), b"\nprint()\n"), {"CODE-CHANGED {script}"}),
    "imported module edited": (lambda: append(source(True), b"\nprint()\n"), {"CODE-CHANGED {imported}"}),
    "comment and unused function added": (
        lambda: append(source(True), b"# words\ndef unused(): ...\n"),
        set(),
    ),
    "imported module gone": (lambda: Path(source(True)).unlink(), {"CODE-CHANGED {imported}"}),
    "leaf edited": (lambda: append(LEAF), both("LEAF-MODIFIED", LEAF)),
    "leaf gone": (lambda: LEAF.unlink(), both("LEAF-MISSING", LEAF)),
    "record deleted": (lambda: DRAWN.unlink(), {f"RECORD-MISSING {DRAWN}", *UNTRACKED}),
    "record of an intermediate deleted": (
        lambda: SWEPT.unlink(),
        {f"RECORD-MISSING {SWEPT}", *both("RECORD-MISSING UNTRACKED-OUTPUT", *SWEEPS)},
    ),
    "record of another run in its place": (
        lambda: forged(DRAWN, lambda record: record["execution"].update(host="elsewhere")),
        both("LOCK-MISMATCH", DRAWN),
    ),
    "record of another run added": (
        lambda: forged(TASK, another_run, OTHER),
        {f"RECORD-NOT-SEALED {OTHER}", "OUTPUT-MISSING results/relational/tasks/other.parquet"},
    ),
    "record under another name": (
        lambda: shutil.copy(TASK, OTHER),
        both("RECORD-MISPLACED RECORD-NOT-SEALED", OTHER) | both("DUPLICATE-OUTPUT", MADE),
    ),
    "output a link within the study": (
        lambda: link(Path("workflow/copy.png")),
        both("OUTPUT-LINKED", FIGURE),
    ),
    "output a link out of the study": (lambda: link(Path("../copy.png")), both("PATH-OUTSIDE", FIGURE)),
    "pipe in a figure's place": (
        lambda: (FIGURE.unlink(), os.mkfifo(FIGURE)),
        both("OUTPUT-MISSING", FIGURE),
    ),
    "record a link": (
        lambda: (DRAWN.rename("../job.json"), DRAWN.symlink_to(Path("../job.json").resolve())),
        INVALID,
    ),
    "record names ../../etc/passwd": (
        lambda: forged(TASK, functools.partial(claims, "../../etc/passwd")),
        OUTSIDE,
    ),
    "record of 100 MB": (lambda: os.truncate(DRAWN, 100 * 2**20), INVALID),
    "record nested deeply": (lambda: DRAWN.write_bytes(b"[" * 200_000), INVALID),
    "two records claim one output": (
        lambda: forged(
            SWEPT,
            lambda record: record["recipe"].update(wildcards={"again": "1"}),
            SWEPT.with_name("again=1.json"),
        ),
        {f"RECORD-NOT-SEALED {SWEPT.with_name('again=1.json')}", *both("DUPLICATE-OUTPUT", *SWEEPS)},
    ),
    "lock edited": (lambda: append(LOCK), NO_LOCK),
    "lock hostile": (lambda: LOCK.write_bytes(b'{"a":' * 200_000), NO_LOCK),
    "lock gone": (lambda: LOCK.unlink(), both("LOCK-NOT-COMMITTED", LOCK)),
    "figure edited, record hashed, run sealed and locked again": (
        lambda: (rehash(), again("seal"), again("lock")),
        both("LOCK-NOT-COMMITTED", LOCK),
    ),
    "measured time edited": (
        lambda: append(f"{TIMES}/job.tsv"),
        both("BENCHMARK-MODIFIED", f"{TIMES}/job.tsv"),
    ),
    **{
        f"{name} added": (functools.partial(write, name, "mine"), both(f"UNTRACKED-{kind}", name))
        for name, kind in (
            ("figures/mine.png", "FIGURE"),
            ("results/relational/mine.csv", "OUTPUT"),
            ("results/.snakemake_timestamp", "OUTPUT"),
            (f"{TIMES}/mine.tsv", "OUTPUT"),
            ("results/provenance/jobs/.memgen_files", "OUTPUT"),
            ("results/bench/speed.csv", "OUTPUT"),
        )
    },
    **{
        f"{name} edited": (functools.partial(append, name), both("WORKFLOW-CHANGED", name))
        for name in (
            "Snakefile",
            "workflow/rules/relational.smk",
            "workflow/memgen/relational/configuration.py",
            "workflow/memgen/jobs/rules.py",
        )
    },
    "rule file added": (
        lambda: write("workflow/rules/mine.smk"),
        both("WORKFLOW-CHANGED", "workflow/rules/mine.smk"),
    ),
    "seal of no job": (lambda: resealed(records={}, targets=[]), both("SEAL-EDITED", SEAL)),
    "seal that calls all jobs earlier": (
        lambda: resealed(records={}, targets=[], earlier=json.loads(SEAL.read_text())["records"]),
        both("SEAL-EDITED", SEAL),
    ),
    "job taken out of run and seal": (forget, {"RECORD-MISSING results/given.csv"}),
    "seal edited": (
        lambda: SEAL.write_text(SEAL.read_text().replace("0", "1", 1)),
        both("SEAL-EDITED", SEAL),
    ),
    "seal hostile": (lambda: SEAL.write_bytes(b"[" * 200_000), both("SEAL-EDITED", SEAL)),
    "seal gone": (lambda: SEAL.unlink(), both("SEAL-MISSING", SEAL)),
}


def test_the_run_as_it_was_left_is_clean(real_run, capsys):
    again("verify")
    root, jobs = json.loads(SEAL.read_text())["root"], len(read_run().records)
    line = rf"{jobs} jobs, \d+ files, \d+ MB in \d+\.\d s: 0 findings; root {root}\n"
    assert re.fullmatch(line, capsys.readouterr().out)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_by_its_name(real_run, name):
    tamper, expected = TAMPERINGS[name]
    files = {"script": source(False), "imported": source(True)}
    tamper()
    assert found() == {text.format(**files) for text in expected}


def test_results_may_lie_on_another_disk(real_run, tmp_path):
    shutil.move("results", tmp_path / "elsewhere")
    Path("results").symlink_to(tmp_path / "elsewhere")
    assert found() == set()
    append(TABLE)
    assert found() == both("OUTPUT-MODIFIED STALE-INPUT", TABLE)


def test_a_circle_is_found(real_run):
    forged(TASK, circle)
    assert {text.split()[0] for text in found()} == {"CYCLE", "LOCK-MISMATCH"}


def test_one_edit_ends_with_status_1_and_one_line(real_run, capsys):
    append(FIGURE)
    for arguments, status in (((), 1), ((str(FIGURE),), 1), (("task",), 0), (("--level", "chain"), 1)):
        assert provenance("verify", *arguments) == status
        first, *_ = capsys.readouterr().out.splitlines()
        assert first.startswith("OUTPUT-MODIFIED    figures/rank_profiles.png: sha256 ") == bool(status)
    assert provenance("verify", "--json") == 1
    (one,) = json.loads(capsys.readouterr().out)["findings"]
    assert (one["finding"], one["where"]) == ("OUTPUT-MODIFIED", str(FIGURE))


def test_another_configuration_is_found_where_freshness_is_asked_for(real_run):
    append("config.yaml")
    append("requirements.lock")
    assert found() == set()
    kinds = {finding.kind for finding in within(Verification(read_run()).findings, "fresh")}
    assert kinds == {"CONFIGURATION-CHANGED", "ENVIRONMENT-CHANGED"}


def test_a_job_that_no_target_needs_is_not_part_of_the_run(real_run):
    """Such as one of an earlier configuration: `verify` names it, and it can be set aside."""
    left = Path("results/given.csv")
    line = sealed([target for target in read_seal().targets if target != str(left)])
    assert line.endswith("not part of this run: 1 jobs; `memgen tidy` moves such results to .damaged")
    assert found() == both("RECORD-NOT-SEALED", GIVEN)
    tidy()
    assert found() == set() and not left.exists() and (ASIDE / left).exists() and (ASIDE / GIVEN).exists()


def test_a_seal_of_one_job_leaves_out_no_other(real_run):
    resealed(records={str(TASK): json.loads(TASK.read_text())["digest"]}, targets=[])
    assert found() == both("RECORD-NOT-SEALED", *(name for name in read_run().records if name != str(TASK)))


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "deep/.memgen_files").touch(),
        lambda folder: (folder / "deep/.snakemake_timestamp").touch(),
        lambda folder: (folder / ".snakemake_timestamp").write_text("hidden"),
        lambda folder: (folder / ".memgen_files").write_text("config\nweights\nhidden\n"),
        lambda folder: os.mkfifo(folder / "pipe"),
    ],
)
def test_what_hides_in_an_output_folder_is_found(study, change):
    folder = Path("results/models/m")
    make_folder(folder)
    (folder / ".snakemake_timestamp").touch()
    sealed()
    assert found() == set()
    change(folder)
    assert {text.split()[1] for text in found()} == {str(folder)}


def test_what_the_seal_cannot_tell_the_lock_can(real_run, capsys):
    """Who redraws a figure, and edits its record and the seal, passes `verify`, and not `compare`."""
    named = PngInfo()
    named.add_text("Source", urn(json.loads(DRAWN.read_text())["recipe_id"]))
    with Image.open(FIGURE) as image:
        Image.new("RGB", image.size, "white").save(FIGURE, pnginfo=named)
    rehash()
    again("seal")
    assert found() == set()
    assert provenance("compare") == 1
    assert "different   figure  rank_profiles: " in capsys.readouterr().out


def test_every_flipped_byte_is_found(real_run):
    """A random byte of the seal, the lock, and eighty times of a result, figure, record or benchmark."""
    paths = [path for root in ("results", "figures") for path in sorted(Path(root).rglob("*"))]
    paths = [path for path in paths if path.is_file() and path.stat().st_size]
    paths = [path for path in paths if path.name != "README.md" and path != SEAL]
    draw = random.Random(0)
    # Ten files at a time, since verification takes a second; without a seal benchmarks are not compared.
    for chosen in [[SEAL], [LOCK], *(draw.sample(paths, 10) for _ in range(8))]:
        before = {path: path.read_bytes() for path in chosen}
        for path, content in before.items():
            after = bytearray(content)
            after[draw.randrange(len(after))] ^= 1 << draw.randrange(8)
            path.write_bytes(after)
        named = {text.split()[1] for text in found()}
        assert [path for path in chosen if path.as_posix() not in named] == []
        for path, content in before.items():
            path.write_bytes(content)
    assert found() == set()


def test_a_run_with_a_record_that_is_not_to_be_trusted_is_not_sealed(real_run):
    before = SEAL.read_bytes()
    DRAWN.write_text(DRAWN.read_text().replace('"threads":1', '"threads":2'))
    assert refused("seal").startswith("RECORD-EDITED ")
    assert SEAL.read_bytes() == before


@pytest.mark.parametrize("command", ["seal", "lock", "deposit", "export"])
def test_where_nothing_has_run_nothing_is_written(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    assert refused(command)
    assert not list(tmp_path.iterdir())


def test_without_a_repository_what_is_not_checked_is_said(real_run, capsys):
    shutil.rmtree(".git")
    again("verify")
    note, last = capsys.readouterr().out.splitlines()
    assert note == f"not checked: {LOCK} against a commit; no git repository of the study is here"
    assert ": 0 findings; root " in last
