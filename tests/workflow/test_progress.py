"""What a run shows where somebody watches, and what a dry run and a plan say of time."""

import io
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from snakemake.settings.types import OutputSettings
from snakemake_interface_logger_plugins.common import LogEvent

from repository import called
from runs import study
from snakemake_logger_plugin_memgen import LogHandler


def record(message: str | None = None, level: int = logging.INFO, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("snakemake", level, __file__, 1, message, None, None)
    vars(made).update(extra)
    return made


def started(job: int, rule: str, **wildcards: str) -> logging.LogRecord:
    about = {"rule_name": rule, "benchmark": None, "resources": {"expected_s": 10}, "wildcards": wildcards}
    return record(event=LogEvent.JOB_INFO, jobid=job, **about)


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LogHandler:
    monkeypatch.chdir(tmp_path)
    made = LogHandler(OutputSettings(), None)
    made.setFormatter(logging.Formatter("%(message)s"))
    made.console = Console(file=io.StringIO(), force_terminal=True, width=100)
    return made


def shown(handler: LogHandler) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(handler._view())
    return console.file.getvalue()


def test_each_running_rule_has_a_line_and_all_together_one(handler):
    handler.emit(record("Expected", expected={1: 10.0, 2: 10.0, 3: 20.0}))
    handler.emit(record(event=LogEvent.RUN_INFO, stats={"sweep": 2, "fit": 1, "total": 3}))
    assert re.search(r"0 of 3 jobs +0:00 +about 40 s of one core's time in all", shown(handler))
    for job in (1, 2):
        handler.emit(started(job, "sweep"))
    assert re.search(r"sweep +0 of 2 done +2 running", shown(handler))
    handler.emit(record(event=LogEvent.JOB_FINISHED, job_id=1))
    handler.begun -= 20  # a quarter of what was expected took as long
    assert re.search(r"sweep +1 of 2 done +1 running", shown(handler))
    assert re.search(r"1 of 3 jobs +0:20 +about (55|60) s left", shown(handler))
    handler.emit(record(event=LogEvent.JOB_FINISHED, job_id=2))
    handler.emit(started(3, "fit"))
    assert "sweep" not in shown(handler) and "fit" in shown(handler)
    handler.emit(record(event=LogEvent.JOB_FINISHED, job_id=3))
    assert handler.live is None  # what the study says at its end is not written over
    handler.close()


def test_elsewhere_each_finished_job_has_a_line(handler):
    handler.console = Console(file=io.StringIO(), width=80)
    handler.emit(record("Expected", expected={1: 10.0, 2: 10.0}))
    handler.emit(record(event=LogEvent.RUN_INFO, stats={"language_fit": 2, "total": 2}))
    for job in (1, 2):
        handler.emit(started(job, "language_fit", model="minilm", kind="fake"))
        handler.emit(record(event=LogEvent.JOB_FINISHED, job_id=job))
    one, two = handler.console.file.getvalue().splitlines()
    assert re.fullmatch(r"1 of 2  language fit: model minilm, items fake  0 s  about 5 s left", one)
    assert re.fullmatch(r"2 of 2  language fit: model minilm, items fake  0 s", two)


def test_a_failed_job_leaves_its_line_and_its_message(handler):
    handler.emit(record(event=LogEvent.RUN_INFO, stats={"sweep": 1, "total": 1}))
    handler.emit(started(1, "sweep"))
    handler.emit(record("Error in rule sweep", logging.ERROR, event=LogEvent.JOB_ERROR, jobid=1))
    handler.emit(record("Select jobs to execute..."))
    handler.close()
    printed = handler.console.file.getvalue()
    assert "Error in rule sweep" in printed and "Select jobs" not in printed and not handler.running


def test_a_dry_run_says_how_long_each_rule_takes(repository):
    printed = study(repository, "-n", "results/relational/sweep.parquet")
    rows = dict(re.findall(r"^(\w+) +\d+ +(.*)$", printed, re.MULTILINE))
    assert set(rows) == {"relational_task", "relational_sweep", "total"}
    assert re.fullmatch(r"\d+ (s|min)", rows["relational_sweep"])
    assert rows["total"].endswith("of one core's time")


@pytest.mark.full
def test_a_plan_of_the_papers_scale_needs_no_weights_no_gpu_and_no_network(repository):
    asked = ["--config", "configs/paper.yaml", "--gpus", "8", "--simulate", "--rates"]
    before = set(repository.rglob("*"))
    done = called("memgen", "plan", *asked, folder=repository, package=repository)
    assert done.returncode == 0, done.stderr
    total = re.search(r"^all +(\d+) +([\d,]+) ", done.stdout, re.MULTILINE)
    # The paper's 46,400 runs, and our ridge and sequential ones.
    assert total and int(total[1]) <= 1000 and total[2] == "51,400"
    assert "finished after" in done.stdout and "critical path" in done.stdout
    lost = re.search(r"lost of work of GPUs: .* ([\d.]+)%", done.stdout)
    assert lost and float(lost[1]) < 1
    assert re.search(r"lora, cuda: .*; (assumed|measured: )", done.stdout)
    new = set(repository.rglob("*")) - before
    assert {path for path in new if {".snakemake", "__pycache__"}.isdisjoint(path.parts)} == set()
