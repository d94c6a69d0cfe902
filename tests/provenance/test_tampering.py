"""What anyone may do to a finished run, and the name under which `verify` finds it."""

import json
import os
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL.PngImagePlugin import PngInfo

from memgen.commands.folders import tidy
from memgen.configuration.own_folder import LOCK
from memgen.jobs.digests import file_digest
from memgen.jobs.record import urn
from memgen.provenance.findings import KINDS, Level, within
from memgen.provenance.run import JOBS, read_run
from memgen.provenance.sealing import SEAL, read_seal, rooted, sealed
from memgen.provenance.verification import Verification
from memgen.recovery.damage import ASIDE
from recorded import answered, forged, make_folder, provenance, refused, whiten
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
#: A module that a stage imports and the rules do not.
SOURCE = "workflow/memgen/relational/ranks.py"
TIMES = "results/benchmarks/figures_task/job.tsv"


def found(level: Level = "lock") -> set[str]:
    """Name and file of everything that verification finds."""
    findings = within(Verification(read_run()).findings, level)
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


def resealed(**parts: object) -> None:
    """The seal with other parts, by someone who knows how to take its root again."""
    content = {**json.loads(SEAL.read_text()), **parts}
    SEAL.write_bytes(rooted({key: part for key, part in content.items() if key != "root"}))


def link(path: Path, target: Path) -> None:
    path.rename(target)
    path.symlink_to(target.resolve())


def both(kinds: str, *names: object) -> set[str]:
    return {f"{kind} {name}" for kind in kinds.split() for name in names}


SWEEPS = ("results/relational/sweep.parquet", "results/relational/ranks.parquet")


def test_the_run_as_it_was_left_is_clean(real_run, capsys):
    root, jobs = json.loads(SEAL.read_text())["root"], len(read_run().records)
    status, (line,) = answered(capsys, "verify")
    expected = rf"{jobs} jobs, \d+ files, \d+ MB in \d+\.\d s: 0 findings; root {root}"
    assert status == 0 and re.fullmatch(expected, line)


def test_edits_are_found_that_keep_the_time_of_the_file(real_run):
    append(SOURCE, b"# words\ndef unused(): ...\n")
    assert found() == set(), "no job uses it"
    append(SOURCE, b"\nprint()\n")
    plan = ("workflow/rules/relational.smk", "workflow/memgen/jobs/rules.py")
    for path in (FIGURE, TABLE, LEAF, TIMES, *plan, LOCK, "config.yaml", "requirements.lock"):
        append(path)
    expected = both("OUTPUT-MODIFIED", FIGURE, TABLE) | both("STALE-INPUT", TABLE)
    expected |= both("LEAF-MODIFIED", LEAF) | both("CODE-CHANGED", SOURCE) | both("BENCHMARK-MODIFIED", TIMES)
    expected |= both("WORKFLOW-CHANGED", *plan) | both("LOCK-EDITED LOCK-NOT-COMMITTED", LOCK)
    assert found() == expected
    fresh = both("CONFIGURATION-CHANGED", "config.yaml") | both("ENVIRONMENT-CHANGED", "requirements.lock")
    assert found("fresh") == expected | fresh


def test_what_is_gone_is_found(real_run):
    for path in (TABLE, LEAF, DRAWN, LOCK, SOURCE):
        Path(path).unlink()
    expected = both("OUTPUT-MISSING STALE-INPUT", TABLE) | both("LEAF-MISSING", LEAF)
    expected |= both("RECORD-MISSING", DRAWN) | both("UNTRACKED-FIGURE", FIGURE, PDF)
    assert found() == expected | both("LOCK-NOT-COMMITTED", LOCK) | both("CODE-CHANGED", SOURCE)


def test_what_was_added_is_found(real_run):
    figure, rules, times = "figures/mine.png", "workflow/rules/mine.smk", TIMES.replace("job", "mine")
    others = ("results/relational/mine.csv", "results/.snakemake_timestamp", times)
    for name in (figure, rules, *others):
        Path(name).write_text("mine")
    shutil.copy(TASK, OTHER)
    expected = both("UNTRACKED-FIGURE", figure) | both("WORKFLOW-CHANGED", rules)
    expected |= both("UNTRACKED-OUTPUT", *others) | both("DUPLICATE-OUTPUT", MADE)
    assert found() == expected | both("RECORD-MISPLACED RECORD-NOT-SEALED", OTHER)


def test_links_and_pipes_are_not_results_and_not_records(real_run):
    link(FIGURE, Path("workflow/copy.png"))
    link(PDF, Path("../copy.pdf"))
    link(SWEPT, Path("../job.json"))
    other = Path("figures/task.png")
    other.unlink()
    os.mkfifo(other)
    expected = both("OUTPUT-LINKED", FIGURE) | both("PATH-OUTSIDE", PDF) | both("OUTPUT-MISSING", other)
    expected |= both("RECORD-MISSING UNTRACKED-OUTPUT", *SWEEPS)
    assert found() == expected | both("RECORD-INVALID", SWEPT)


def test_records_that_a_forger_wrote_are_found(real_run):
    def leave(record: dict[str, Any]) -> None:
        record["arguments"]["out"]["value"] = "../../etc/passwd"
        record["outputs"] = {"../../etc/passwd": "0" * 64}

    shutil.copy("figures/task.png", FIGURE)
    rehash()
    forged(TASK, leave)
    SWEPT.write_text(json.dumps(json.loads(SWEPT.read_text())))
    expected = both("FIGURE-ID-CHANGED", FIGURE) | both("LOCK-MISMATCH", DRAWN) | both("PATH-OUTSIDE", TASK)
    expected |= both("RECORD-MISSING UNTRACKED-OUTPUT", MADE, *SWEEPS)
    assert found() == expected | both("RECORD-EDITED", SWEPT)
    assert refused("seal").startswith(("RECORD-EDITED ", "PATH-OUTSIDE "))


def test_who_seals_and_locks_another_run_has_to_commit_it(real_run):
    rehash()
    assert provenance("seal") == provenance("lock") == 0
    assert found() == both("LOCK-NOT-COMMITTED", LOCK)


def test_a_seal_that_is_none_is_found(real_run):
    resealed(records={}, targets=[])
    assert found() == both("SEAL-EDITED", SEAL), "a seal of no job"
    SEAL.write_bytes(b"[" * 200_000)
    assert found() == both("SEAL-EDITED", SEAL)
    SEAL.unlink()
    assert found() == both("SEAL-MISSING", SEAL)


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
    def change(record: dict[str, Any]) -> None:
        record["arguments"]["extra"] = {"role": "input", "value": str(TABLE)}
        record["recipe"]["inputs"]["extra"] = [{"path": str(TABLE), "sha256": file_digest(TABLE)}]

    forged(TASK, change)
    assert {text.split()[0] for text in found()} == {"CYCLE", "LOCK-MISMATCH"}


def test_one_edit_ends_with_status_1_and_one_line(real_run, capsys):
    append(FIGURE)
    for arguments, status in (((), 1), ((str(FIGURE),), 1), (("task",), 0), (("--level", "chain"), 1)):
        ended, (first, *_) = answered(capsys, "verify", *arguments)
        named = first.startswith("OUTPUT-MODIFIED    figures/rank_profiles.png: sha256 ")
        assert ended == status == named
    _, lines = answered(capsys, "verify", "--json")
    (one,) = json.loads("".join(lines))["findings"]
    assert (one["finding"], one["where"]) == ("OUTPUT-MODIFIED", str(FIGURE))


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
    whiten(FIGURE, pnginfo=named)
    rehash()
    assert provenance("seal") == 0 and found() == set()
    status, lines = answered(capsys, "compare")
    assert status == 1 and any(line.startswith("different   figure  rank_profiles: ") for line in lines)


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


def test_where_nothing_has_run_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in ("seal", "lock", "deposit", "export"):
        assert refused(command)
    assert not list(tmp_path.iterdir())
