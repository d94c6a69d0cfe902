"""Where a figure comes from, and why two runs differ: the cause, not its consequences."""

import html
import itertools
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from memgen.jobs.record import urn
from memgen.provenance.run import read_run
from memgen.provenance.show import steps
from recorded import FIGURE, JOBS, TASK, answered, forged, refused


def shown(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> list[str]:
    status, lines = answered(capsys, "show", *arguments)
    assert status == 0
    return lines


def test_a_chain_is_a_tree_with_when_commit_and_time(study, capsys):
    record = json.loads(FIGURE.read_text())
    *head, top, leaf = shown(capsys, "figures/task.pdf")
    assert head == ["figures/task.pdf  as the job wrote it", f"recipe {record['recipe_id']}, {FIGURE}"]
    assert top.split()[0] == "figures_task" and record["execution"]["start"][:10] in top
    assert f"  {(record['execution']['commit'] or 'no commit')[:9]}" in top and "None" not in top
    assert leaf.startswith("└─ relational_task") and leaf.endswith(" s")
    assert shown(capsys, "task") == shown(capsys, "figures/task.pdf")


def test_the_page_is_one_file_with_a_link_for_every_step(study, capsys):
    forged(TASK, lambda record: record["recipe"].update(rule="<script>alert(1)</script>"))
    raw = "\n".join(shown(capsys, "task", "--html"))
    page = html.unescape(raw)
    rules = set(steps(read_run(), FIGURE.as_posix()))
    links = re.findall(r"(?:href|src)=\"([^\"]*)", page)
    assert {link.removeprefix("#") for link in links} == set(re.findall(r" id=\"([^\"]*)", page)) == rules
    assert all(link.startswith("#") for link in links) and "<script" not in raw


def test_a_loose_figure_is_found_by_its_id_and_the_id_alone_is_enough(study, tmp_path, capsys):
    for figure in ("figures/task.png", "figures/task.pdf"):
        loose = Path(shutil.copy(figure, tmp_path / Path(figure).with_stem("Figure 1 (final)").name))
        assert shown(capsys, loose)[0] == f"{figure}  {loose}: as the job wrote it"
        loose.write_bytes(loose.read_bytes() + b" ")
        assert f"{loose}: not the bytes that the job wrote" in shown(capsys, loose)[0]
    recipe = json.loads(FIGURE.read_text())["recipe_id"]
    for name in (recipe[:10].upper(), f"task · memgen · {recipe[:10]}"):
        assert shown(capsys, name)[0].startswith("figures/task.")


def test_what_is_no_output_is_refused(study, tmp_path):
    other = tmp_path / "other.png"
    other.write_bytes(urn("0" * 64).encode())
    plain = tmp_path / "plain.png"
    plain.write_bytes(b"nothing")
    for name, message in (
        ("0123456789", "no recipe of this run has an id that begins so"),
        ("nonsense", "neither an output of this run nor a file; allowed: figures/task.pdf"),
        (other, f"was made by the recipe {'0' * 64}, which this run does not hold"),
        (plain, "no record names it, and it carries no recipe's id"),
        (tmp_path, "is a folder"),
    ):
        assert message in refused("show", name)
    assert "only one of them is allowed" in refused("show", "task", "--dot", "--html")


SWEPT = JOBS / "relational_sweep/job.json"
MADE = JOBS / "relational_task/hierarchy=ti_n9.json"


def other_outputs(record: dict[str, Any]) -> None:
    record["outputs"] = dict.fromkeys(record["outputs"], "1" * 64)


def reads_others(record: dict[str, Any]) -> None:
    """As if the job had read something else, and so had written something else."""
    for part in itertools.chain(*record["recipe"]["inputs"].values()):
        part["sha256"] = "1" * 64
    other_outputs(record)


def test_a_run_does_not_differ_from_itself(real_run, finished_run, capsys):
    jobs = len(list(JOBS.rglob("*.json")))
    assert answered(capsys, "diff", finished_run) == (0, [f"no difference: {jobs} jobs"])
    assert answered(capsys, "diff", "provenance.lock.json") == (0, [f"no difference: {jobs} jobs"])
    forged(SWEPT, lambda record: record["execution"].update(host="elsewhere", start="2000-01-01T00:00:00Z"))
    assert answered(capsys, "diff", finished_run)[0] == 0


def test_a_parameter_is_named_and_its_consequences_counted(real_run, finished_run, capsys):
    def change(record: dict[str, Any]) -> None:
        record["arguments"]["ridge"]["value"] = record["recipe"]["parameters"]["ridge"] = [0.25]
        other_outputs(record)

    forged(SWEPT, change)
    for name in ("figures_rank_profiles", "relational_claims"):  # both read what the sweep wrote
        forged(JOBS / name / "job.json", reads_others)
    status, (first, second) = answered(capsys, "diff", finished_run)
    assert status == 1
    assert first.startswith("recipe       ridge [") and "] -> [0.25]: " in first
    assert first.endswith(f"{SWEPT} (1 with other outputs)")
    _, (from_lock, *more) = answered(capsys, "diff", "provenance.lock.json")
    assert from_lock == f"recipe       its parameters or inputs: {SWEPT} (1 with other outputs)"
    assert [second] == more == ["and in consequence the outputs of 2 more jobs"]


def test_sources_environment_and_plain_chance_are_causes(real_run, finished_run, capsys):
    forged(MADE, lambda record: record["environment"].update(python="3.13.1"))
    changed = {"workflow/memgen/relational/ranks.py": "1" * 64}
    forged(SWEPT, lambda record: (record["code"].update(changed), record.update(code_digest="1" * 64)))
    forged(JOBS / "figures_task/job.json", other_outputs)
    _, lines = answered(capsys, "diff", finished_run)
    assert lines[0].startswith("outputs      figures/task.pdf, figures/task.png for the same recipe, ")
    assert any(line.startswith("code         workflow/memgen/relational/ranks.py: ") for line in lines)
    (line,) = [line for line in lines if line.startswith("environment ")]
    assert "python 3." in line and line.endswith(f"-> 3.13.1: {MADE} (no other outputs)")


def test_a_leaf_a_missing_job_and_the_first_other_numbers_are_named(real_run, finished_run, capsys):
    given = Path("results/given.csv")
    given.write_text(given.read_text().replace("ti_n9", "other"))
    forged(JOBS / "relational_critical_table/tasks=given.json", reads_others)
    (JOBS / "figures_task/job.json").unlink()
    _, (leaf, missing, numbers) = answered(capsys, "diff", finished_run)
    assert leaf.startswith("leaf         data/given.parquet: ")
    assert missing == f"missing      only in the first run: {JOBS}/figures_task/job.json (no other outputs)"
    assert numbers == f"numbers      {given}: different, row 1, column hierarchy: other, locked ti_n9"


def test_what_is_no_run_is_refused(real_run, tmp_path):
    assert "holds no results/provenance/jobs" in refused("diff", tmp_path)
    assert "is not the lock" in refused("diff", "README.md")
    SWEPT.write_text("{}")
    assert "RECORD-INVALID" in refused("diff", ".")
