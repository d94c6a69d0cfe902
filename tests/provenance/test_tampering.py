"""What anyone may do to a finished run, and the name under which `verify` finds it."""

import functools
import json
import os
import random
import re
import shutil
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
from run_by_snakemake import LEAF

FIGURE = Path("figures/rank_profiles.png")
PDF = FIGURE.with_suffix(".pdf")
TABLE = Path("results/relational/sweep.parquet")
MADE = Path("results/relational/tasks/ti_n9.parquet")
DRAWN = JOBS / "figures_rank_profiles/job.json"
SWEPT = JOBS / "relational_sweep/job.json"
TASK = JOBS / "relational_task/hierarchy=ti_n9.json"
OTHER = TASK.with_name("hierarchy=other.json")
GIVEN = JOBS / "relational_critical_table/tasks=given.json"
TIMES = "results/benchmarks/figures_task/job.tsv"


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


def link(path: Path, target: Path) -> None:
    path.rename(target)
    path.symlink_to(target.resolve())


def circle(record: dict[str, Any]) -> None:
    """A task that says it was made from what was made from it."""
    record["arguments"]["extra"] = {"role": "input", "value": str(TABLE)}
    record["recipe"]["inputs"]["extra"] = [{"path": str(TABLE), "sha256": file_digest(TABLE)}]


def claims(name: str, record: dict[str, Any]) -> None:
    """Let a task say that it wrote something else."""
    record["arguments"]["out"]["value"] = name
    record["outputs"] = {name: "0" * 64}


def both(kinds: str, *names: object) -> set[str]:
    return {f"{kind} {name}" for kind in kinds.split() for name in names}


@pytest.fixture
def source(real_run: Path) -> str:
    """A module that a stage imports and the rules do not."""
    record = json.loads(SWEPT.read_text())
    planned = json.loads(SEAL.read_text())["workflow"]
    rest = (name for name in record["code"] if "/relational/" in name and "__init__" not in name)
    return next(name for name in rest if name not in planned)


UNTRACKED = both("UNTRACKED-FIGURE", FIGURE, PDF)
SWEEPS = ("results/relational/sweep.parquet", "results/relational/ranks.parquet")


def test_the_run_as_it_was_left_is_clean(real_run, capsys):
    again("verify")
    root, jobs = json.loads(SEAL.read_text())["root"], len(read_run().records)
    line = rf"{jobs} jobs, \d+ files, \d+ MB in \d+\.\d s: 0 findings; root {root}\n"
    assert re.fullmatch(line, capsys.readouterr().out)


def test_edits_are_found_that_keep_the_time_of_the_file(source):
    append(source, b"# words\ndef unused(): ...\n")
    assert found() == set(), "no job uses it"
    append(source, b"\nprint()\n")
    plan = ("workflow/rules/relational.smk", "workflow/memgen/jobs/rules.py")
    for path in (FIGURE, TABLE, LEAF, TIMES, *plan, LOCK):
        append(path)
    assert found() == {
        *both("OUTPUT-MODIFIED", FIGURE),
        *both("OUTPUT-MODIFIED STALE-INPUT", TABLE),
        *both("LEAF-MODIFIED", LEAF),
        *both("CODE-CHANGED", source),
        *both("BENCHMARK-MODIFIED", TIMES),
        *both("WORKFLOW-CHANGED", *plan),
        *both("LOCK-EDITED LOCK-NOT-COMMITTED", LOCK),
    }


def test_what_is_gone_is_found(source):
    for path in (TABLE, LEAF, DRAWN, LOCK, source):
        Path(path).unlink()
    assert found() == {
        *both("OUTPUT-MISSING STALE-INPUT", TABLE),
        *both("LEAF-MISSING", LEAF),
        *both("RECORD-MISSING", DRAWN),
        *UNTRACKED,
        *both("LOCK-NOT-COMMITTED", LOCK),
        *both("CODE-CHANGED", source),
    }


def test_what_was_added_is_found(real_run):
    figure, rules = "figures/mine.png", "workflow/rules/mine.smk"
    others = (
        "results/relational/mine.csv",
        "results/.snakemake_timestamp",
        "results/benchmarks/figures_task/mine.tsv",
    )
    for name in (figure, rules, *others):
        Path(name).write_text("mine")
    shutil.copy(TASK, OTHER)
    assert found() == {
        *both("UNTRACKED-FIGURE", figure),
        *both("WORKFLOW-CHANGED", rules),
        *both("UNTRACKED-OUTPUT", *others),
        *both("RECORD-MISPLACED RECORD-NOT-SEALED", OTHER),
        *both("DUPLICATE-OUTPUT", MADE),
    }


def test_links_and_pipes_are_not_results_and_not_records(real_run):
    link(FIGURE, Path("workflow/copy.png"))
    link(PDF, Path("../copy.pdf"))
    link(SWEPT, Path("../job.json"))
    other = Path("figures/task.png")
    other.unlink()
    os.mkfifo(other)
    assert found() == {
        *both("OUTPUT-LINKED", FIGURE),
        *both("PATH-OUTSIDE", PDF),
        *both("OUTPUT-MISSING", other),
        *both("RECORD-INVALID", SWEPT),
        *both("RECORD-MISSING UNTRACKED-OUTPUT", *SWEEPS),
    }


def test_records_that_a_forger_wrote_are_found(real_run):
    shutil.copy("figures/task.png", FIGURE)
    rehash()
    forged(TASK, functools.partial(claims, "../../etc/passwd"))
    SWEPT.write_text(json.dumps(json.loads(SWEPT.read_text())))
    assert found() == {
        *both("FIGURE-ID-CHANGED", FIGURE),
        *both("LOCK-MISMATCH", DRAWN),
        *both("PATH-OUTSIDE", TASK),
        *both("RECORD-EDITED", SWEPT),
        *both("RECORD-MISSING UNTRACKED-OUTPUT", MADE, *SWEEPS),
    }


def test_who_seals_and_locks_another_run_has_to_commit_it(real_run):
    rehash()
    again("seal")
    again("lock")
    assert found() == both("LOCK-NOT-COMMITTED", LOCK)


@pytest.mark.parametrize(
    ("tamper", "kind"),
    [
        (lambda: resealed(records={}, targets=[]), "SEAL-EDITED"),
        (lambda: SEAL.write_bytes(b"[" * 200_000), "SEAL-EDITED"),
        (lambda: SEAL.unlink(), "SEAL-MISSING"),
    ],
)
def test_a_seal_that_is_none_is_found(real_run, tamper, kind):
    tamper()
    assert found() == both(kind, SEAL)


def test_a_job_taken_out_of_run_and_seal_is_missed(real_run):
    left = Path("results/given.csv")
    for path in (GIVEN, left):
        path.unlink()
    records = json.loads(SEAL.read_text())["records"]
    resealed(records={name: digest for name, digest in records.items() if name != str(GIVEN)})
    assert found() == both("RECORD-MISSING", left)


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


@pytest.mark.parametrize(
    "change",
    [
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
