"""Worked examples in the documents and in docstrings give what they say."""

import doctest
import importlib

import pytest

from repository import ROOT

EXECUTED = [
    "memgen.relational.hierarchy",
    "memgen.relational.ranks",
    "memgen.relational.crossing",
    "memgen.relational.behaviour",
    "memgen.notebooks.theory",
]


def test_examples_of_the_api() -> None:
    outcome = doctest.testfile(str(ROOT / "docs/api.md"), module_relative=False)
    assert outcome.attempted >= 15 and outcome.failed == 0


@pytest.mark.parametrize("module", EXECUTED)
def test_examples_in_docstrings(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted >= 1 and outcome.failed == 0
