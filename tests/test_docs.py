"""The documentation's links lead somewhere, and its schema is that of the types."""

import sys

import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.notebooks.result import Lines
from repository import ROOT

sys.path.append(str(ROOT / "tools/docs"))

import configuration_page
import site_check


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
