"""The check of language finds habits and long sentences in prose, and none in code."""

import sys

import pytest

from repository import ROOT

sys.path.append(str(ROOT / "tools"))

import plain_words


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
    assert [line for line, _ in plain_words.faults(plain_words.sentences(text))] == lines
