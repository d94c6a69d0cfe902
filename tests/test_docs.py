"""The documentation's generated pages hold everything, and its links lead somewhere."""

import re
import sys
from pathlib import Path

import pytest

from memgen.configuration.layers import load
from memgen.figures import table
from memgen.notebooks.result import Lines
from repository import ROOT

sys.path.append(str(ROOT / "tools/docs"))

import configuration_page
import gallery
import site_check


@pytest.fixture(scope="module")
def configuration() -> str:
    return configuration_page.configuration()


def test_the_configuration_reference_holds_every_key_of_the_default_study(configuration: str) -> None:
    keys = set(re.findall(r"^\| `([^`]+)` \|", configuration, re.MULTILINE))
    for block, settings in load([ROOT / "config.yaml"]).items():
        assert f"## {block}\n" in configuration
        for name in settings:
            assert name in keys or f"### {block}.{name}\n" in configuration
    for field in ("clusters.learners.network.hidden", "figures.rank_profiles.ridge", "<name>.epochs"):
        assert field in keys or field.partition(".")[2] in keys, field
    # What a method's blocks say is there, with its default.
    assert "whole number" in configuration and "default: `" in configuration


def test_editors_read_the_types_that_the_configuration_is_checked_against() -> None:
    first = (ROOT / "config.yaml").read_text().partition("\n")[0]
    assert first == f"# yaml-language-server: $schema={configuration_page.SCHEMA}"
    assert (ROOT / configuration_page.SCHEMA).read_text() == configuration_page.schema_text(), (
        "write it anew: PYTHONPATH=workflow python tools/docs/configuration_page.py"
    )


def test_captions_are_filled_in() -> None:
    known = {entry.function: entry for entry in table.entries(load([ROOT / "config.yaml"]))}
    assert "9 items, 5 beats 3 at ridge 0:" in gallery.caption(known["mechanism"], "mechanism")


def test_a_site_that_holds_together(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("body { background: url(own.png) }")
    (tmp_path / "a.html").write_text(
        '<link rel="stylesheet" href="style.css"><h1 id="top">A</h1><a href="b.html#there">b</a>'
        '<a href="https://example.org">elsewhere, on a click</a>'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p><a href="a.html#top">a</a><a href="#there">here</a>')
    assert site_check.check(tmp_path) == ([], 2, 4)


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="b.html">b</a>', "leads to b.html, which is not there"),
        ('<a href="#b">b</a>', "leads to #b, a part that is not there"),
        ('<a href="../outside.html">b</a>', "leads to ../outside.html, which is not there"),
        ('<script src="https://example.org/x.js"></script>', "loads https://example.org/x.js"),
        ('<img src="//example.org/x.png">', "loads //example.org/x.png"),
        ('<link rel="stylesheet" href="https://example.org/x.css">', "loads https://example.org/x.css"),
        ("<style>@import 'https://example.org/x.css';</style>", "loads https://example.org/x.css"),
        ('<p style="background: url(https://example.org/x.png)">', "loads https://example.org/x.png"),
    ],
)
def test_a_site_that_does_not(tmp_path: Path, html: str, fault: str) -> None:
    (tmp_path / "outside.html").write_text("")
    site = tmp_path / "site"
    site.mkdir()
    (site / "a.html").write_text(html)
    assert site_check.check(site)[0] == [f"a.html: {fault}"]


def test_a_result_refuses_a_column_without_a_unit() -> None:
    import polars as pl

    from memgen.errors import BadInput

    frame = pl.DataFrame({"samples": [1, 2], "error": [0.5, 0.25], "learner": ["a", "a"]})
    with pytest.raises(BadInput, match="allowed: of samples, error, learner"):
        Lines(title="t", frame=frame, units={"samples": "examples"}, x="samples", y="samples", by="samples")
    units = {"samples": "examples", "error": "", "learner": ""}
    lines = Lines(title="t", frame=frame, units=units, x="samples", y="error", by="learner", logarithmic=True)
    assert "samples (examples)" in lines._repr_html_()
    axes = lines.plot()
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale()) == ("samples (examples)", "error", "log")
