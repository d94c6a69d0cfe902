"""Captions of the report: the id of the recipe, read from the record, and the commands that use it."""

import json
from pathlib import Path

import pytest
from docutils.core import publish_parts
from jinja2 import Template


def test_the_report_shows_the_id_of_the_record(finished_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished_run)
    output = {"record": "results/provenance/jobs/figures_task/job.json", "png": "figures/task.png"}
    template = Template(Path(".snakemake/captions/task.rst").read_text())
    page = publish_parts(template.render(snakemake={"output": output}), writer="html")["body"]
    recipe = json.loads(Path(output["record"]).read_text())["recipe_id"]
    assert "Transitive inference with exceptions." in page and f"\n{recipe}\n</pre>" in page
    for command in ("show", "reproduce"):
        assert f"memgen provenance {command} figures/task.png" in page
