"""Labels of pre-flop hands: names for the 169 kinds of two cards.

Ranks, suits and standard labels, the higher card first: AA, AKs (suited), AKo (offsuit).
"""

from itertools import combinations

RANKS = "23456789TJQKA"
SUITS = "cdhs"
DECK = tuple(rank + suit for rank in RANKS for suit in SUITS)
HOLDINGS = tuple(combinations(DECK, 2))
"""Every holding of two cards, 1,326 of them; cards in order of rank, then suit."""
_PAIRS = [rank * 2 for rank in RANKS]
_OTHERS = [f"{high}{low}{suited}" for high in RANKS for low in RANKS[: RANKS.index(high)] for suited in "so"]
LABELS = tuple(sorted(_PAIRS + _OTHERS))
"""The 169 standard labels, sorted as text."""


def label(first: str, second: str) -> str:
    """Standard label of two cards written rank and suit, such as ``Ah`` and ``Kd``."""
    high, low = sorted((first, second), key=lambda card: RANKS.index(card[0]), reverse=True)
    if high[0] == low[0]:
        return high[0] + low[0]
    return high[0] + low[0] + ("s" if high[1] == low[1] else "o")
