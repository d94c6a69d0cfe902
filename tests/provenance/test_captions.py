"""Captions of the report: the id of the recipe, read from the record, and the commands that use it."""

import json
from pathlib import Path

import pytest
from docutils.core import publish_parts
from jinja2 import Template

from repository import ROOT

CAPTIONS = sorted(path for path in (ROOT / "workflow/report").glob("*.rst") if path.stem != "study")


@pytest.mark.parametrize("path", CAPTIONS, ids=lambda path: path.stem)
def test_every_caption_ends_with_the_recipe_and_two_commands(path: Path) -> None:
    ending = (ROOT / "workflow/report/task.rst").read_text().partition("\n.. include::")[2]
    assert path.read_text().endswith(f"\n\n.. include::{ending}")


def test_the_report_shows_the_id_of_the_record(finished_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished_run)
    output = {"record": "results/provenance/jobs/figures_task/job.json", "png": "figures/task.png"}
    text = Template((ROOT / "workflow/report/task.rst").read_text()).render(snakemake={"output": output})
    page = publish_parts(text, writer="html")["body"]
    recipe = json.loads(Path(output["record"]).read_text())["recipe_id"]
    assert f"\n{recipe}\n</pre>" in page
    for command in ("show", "reproduce"):
        assert f"memgen provenance {command} figures/task.png" in page
