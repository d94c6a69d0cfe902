"""Heads-up equities of pre-flop hands, computed: boards are sampled and every holding is scored on each.

The equity of one label against another is the chance to win plus half the chance to tie, over all boards and
all pairs of holdings of the two labels that share no card, each equally likely: the average over all legal
suit combinations.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.errors import BadInput
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Output, progress, stage
from memgen.language.configuration import Poker
from memgen.language.hands import DECK, HOLDINGS, LABELS, label
from memgen.language.tables import EQUITY

_INDEX = {name: index for index, name in enumerate(LABELS)}
LABEL_OF = np.array([_INDEX[label(*pair)] for pair in HOLDINGS])
"""Index of the label of each holding."""


@stage
@flat
def equity(*, sampling: Poker, out: Output) -> None:
    """Estimate the equity of every pre-flop hand against every other, with standard errors.

    Parameters
    ----------
    out
        Equities, one row per ordered pair of labels.
    """
    values, errors = play(sampling.boards, sampling.seed)
    count = len(LABELS)
    rows: dict[str, Any] = {
        "first": np.repeat(LABELS, count),
        "second": np.tile(LABELS, count),
        "equity": values.ravel(),
        "standard_error": errors.ravel(),
        "boards": np.full(count * count, sampling.boards),
    }
    EQUITY.write(pl.DataFrame(rows, schema=EQUITY.schema), out)


def strengths(board: tuple[str, ...]) -> np.ndarray:
    """Strength of every holding on a board of five cards such as ``Ah``; shape (1326,).

    Larger wins; -1 for holdings that share a card with the board.
    """
    import eval7

    cards = {name: eval7.Card(name) for name in DECK}
    table = [cards[name] for name in board]
    return np.array(
        [
            -1 if one in board or other in board else eval7.evaluate([*table, cards[one], cards[other]])
            for one, other in HOLDINGS
        ]
    )


def add_board(sums: np.ndarray, squares: np.ndarray, won: np.ndarray, played: np.ndarray) -> None:
    """Add a board to the sums of won and played, and of won squared, won times played, played squared."""
    for total, part in zip(
        (*sums, *squares), (won, played, won * won, won * played, played * played), strict=True
    ):
        total += part


def ratio(sums: np.ndarray, squares: np.ndarray, boards: int) -> tuple[np.ndarray, np.ndarray]:
    """Won over played, from sums over independent boards, and its standard error by the delta method."""
    won, played = sums
    equity = won / played
    squared, product, other = squares
    residual = squared - 2 * equity * product + equity**2 * other
    return equity, np.sqrt(boards / (boards - 1) * np.maximum(residual, 0)) / played


class Compare:
    """Compares all holdings on a board, two sorted columns of them at a time.

    Holdings are compared by their order: with holdings sorted by strength, the wins of a label over another
    are counts of how many of the other's stand below, which cumulated counts give without a pair ever being
    formed. Pairs of holdings that share a card are then taken out again, all 1,326 x 100 of them at once.
    """

    def __init__(self) -> None:
        held = np.array([[card in pair for card in DECK] for pair in HOLDINGS])
        overlap = (held.astype(int) @ held.T.astype(int)) > 0
        self._first, self._second = np.nonzero(overlap)
        self._cell = LABEL_OF[self._first] * len(LABELS) + LABEL_OF[self._second]

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


def dealt(boards: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Strengths of all holdings on boards of five cards that are drawn independently of each other."""
    for _ in progress(range(boards), "boards", boards):
        yield strengths(tuple(DECK[card] for card in random.choice(52, 5, replace=False)))


def play(boards: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Equities of every label against every other, and their standard errors, each of shape (169, 169).

    Every holding is scored on boards drawn by a seed. BadInput if two labels never met, as on boards that
    hold the cards of one.
    """
    compare = Compare()
    sums, squares = np.zeros((2, len(LABELS), len(LABELS))), np.zeros((3, len(LABELS), len(LABELS)))
    for strength in dealt(boards, generator("language", "poker", "boards", seed)):
        add_board(sums, squares, *compare(strength))
    first, second = np.nonzero(sums[1] == 0)
    if len(first):
        pair = f"{LABELS[first[0]]} v {LABELS[second[0]]}"
        raise BadInput(f"--boards {boards}: too few, {pair} was played on none of them")
    return ratio(sums, squares, boards)
