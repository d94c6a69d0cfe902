"""Captions of the report: the id of the recipe, read from the record, and the commands that use it."""

import json
from pathlib import Path

import pytest
from docutils.core import publish_parts
from jinja2 import Template

from memgen.configuration.layers import load
from memgen.figures.table import entries


def test_the_report_shows_the_id_of_the_record(finished_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished_run)
    output = {"record": "results/provenance/jobs/figures_task/job.json", "png": "figures/task.png"}
    task = next(entry for entry in entries(load([Path("config.yaml")])) if entry.name == "task")
    text = Template(task.template()).render(snakemake={"output": output})
    page = publish_parts(text, writer="html")["body"]
    recipe = json.loads(Path(output["record"]).read_text())["recipe_id"]
    assert "Transitive inference with exceptions." in page and f"\n{recipe}\n</pre>" in page
    for command in ("show", "reproduce"):
        assert f"memgen provenance {command} figures/task.png" in page
