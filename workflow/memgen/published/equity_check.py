"""Our equities against the published matrix, and why the two differ: it fixes suits, and deals cards twice.

The published matrix holds one number per pair of labels, for one assignment of suits. Which assignment is not
stated, so sampled entries are compared with all of them, also with those in which both hands hold the same
card: where two labels share a rank, the matrix turns out to hold such deals, which no deck can make.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations_with_replacement, pairwise
from pathlib import Path

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.errors import BadInput
from memgen.jobs.arguments import Seed
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Input, Output, stage
from memgen.language.boards import add_board, dealt, ratio
from memgen.language.hands import HOLDINGS, LABELS, RANKS, SUITS, label
from memgen.language.lineups import Equities
from memgen.published.configuration import EquityBoards, EquityEntries, Published
from memgen.published.tables import EQUITY_CLASSES, EQUITY_SUITS

DEVIATIONS = 4.0
"""Standard errors within which two equities are the same."""


def kind(name: str) -> str:
    """Class of a label: pair, suited or offsuit."""
    return "pair" if len(name) == 2 else {"s": "suited", "o": "offsuit"}[name[2]]


def read_matrix(path: Path) -> np.ndarray:
    """Published matrix of equities in the order of `LABELS`, shape (169, 169).

    Comma-separated, labels in the first row and column; either card of a label may come first. BadInput if
    the file is not such a table.
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
    known = len(name) == 3 and name[0] in RANKS and name[1] in RANKS
    return name[1] + name[0] + name[2] if known and RANKS.index(name[0]) < RANKS.index(name[1]) else name


@dataclass(frozen=True)
class Assignments:
    """Every one of the k ways to give suits to two labels, up to a renaming of the suits."""

    #: One example of each, such as ``ThTd v Ts4h``.
    names: tuple[str, ...]
    #: Whether both hands hold the same card, shape (k,).
    shared: np.ndarray
    #: Indices of holdings, grouped by assignment, shape (m,).
    first: np.ndarray
    second: np.ndarray
    #: Where each assignment's holdings begin, shape (k,).
    starts: np.ndarray

    @classmethod
    def of(cls, one: str, other: str) -> "Assignments":
        """Assignments of two different labels."""
        groups: defaultdict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
        held = [[i for i, pair in enumerate(HOLDINGS) if label(*pair) == name] for name in (one, other)]
        for i in held[0]:
            for j in held[1]:
                turned = [(HOLDINGS[k], HOLDINGS[k][::-1]) for k in (i, j)]
                groups[min(_renamed((*a, *b)) for a in turned[0] for b in turned[1])].append((i, j))
        members = [pairs for _, pairs in sorted(groups.items())]
        first, second = np.concatenate(members).T
        hands = [(HOLDINGS[i], HOLDINGS[j]) for (i, j), *_ in members]
        return cls(
            tuple(f"{''.join(a)} v {''.join(b)}" for a, b in hands),
            np.array([bool(set(a) & set(b)) for a, b in hands]),
            first,
            second,
            np.cumsum([0, *map(len, members[:-1])]),
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
    kinds = np.array([kind(name) for name in LABELS])
    ranks = np.array([[bool(set(a[:2]) & set(b[:2])) for b in LABELS] for a in LABELS])
    upper = np.triu(np.ones_like(ranks), 1)
    rows: list[dict[str, object]] = []
    drawn = []
    random = generator("language", "equity check", "entries", seed)
    for one, other in combinations_with_replacement(("pair", "suited", "offsuit"), 2):
        ordered = (kinds[:, None] == one) & (kinds == other)
        for sharing in (False, True):
            chosen = np.argwhere((ordered | ordered.T) & upper & (ranks == sharing))
            row = {"first_class": one, "second_class": other, "shares_rank": sharing}
            picked = random.permutation(len(chosen))[:entries]
            drawn += [(row, i, j) for i, j in chosen[np.sort(picked)]]
            rows.append({**row, "n_entries": len(chosen)})
            if len(chosen):
                place = tuple(chosen.T)
                found, errors = np.abs(matrix - ours.equity)[place], ours.standard_error[place]
                rows[-1] |= {
                    "mean_absolute_difference": float(found.mean()),
                    "root_mean_square_score": float(np.sqrt(np.mean((found / errors) ** 2))),
                    "share_beyond": float((found > DEVIATIONS * errors).mean()),
                }
    EQUITY_CLASSES.write(pl.DataFrame(rows, schema=EQUITY_CLASSES.schema), classes)
    ways = assigned([(LABELS[i], LABELS[j]) for _, i, j in drawn], boards, seed)
    sampled = [
        {
            **row,
            "first": LABELS[i],
            "second": LABELS[j],
            "published": matrix[i, j],
            "averaged": ours.equity[i, j],
            **nearest(matrix[i, j], *way),
        }
        for (row, i, j), way in zip(drawn, ways, strict=True)
    ]
    EQUITY_SUITS.write(pl.DataFrame(sampled, schema=EQUITY_SUITS.schema), suits)


def assigned(
    pairs: list[tuple[str, str]], boards: int, seed: int
) -> list[tuple[Assignments, np.ndarray, np.ndarray]]:
    """Assignments of suits to each pair of labels, with equities and errors on the same boards."""
    ways = [Assignments.of(*pair) for pair in pairs]
    ends = np.cumsum([0, *(len(way.names) for way in ways)])
    sums, squares = np.zeros((2, ends[-1])), np.zeros((3, ends[-1]))
    for strength in dealt(boards, generator("language", "equity check", "boards", seed)):
        add_board(sums, squares, *np.concatenate([way.on(strength) for way in ways], axis=1))
    equity, errors = ratio(sums, squares, boards)
    parts = [slice(start, end) for start, end in pairwise(ends)]
    return [(way, equity[part], errors[part]) for way, part in zip(ways, parts, strict=True)]


def nearest(published: float, ways: Assignments, equity: np.ndarray, errors: np.ndarray) -> dict[str, object]:
    """Columns of `EQUITY_SUITS`: the assignment nearest to a published entry, card dealt twice or not."""
    distance = np.abs(equity - published)
    best = int(np.argmin(distance))
    legal = int(np.argmin(np.where(ways.shared, np.inf, distance)))
    return {
        "nearest": equity[best],
        "nearest_standard_error": errors[best],
        "assignment": ways.names[best],
        "deals_a_card_twice": bool(ways.shared[best]),
        "nearest_legal": equity[legal],
        "nearest_legal_standard_error": errors[legal],
        "n_assignments": len(ways.names),
        "explained": bool(distance[best] <= DEVIATIONS * errors[best]),
    }
