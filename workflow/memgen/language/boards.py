"""Heads-up equities of pre-flop hands, computed: boards are sampled and every holding is scored on each.

The equity of one label against another is the chance to win plus half the chance to tie, over all boards and
all pairs of holdings of the two labels that share no card, each equally likely: the average over all legal
suit combinations.
"""

from dataclasses import dataclass

import numpy as np

from memgen.errors import BadInput
from memgen.jobs.seeding import generator
from memgen.jobs.stage import progress
from memgen.language.hands import LABELS, RANKS, SUITS, holdings, label

HOLDINGS = holdings()
_INDEX = {name: index for index, name in enumerate(LABELS)}
LABEL_OF = np.array([_INDEX[label(*pair)] for pair in HOLDINGS])
"""Index of the label of each holding."""


def strengths(board: tuple[str, ...]) -> np.ndarray:
    """Strength of every holding on a board of five cards such as ``Ah``; shape (1326,).

    Larger wins; -1 for holdings that share a card with the board.
    """
    import eval7

    cards = {rank + suit: eval7.Card(rank + suit) for rank in RANKS for suit in SUITS}
    table = [cards[name] for name in board]
    return np.array(
        [
            -1 if one in board or other in board else eval7.evaluate([*table, cards[one], cards[other]])
            for one, other in HOLDINGS
        ]
    )


def ratio(
    won: np.ndarray, played: np.ndarray, squares: np.ndarray, boards: int
) -> tuple[np.ndarray, np.ndarray]:
    """Ratio of two sums over independent boards, and its standard error by the delta method.

    `squares` holds the sums over boards of won squared, won times played and played squared.
    """
    equity = won / played
    squared, product, other = squares
    residual = squared - 2 * equity * product + equity**2 * other
    return equity, np.sqrt(boards / (boards - 1) * np.maximum(residual, 0)) / played


@dataclass
class Tally:
    """Sums over boards, label against label: wins plus half the ties, and pairs of holdings played.

    Both have shape (169, 169); `squares`, as in `ratio`, has shape (3, 169, 169).
    """

    boards: int
    won: np.ndarray
    played: np.ndarray
    squares: np.ndarray

    @classmethod
    def empty(cls) -> "Tally":
        """Nothing played."""
        shape = (len(LABELS), len(LABELS))
        return cls(0, np.zeros(shape), np.zeros(shape), np.zeros((3, *shape)))

    def equity(self) -> tuple[np.ndarray, np.ndarray]:
        """Equities and their standard errors over independent boards, each of shape (169, 169).

        Raises
        ------
        BadInput
            If two labels never met, as on boards that hold the cards of one.
        """
        first, second = np.nonzero(self.played == 0)
        if len(first):
            pair = f"{LABELS[first[0]]} v {LABELS[second[0]]}"
            raise BadInput(f"--boards {self.boards}: too few, {pair} was played on none of them")
        return ratio(self.won, self.played, self.squares, self.boards)


class Compare:
    """Compares all holdings on a board, two sorted columns of them at a time.

    Holdings are compared by their order: with holdings sorted by strength, the wins of a label over another
    are counts of how many of the other's stand below, which cumulated counts give without a pair ever being
    formed. Pairs of holdings that share a card are then taken out again, all 1,326 x 100 of them at once.
    """

    def __init__(self) -> None:
        cards = [rank + suit for rank in RANKS for suit in SUITS]
        held = np.zeros((len(HOLDINGS), 52), dtype=bool)
        for index, pair in enumerate(HOLDINGS):
            held[index, [cards.index(card) for card in pair]] = True
        overlap = (held.astype(int) @ held.T.astype(int)) > 0
        self._first, self._second = np.nonzero(overlap)
        count = len(LABELS)
        self._cell = LABEL_OF[self._first] * count + LABEL_OF[self._second]
        self._one_hot = np.zeros((len(HOLDINGS), count), dtype=np.float32)
        self._one_hot[np.arange(len(HOLDINGS)), LABEL_OF] = 1

    def __call__(self, strength: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Won (with half the ties) and played on one board, each of shape (169, 169)."""
        legal = np.flatnonzero(strength >= 0)
        values, level = np.unique(strength[legal], return_inverse=True)
        counts = np.zeros((len(values), len(LABELS)), dtype=np.float32)
        np.add.at(counts, (level, LABEL_OF[legal]), 1)
        below = np.cumsum(counts, 0) - counts / 2
        won = (counts.T @ below).astype(float)
        total = counts.sum(0).astype(float)
        played = np.outer(total, total)
        one, other = strength[self._first], strength[self._second]
        both = (one >= 0) & (other >= 0)
        share = np.where(one > other, 1.0, np.where(one == other, 0.5, 0.0))[both]
        size = len(LABELS) ** 2
        won -= np.bincount(self._cell[both], share, size).reshape(won.shape)
        played -= np.bincount(self._cell[both], minlength=size).reshape(won.shape)
        return won, played


def play(boards: int, seed: int) -> Tally:
    """Score every holding on boards of five cards, drawn independently of each other, by a seed."""
    random = generator("language", "poker", "boards", seed)
    deck = [rank + suit for rank in RANKS for suit in SUITS]
    compare, tally = Compare(), Tally.empty()
    for _ in progress(range(boards), "boards", boards):
        board = tuple(deck[card] for card in random.choice(52, 5, replace=False))
        won, played = compare(strengths(board))
        tally.boards += 1
        tally.won += won
        tally.played += played
        for total, part in zip(tally.squares, (won * won, won * played, played * played), strict=True):
            total += part
    return tally
