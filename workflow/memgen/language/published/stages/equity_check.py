"""Our equities against the published matrix, and why the two differ: it fixes suits, and deals cards twice.

The published matrix holds one number per pair of labels, for one assignment of suits. Which assignment is not
stated, so sampled entries are compared with all of them, also with those in which both hands hold the same
card: where two labels share a rank, the matrix turns out to hold such deals, which no deck can make.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.errors import BadInput
from memgen.jobs.arguments import Seed
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Input, Output, progress, stage
from memgen.language.boards import ratio, strengths
from memgen.language.hands import LABELS, RANKS, SUITS, holdings, label
from memgen.language.lineups import Equities
from memgen.language.published.configuration import EquityBoards, EquityEntries, Published
from memgen.language.published.tables import EQUITY_CLASSES, EQUITY_SUITS

HOLDINGS = holdings()


DEVIATIONS = 4.0
"""Standard errors within which two equities are the same."""


def kind(name: str) -> str:
    """Class of a label: pair, suited or offsuit."""
    return "pair" if len(name) == 2 else {"s": "suited", "o": "offsuit"}[name[2]]


def read_matrix(path: Path) -> np.ndarray:
    """Published matrix of equities in the order of `LABELS`.

    Parameters
    ----------
    path : pathlib.Path
        Comma-separated, labels in the first row and column; either card of a label may come first.

    Returns
    -------
    ndarray, shape (169, 169)

    Raises
    ------
    BadInput
        If it is no such table.
    """
    try:
        table = pl.read_csv(path)
        names = [_standard(str(name)) for name in table[table.columns[0]]]
        columns = [_standard(name) for name in table.columns[1:]]
        values = table.drop(table.columns[0]).cast(pl.Float64).to_numpy()
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{path}: cannot be read ({reason}); allowed: a table of 169 x 169 equities") from None
    if sorted(names) != list(LABELS) or columns != names:
        raise BadInput(f"{path}: {len(names)} x {len(columns)} labels; allowed: the 169 hands, each once")
    order = np.argsort(names)
    return np.asarray(values[np.ix_(order, order)])


def _standard(name: str) -> str:
    """Label with the higher card first."""
    if (
        len(name) == 3
        and name[0] in RANKS
        and name[1] in RANKS
        and RANKS.index(name[0]) < RANKS.index(name[1])
    ):
        return name[1] + name[0] + name[2]
    return name


@dataclass(frozen=True)
class Assignments:
    """Every way to give suits to two labels, up to a renaming of the suits.

    Parameters
    ----------
    names : tuple of str, length k
        One example of each, such as ``ThTd v Ts4h``.
    shared : ndarray of bool, shape (k,)
        Whether both hands hold the same card.
    first, second : ndarray of int, shape (m,)
        Indices of holdings, grouped by assignment.
    starts : ndarray of int, shape (k,)
        Where each assignment's holdings begin.
    """

    names: tuple[str, ...]
    shared: np.ndarray
    first: np.ndarray
    second: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, one: str, other: str) -> "Assignments":
        """Assignments of two different labels."""
        groups: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        held = [[i for i, pair in enumerate(HOLDINGS) if label(*pair) == name] for name in (one, other)]
        for i in held[0]:
            for j in held[1]:
                form = min(
                    _renamed((*a, *b))
                    for a in (HOLDINGS[i], HOLDINGS[i][::-1])
                    for b in (HOLDINGS[j], HOLDINGS[j][::-1])
                )
                groups.setdefault(form, []).append((i, j))
        ordered = sorted(groups.items())
        pairs = np.array([pair for _, members in ordered for pair in members])
        counts = [len(members) for _, members in ordered]
        examples = [members[0] for _, members in ordered]
        return cls(
            tuple(f"{''.join(HOLDINGS[i])} v {''.join(HOLDINGS[j])}" for i, j in examples),
            np.array([bool(set(HOLDINGS[i]) & set(HOLDINGS[j])) for i, j in examples]),
            pairs[:, 0],
            pairs[:, 1],
            np.cumsum([0, *counts[:-1]]),
        )

    def on(self, strength: np.ndarray) -> np.ndarray:
        """Won (with half the ties) and played by assignment on one board, shape (2, k)."""
        a, b = strength[self.first], strength[self.second]
        legal = (a >= 0) & (b >= 0)
        won = np.where(legal, (a > b) + 0.5 * (a == b), 0.0)
        return np.add.reduceat(np.stack([won, legal.astype(float)]), self.starts, axis=1)


def _renamed(cards: tuple[str, ...]) -> tuple[str, ...]:
    """Cards with their suits renamed in the order in which they appear."""
    names: dict[str, str] = {}
    return tuple(card[0] + names.setdefault(card[1], SUITS[len(names)]) for card in cards)


@stage
@flat
def equity_check(
    *,
    equity: Input,
    published: Input,
    boards: EquityBoards = Published.equity_boards,
    entries: EquityEntries = Published.equity_entries,
    seed: Seed,
    classes: Output,
    suits: Output,
) -> None:
    """Compare our equities with the published matrix, and sampled entries of it with every fixed suit.

    Parameters
    ----------
    equity
        Our equities, averaged over suits.
    published
        The published matrix.
    seed
        Seed of both samples.
    classes
        Differences by class of the two hands.
    suits
        Sampled entries, each with the assignment of suits that comes nearest.
    """
    ours, matrix = Equities.read(equity), read_matrix(published)
    differences = matrix - ours.equity
    kinds = np.array([kind(name) for name in LABELS])
    combinations = [
        (a, b)
        for place, a in enumerate(("pair", "suited", "offsuit"))
        for b in ("pair", "suited", "offsuit")[place:]
    ]
    ranks = np.array([[bool(set(a[:2]) & set(b[:2])) for b in LABELS] for a in LABELS])
    upper = np.triu(np.ones_like(ranks), 1).astype(bool)
    rows, drawn = [], []
    random = generator("language", "equity check", "entries", seed)
    for one, other in combinations:
        of_class = ((kinds[:, None] == one) & (kinds[None] == other)) | (
            (kinds[:, None] == other) & (kinds[None] == one)
        )
        for sharing in (False, True):
            chosen = np.argwhere(of_class & upper & (ranks == sharing))
            found = differences[tuple(chosen.T)]
            errors = ours.standard_error[tuple(chosen.T)]
            rows.append(
                {
                    "first_class": one,
                    "second_class": other,
                    "shares_rank": sharing,
                    "n_entries": len(chosen),
                    "mean_absolute_difference": float(np.abs(found).mean()) if len(chosen) else None,
                    "root_mean_square_score": float(np.sqrt(np.mean((found / errors) ** 2)))
                    if len(chosen)
                    else None,
                    "share_beyond": float((np.abs(found) > DEVIATIONS * errors).mean())
                    if len(chosen)
                    else None,
                }
            )
            picked = random.permutation(len(chosen))[:entries]
            drawn += [(rows[-1], LABELS[i], LABELS[j]) for i, j in chosen[np.sort(picked)]]
    EQUITY_CLASSES.write(pl.DataFrame(rows, schema=EQUITY_CLASSES.schema), classes)
    places = {name: place for place, name in enumerate(LABELS)}
    sampled = [
        nearest(
            row,
            one,
            other,
            float(matrix[places[one], places[other]]),
            float(ours.equity[places[one], places[other]]),
            *found,
        )
        for (row, one, other), found in zip(
            drawn, assigned([pair[1:] for pair in drawn], boards, seed), strict=True
        )
    ]
    EQUITY_SUITS.write(pl.DataFrame(sampled, schema=EQUITY_SUITS.schema), suits)


def assigned(
    pairs: list[tuple[str, str]], boards: int, seed: int
) -> list[tuple[Assignments, np.ndarray, np.ndarray]]:
    """Equity and standard error of every assignment of suits to some pairs of labels, on the same boards.

    Parameters
    ----------
    pairs : list of tuple of str
    boards, seed : int

    Returns
    -------
    list of (Assignments, equity, standard_error)
        The arrays of shape (k,).
    """
    ways = [Assignments.of(*pair) for pair in pairs]
    ends = np.cumsum([0, *(len(way.names) for way in ways)])
    sums, squares = np.zeros((2, ends[-1])), np.zeros((3, ends[-1]))
    random = generator("language", "equity check", "boards", seed)
    deck = [rank + suit for rank in RANKS for suit in SUITS]
    for _ in progress(range(boards), "boards", boards):
        strength = strengths(tuple(deck[card] for card in random.choice(52, 5, replace=False)))
        won, played = np.concatenate([way.on(strength) for way in ways], axis=1)
        sums += np.stack([won, played])
        squares += np.stack([won * won, won * played, played * played])
    equity, errors = ratio(sums[0], sums[1], squares, boards)
    return [
        (way, equity[start:end], errors[start:end])
        for way, start, end in zip(ways, ends[:-1], ends[1:], strict=True)
    ]


def nearest(
    row: Mapping[str, object],
    one: str,
    other: str,
    published: float,
    ours: float,
    ways: Assignments,
    equity: np.ndarray,
    errors: np.ndarray,
) -> dict[str, object]:
    """Row of `EQUITY_SUITS`: the assignment nearest to a published entry, card dealt twice or not."""
    distance = np.abs(equity - published)
    best = int(np.argmin(distance))
    legal = np.flatnonzero(~ways.shared)
    best_legal = int(legal[np.argmin(distance[legal])])
    return {
        "first_class": row["first_class"],
        "second_class": row["second_class"],
        "shares_rank": row["shares_rank"],
        "first": one,
        "second": other,
        "published": published,
        "averaged": ours,
        "nearest": float(equity[best]),
        "nearest_standard_error": float(errors[best]),
        "assignment": ways.names[best],
        "deals_a_card_twice": bool(ways.shared[best]),
        "nearest_legal": float(equity[best_legal]),
        "nearest_legal_standard_error": float(errors[best_legal]),
        "n_assignments": len(ways.names),
        "explained": bool(distance[best] <= DEVIATIONS * errors[best]),
    }
