"""The tools: pages and schema of the documentation, the check of language, and what the lock pins."""

import importlib.metadata
import sys

import polars as pl
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from memgen.errors import BadInput
from memgen.notebooks.result import Lines
from repository import ROOT, loaded

sys.path += [str(ROOT / "tools/docs"), str(ROOT / "tools")]

import configuration_page
import site_check

import plain_words


def test_editors_read_the_types_that_the_configuration_is_checked_against():
    first = (ROOT / "config.yaml").read_text().partition("\n")[0]
    assert first == f"# yaml-language-server: $schema={configuration_page.SCHEMA}"
    assert (ROOT / configuration_page.SCHEMA).read_text() == configuration_page.schema_text(), (
        "write it anew: PYTHONPATH=workflow python tools/docs/configuration_page.py"
    )


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="https://example.org">elsewhere, on a click</a><a href="#top">here</a>', None),
        ('<a href="b.html">b</a>', "leads to b.html, which is not there"),
        ('<a href="#b">b</a>', "leads to #b, a part that is not there"),
        ('<script src="https://example.org/x.js"></script>', "loads https://example.org/x.js"),
        ('<p style="background: url(//example.org/x.png)">', "loads //example.org/x.png"),
    ],
)
def test_links_of_a_site_lead_somewhere_and_nothing_is_loaded_from_elsewhere(tmp_path, html, fault):
    (tmp_path / "a.html").write_text(f'<h1 id="top">A</h1>{html}')
    assert site_check.check(tmp_path)[0] == ([f"a.html: {fault}"] if fault else [])


def test_a_result_refuses_a_column_without_a_unit():
    frame = pl.DataFrame({"samples": [1, 2], "error": [0.5, 0.25], "learner": ["a", "a"]})
    with pytest.raises(BadInput, match="allowed: of samples, error, learner"):
        Lines(title="t", frame=frame, units={"samples": "examples"}, x="samples", y="samples", by="samples")
    units = {"samples": "examples", "error": "", "learner": ""}
    lines = Lines(title="t", frame=frame, units=units, x="samples", y="error", by="learner", logarithmic=True)
    assert "samples (examples)" in lines._repr_html_()
    axes = lines.plot()
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale()) == ("samples (examples)", "error", "log")


def test_habits_and_long_sentences_are_refused_outside_of_code():
    plain = (
        "```\nA table stands here.\n```\n| what is |\n\nNo `what is` $of its own$. It stands for a bit.\n\n"
    )
    faulty = f"A table stands here.\n\nOne two. {'word ' * 36} end.\n"
    assert [line for line, _ in plain_words.faults(plain_words.sentences(plain + faulty))] == [8, 10]


def test_lock_pins_everything_that_its_packages_need():
    """Every requirement of every pinned package is pinned, and at a version that fits."""
    pins = loaded("environments").pins()
    for name, version in pins.items():
        distribution = importlib.metadata.distribution(name)
        assert distribution.version.split("+")[0] == version, name
        for needed in map(Requirement, distribution.requires or []):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                pin = pins.get(canonicalize_name(needed.name), "")
                assert pin and needed.specifier.contains(pin, prereleases=True), f"{name}: {needed}"


def test_conda_environments_are_written_from_the_list_and_the_lock():
    tool = loaded("environments")
    written = {path.stem: path.read_text() for path in (ROOT / "envs").glob("*.yaml")}
    assert written == {name: tool.environment(name) for name in tool.ENVIRONMENTS}


@pytest.mark.parametrize(
    ("platform", "refusal"),
    [
        (((3, 13), "Linux", "x86_64", "glibc"), None),
        (((3, 14), "Linux", "x86_64", "glibc"), "Python 3.14 is not covered"),
        (((3, 12), "Darwin", "arm64", ""), "Darwin on arm64"),
        (((3, 12), "Linux", "x86_64", ""), "unknown C library"),
    ],
)
def test_other_platforms_are_refused(platform, refusal):
    said = loaded("check_platform").refusal(*platform)
    assert (
        (said is None) if refusal is None else (refusal in said and "\n" not in said and "needed: " in said)
    )
