"""The questions that a model is asked.

Knows the wording, two fixed shots and then the query, and the order of the ordered pairs; knows neither
ranks nor models. The wording is the protocol's (language-models: Protocol).
"""

from collections.abc import Sequence

_SHOT = "Q: Will the {0} win against the {1}? A: {2}."
_QUERY = "Q: Will the {0} win against the {1}? A:"


def prompt(anchor: tuple[str, str], first: str, second: str) -> str:
    """Prompt that asks whether `first` wins against `second`.

    Parameters
    ----------
    anchor : tuple of str, shape (2,)
        Winner and loser of the two shots.
    first, second : str
        Names in the query, in this order.

    Returns
    -------
    str
        It ends in ``A:``; the answer is `` Yes`` or `` No``.
    """
    winner, loser = anchor
    return " ".join(
        [_SHOT.format(winner, loser, "Yes"), _SHOT.format(loser, winner, "No"), _QUERY.format(first, second)]
    )


def ordered_pairs(n: int) -> list[tuple[int, int]]:
    """Every ordered pair of n positions, without the diagonal, row by row; length n (n - 1)."""
    return [(first, second) for first in range(n) for second in range(n) if first != second]


def prompts(anchor: tuple[str, str], names: Sequence[str]) -> list[str]:
    """Prompt of every ordered pair of names, in the order of `ordered_pairs`."""
    return [prompt(anchor, names[first], names[second]) for first, second in ordered_pairs(len(names))]
