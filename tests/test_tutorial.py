"""Worked examples give what they say: the tutorial, the notebook, the page of the API and docstrings."""

import doctest
import importlib
import json
import re
import shlex

import pytest

from repository import ROOT

BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOTEBOOK = ROOT / "docs/theory-to-model.ipynb"


def test_the_tutorial_prints_what_it_says(tmp_path, monkeypatch, memgen):
    monkeypatch.chdir(tmp_path)
    checker, names, commands, examples = doctest.OutputChecker(), {}, 0, 0
    for kind, block in BLOCK.findall((ROOT / "docs/tutorial.md").read_text(encoding="utf-8")):
        if kind == "python":
            test = doctest.DocTestParser().get_doctest(block, names, "tutorial", "tutorial.md", 0)
            outcome = doctest.DocTestRunner().run(test, clear_globs=False)
            assert outcome.failed == 0
            names, examples = test.globs, examples + outcome.attempted
            continue
        before, *parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
        assert before == ""
        for line, expected in zip(parts[::2], parts[1::2], strict=True):
            name, *arguments = shlex.split(line)
            assert name == "memgen"
            status, printed, _ = memgen(*arguments)
            assert status == 0
            assert checker.check_output(expected, printed, doctest.ELLIPSIS), (line, printed)
            commands += 1
    assert commands >= 10 and examples >= 8
    assert (tmp_path / "margins.png").is_file() and (tmp_path / "figures/task.png").is_file()


def test_the_notebook_runs_in_a_fresh_clone(tmp_path, monkeypatch):
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    # The cell that pins threads would pin those of all tests that follow.
    monkeypatch.setattr("memgen.jobs.stage.pin_threads", lambda threads: None)
    monkeypatch.chdir(tmp_path)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    with plt.rc_context():
        for number, cell in enumerate(cells):
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
    assert len(plt.get_fignums()) >= 4
    plt.close("all")
    fits = names["fits"]
    assert fits["exception"].correlation > 0.99  # type: ignore[index]


@pytest.mark.parametrize("name", ["relational.hierarchy", "relational.ranks", "relational.crossing",
                                  "relational.behaviour", "notebooks.theory"])  # fmt: skip
def test_examples_in_docstrings(name):
    outcome = doctest.testmod(importlib.import_module(f"memgen.{name}"))
    assert outcome.attempted >= 1 and outcome.failed == 0


def test_examples_of_the_api():
    outcome = doctest.testfile(str(ROOT / "docs/api.md"), module_relative=False)
    assert outcome.attempted >= 15 and outcome.failed == 0
