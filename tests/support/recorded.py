"""A small study with records, and records changed by a forger."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memgen.figures.relational.task import task as draw
from memgen.jobs.digests import digest_of
from memgen.jobs.stage import Job
from memgen.provenance.record import seal
from memgen.relational.stages.sweep import sweep
from memgen.relational.stages.task import task

JOBS = Path("results/provenance/jobs")
TASK = JOBS / "relational_task/hierarchy=a.json"
SWEEP = JOBS / "relational_sweep/job.json"
FIGURE = JOBS / "figures_task/job.json"


def _run(stage: Any, record: Path, **arguments: object) -> None:
    Job.bind(stage.__wrapped__, **arguments).run(record=record, threads=1)


def run_study() -> None:
    """Make a task and its sweep in the present folder."""
    table = Path("results/tasks/a.parquet")
    _run(task, TASK, name="a", n=5, exceptions=["3:1"], out=table)
    tables = {"out": Path("results/sweep.parquet"), "ranks": Path("results/ranks.parquet")}
    _run(sweep, SWEEP, tasks=[table], conjunctivity=[0.0, 0.3], ridge=[0.0, 1.0], **tables)


def draw_figure() -> None:
    """Draw the task of `run_study`."""
    paths = {"pdf": Path("figures/task.pdf"), "png": Path("figures/task.png")}
    _run(draw, FIGURE, tasks=[Path("results/tasks/a.parquet")], **paths)


def forged(path: Path, change: Callable[[dict[str, Any]], object], into: Path | None = None) -> Path:
    """A record changed by someone who knows how to take its digests again."""
    content = json.loads(path.read_text())
    change(content)
    content["recipe_id"] = digest_of(content["recipe"])
    target = into or path
    target.write_bytes(seal(content))
    return target
