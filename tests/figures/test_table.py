"""The table of figures: every entry fits its function, and every caption is filled in."""

import importlib
import inspect
import re
from typing import Any

import pytest

from memgen.configuration.layers import load
from memgen.figures.table import Entry, entries
from memgen.jobs.arguments import flag
from memgen.jobs.stage import role_of
from repository import ROOT

CONFIG = load([ROOT / "config.yaml", ROOT / "configs/smoke.yaml"])
ENTRIES = entries(CONFIG)
PICTURES = [(entry, wildcards) for entry in ENTRIES for wildcards in entry.each]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.function)
def test_an_entry_names_every_argument_of_its_function(entry: Entry) -> None:
    stage = getattr(importlib.import_module(entry.module), entry.function)
    parts = inspect.signature(stage).parameters.values()
    hints = inspect.unwrap(stage).__annotations__
    roles: dict[str, dict[str, bool]] = {"input": {}, "output": {}, "parameter": {}}
    for part in parts:
        hint = hints[part.name]
        roles[role_of(hint)][flag(part.name, hint).removeprefix("--")] = part.default is part.empty
    needed = {name for name, required in roles["parameter"].items() if required}
    assert set(entry.tables) == set(roles["input"])
    assert needed <= set(entry.options) <= set(roles["parameter"])
    assert set(roles["output"]) == {"pdf", "png"}
    assert "{" not in (inspect.getdoc(stage) or ""), "the help shows what only a caption fills in"


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture[0].name.format(**picture[1]))
def test_a_caption_says_what_the_picture_shows(picture: tuple[Entry, dict[str, str]]) -> None:
    entry, wildcards = picture
    first, template = entry.words()
    assert first.startswith("Draw ") and template
    caption = re.sub(r":math:`.*?`", "", entry.caption(entry.told(wildcards)), flags=re.DOTALL)
    assert "{" not in caption
    for name in set(re.findall(r"\{(\w+)\}", template)) & set(entry.options):
        assert str(entry.told(wildcards)[name]) in caption


def test_a_study_without_published_answers_draws_none_of_them() -> None:
    config: dict[str, Any] = {**CONFIG, "published": {**CONFIG["published"], "source": None}}
    drawn = {target for entry in entries(config) for target in entry.targets()}
    assert not any("published" in target for target in drawn)
    assert {f"figures/{name}.pdf" for name in ("task", "margin_heatmaps_probe_fake")} <= drawn
