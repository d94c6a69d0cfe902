"""Why two runs differ: the cause, not its consequences."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from recorded import JOBS, forged, provenance, refused

SWEPT = JOBS / "relational_sweep/job.json"
TASK = JOBS / "relational_task/hierarchy=ti_n9.json"


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str]]:
    return provenance("diff", *arguments), capsys.readouterr().out.splitlines()


def other_outputs(record: dict[str, Any]) -> None:
    record["outputs"] = dict.fromkeys(record["outputs"], "1" * 64)


def reads_others(record: dict[str, Any]) -> None:
    """As if the job had read something else, and so had written something else."""
    for part in itertools.chain(*record["recipe"]["inputs"].values()):
        part["sha256"] = "1" * 64
    other_outputs(record)


def test_a_run_does_not_differ_from_itself(real_run, finished_run, capsys):
    jobs = len(list(JOBS.rglob("*.json")))
    assert told(capsys, finished_run) == (0, [f"no difference: {jobs} jobs"])
    assert told(capsys, "provenance.lock.json") == (0, [f"no difference: {jobs} jobs"])
    forged(SWEPT, lambda record: record["execution"].update(host="elsewhere", start="2000-01-01T00:00:00Z"))
    assert told(capsys, finished_run)[0] == 0


def test_a_parameter_is_named_and_its_consequences_counted(real_run, finished_run, capsys):
    def change(record: dict[str, Any]) -> None:
        record["arguments"]["ridge"]["value"] = record["recipe"]["parameters"]["ridge"] = [0.25]
        other_outputs(record)

    forged(SWEPT, change)
    for name in ("figures_rank_profiles", "relational_claims"):  # both read what the sweep wrote
        forged(JOBS / name / "job.json", reads_others)
    status, (first, second) = told(capsys, finished_run)
    assert status == 1
    assert first.startswith("recipe       ridge [") and "] -> [0.25]: " in first
    assert first.endswith(f"{SWEPT} (1 with other outputs)")
    _, (from_lock, *more) = told(capsys, "provenance.lock.json")
    assert from_lock == f"recipe       its parameters or inputs: {SWEPT} (1 with other outputs)"
    assert [second] == more == ["and in consequence the outputs of 2 more jobs"]


def test_sources_environment_and_plain_chance_are_causes(real_run, finished_run, capsys):
    forged(TASK, lambda record: record["environment"].update(python="3.13.1"))
    changed = {"workflow/memgen/relational/ranks.py": "1" * 64}
    forged(SWEPT, lambda record: (record["code"].update(changed), record.update(code_digest="1" * 64)))
    forged(JOBS / "figures_task/job.json", other_outputs)
    _, lines = told(capsys, finished_run)
    assert lines[0].startswith("outputs      figures/task.pdf, figures/task.png for the same recipe, ")
    assert any(line.startswith("code         workflow/memgen/relational/ranks.py: ") for line in lines)
    (line,) = [line for line in lines if line.startswith("environment ")]
    assert "python 3." in line and line.endswith(f"-> 3.13.1: {TASK} (no other outputs)")


def test_a_leaf_a_missing_job_and_the_first_other_numbers_are_named(real_run, finished_run, capsys):
    given = Path("results/given.csv")
    given.write_text(given.read_text().replace("ti_n9", "other"))
    forged(JOBS / "relational_critical_table/tasks=given.json", reads_others)
    (JOBS / "figures_task/job.json").unlink()
    _, (leaf, missing, numbers) = told(capsys, finished_run)
    assert leaf.startswith("leaf         data/given.parquet: ")
    assert missing == f"missing      only in the first run: {JOBS}/figures_task/job.json (no other outputs)"
    assert numbers == f"numbers      {given}: different, row 1, column hierarchy: other, locked ti_n9"


def test_what_is_no_run_is_refused(real_run, tmp_path):
    assert "holds no results/provenance/jobs" in refused("diff", tmp_path)
    assert "is not the lock" in refused("diff", "README.md")
    SWEPT.write_text("{}")
    assert "RECORD-INVALID" in refused("diff", ".")
