"""The questions that a model is asked.

The wording is the protocol's (language-models: Protocol), one for teams and one for hands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from memgen.language.items import Sample
from memgen.relational.hierarchy import ordered_pairs


@dataclass(frozen=True)
class Wording:
    """How a question is put: what stands before the shots, and the question about {0} and {1}."""

    opening: str
    question: str


WORDINGS: Mapping[str, Wording] = MappingProxyType(
    {
        "teams": Wording("", "Will the {0} win against the {1}?"),
        "hands": Wording("We consider pre-flop all-in heads-up.", "Is {0} likely to win against {1}?"),
    }
)


def prompt(anchor: tuple[str, str], first: str, second: str, wording: str = "teams") -> str:
    """Prompt that asks whether `first` wins against `second`, after two shots of the anchor pair.

    It ends in ``A:``; the answer is `` Yes`` or `` No``. The wording is a key of `WORDINGS`.
    """
    winner, loser = anchor
    form = WORDINGS[wording]
    asked = [(winner, loser, " Yes."), (loser, winner, " No."), (first, second, "")]
    sentences = [f"Q: {form.question.format(one, other)} A:{answer}" for one, other, answer in asked]
    return " ".join([form.opening, *sentences]).strip()


def prompts(drawn: Sample, reverse: bool = False, shots: bool = True) -> list[str]:
    """Prompt of every ordered pair of ranks of one run, in the order of `ordered_pairs`.

    In a run that is reversed the items hold the ranks in opposite order. Without the two shots nothing else
    stands before the query.
    """
    ranked = drawn.ranked(reverse)
    pairs = [(ranked[first], ranked[second]) for first, second in ordered_pairs(len(ranked))]
    if not shots:
        return [f"Q: {WORDINGS[drawn.wording].question.format(*pair)} A:" for pair in pairs]
    return [prompt(drawn.anchor, *pair, drawn.wording) for pair in pairs]
