"""A small study with records, records changed by a forger, and what `memgen provenance` answers."""

import importlib
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from memgen.__main__ import run
from memgen.errors import BadInput
from memgen.jobs.digests import digest_of
from memgen.jobs.entries import find
from memgen.jobs.record import seal
from memgen.jobs.stage import Job, OutputDirectory

JOBS = Path("results/provenance/jobs")
TASK = JOBS / "relational_task/hierarchy=a.json"
SWEEP = JOBS / "relational_sweep/job.json"
FIGURE = JOBS / "figures_task/job.json"
FOLDER = JOBS / "language_initialize/job.json"


def provenance(*arguments: object) -> int:
    """Exit status of `memgen provenance`, called in this process."""
    with pytest.raises(SystemExit) as ended:
        run(["provenance", *map(str, arguments)])
        raise SystemExit(0)
    return int(ended.value.code or 0)


def answered(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str]]:
    """Its exit status, and the lines that it prints."""
    return provenance(*arguments), capsys.readouterr().out.splitlines()


def refused(*arguments: object) -> str:
    """The one line with which it refuses."""
    with pytest.raises(BadInput) as caught:
        provenance(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def stage(study: str, name: str) -> Callable[..., Any]:
    """The function of a stage, in whatever file it is."""
    entry = find(study, name)
    assert entry is not None
    return inspect.unwrap(getattr(importlib.import_module(entry.module), entry.function))


def run_study() -> None:
    """Make a task, its sweep and its figure in the present folder."""
    table = Path("results/tasks/a.parquet")
    given = {"name": "a", "n": 5, "exceptions": ["3:1"], "out": table}
    Job.bind(stage("relational", "task"), **given).run(record=TASK, threads=1)
    tables = {"out": Path("results/sweep.parquet"), "ranks": Path("results/ranks.parquet")}
    given = {"tasks": [table], "conjunctivity": [0.0, 0.3], "ridge": [0.0, 1.0], **tables}
    Job.bind(stage("relational", "sweep"), **given).run(record=SWEEP, threads=1)
    paths = {"pdf": Path("figures/task.pdf"), "png": Path("figures/task.png")}
    Job.bind(stage("figures", "task"), tasks=[table], **paths).run(record=FIGURE, threads=1)


def make_folder(out: Path) -> None:
    """Make a folder, as a job that writes weights does."""

    def made(*, out: OutputDirectory) -> None:
        (out / "deep").mkdir()
        (out / "deep/weights").write_bytes(b"1234")
        (out / "config").write_bytes(b"5")

    like = stage("language", "initialize")
    made.__module__, made.__name__ = like.__module__, like.__name__
    Job.bind(made, out=out).run(record=FOLDER)


def whiten(figure: Path, **saved: Any) -> None:
    """Draw a figure again without anything on it."""
    with Image.open(figure) as image:
        Image.new("RGB", image.size, "white").save(figure, **saved)


def forged(path: Path, change: Callable[[dict[str, Any]], object], into: Path | None = None) -> Path:
    """A record changed by someone who knows how to take its digests again."""
    content = json.loads(path.read_text())
    change(content)
    content["recipe_id"] = digest_of(content["recipe"])
    target = into or path
    target.write_bytes(seal(content))
    return target
