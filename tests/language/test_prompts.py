"""Prompts: the protocol's wording, one per ordered pair."""

from memgen.language.items import Sample
from memgen.language.prompts import prompt, prompts
from memgen.relational.hierarchy import ordered_pairs


def test_wording_is_the_protocols() -> None:
    assert prompt(("W", "L"), "X", "Y") == (
        "Q: Will the W win against the L? A: Yes. Q: Will the L win against the W? A: No. "
        "Q: Will the X win against the Y? A:"
    )


def test_wording_agrees_with_the_shared_protocol(shared) -> None:
    quoted = (shared / "language-models.md").read_text().partition('the query: "')[2].partition('"')[0]
    assert prompt(("W", "L"), "X", "Y") == quoted


def test_hands_have_the_protocols_wording(shared) -> None:
    protocol = (shared / "language-models.md").read_text()
    opening, question = (protocol.partition(part)[2].partition('"')[0] for part in ('(poker: "', ' and "'))
    first, second = prompt(("AA", "72o"), "KQs", "55", "hands").split(" Q: ", 1)
    assert first == opening
    assert second == (
        f"{question.replace('X', 'AA').replace('Y', '72o')} A: Yes. "
        f"Q: {question.replace('X', '72o').replace('Y', 'AA')} A: No. "
        f"Q: {question.replace('X', 'KQs').replace('Y', '55')} A:"
    )


def test_every_ordered_pair_is_asked_once() -> None:
    drawn = Sample(("A", "B", "C", "D"), ("W", "L"))
    for reverse in (False, True):
        names, asked = drawn.ranked(reverse), prompts(drawn, reverse)
        assert len(set(asked)) == len(asked) == 12
        for (first, second), text in zip(ordered_pairs(4), asked, strict=True):
            assert text.endswith(f"Will the {names[first]} win against the {names[second]}? A:")
