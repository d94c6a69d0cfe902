"""Worked examples in the documents and in docstrings give what they say."""

import doctest
import importlib
import sys

import pytest

from repository import ROOT

sys.path.append(str(ROOT / "tools"))

import language

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


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("It works.\n\nA table stands here.\n", [3]),
        ("One two. " + "word " * 36 + "end.\n", [1]),
        ("- A point\n- What a lock holds is long.\n", [2]),
        (
            "```\nA table stands here.\n```\n| what is |\n\n    what is\n\nNo `what is` $of its own$.\n",
            [],
        ),
        ("What is lost? It stands for a bit. The word is no longer here; it is no word.\n", [1]),
    ],
)
def test_habits_and_long_sentences_are_refused_outside_of_code(text: str, lines: list[int]) -> None:
    assert [line for line, _ in language.faults(language.sentences(text))] == lines
