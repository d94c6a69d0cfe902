"""Chains of pre-flop hands in which the better-ranked hand is the favourite, and exceptions are true ones.

An edge a -> b is a pair in whose band of equity, [0.51, 0.60], a is the favourite. Without exceptions every
pair of ranks is an edge from the better rank to the worse. With exceptions adjacent ranks and the exceptions
are, so that a loop of hands beats itself in a circle; other pairs may fall either way (language-models:
Protocol).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memgen.errors import BadInput
from memgen.language.stimuli.tables import EQUITY
from memgen.relational.hierarchy import Hierarchy

BAND = (0.51, 0.60)


ATTEMPTS = 200_000


@dataclass(frozen=True)
class Equities:
    """Equities of every label against every other.

    Parameters
    ----------
    labels : tuple of str, length k
    equity, standard_error : ndarray, shape (k, k)
    """

    labels: tuple[str, ...]
    equity: np.ndarray
    standard_error: np.ndarray

    @classmethod
    def read(cls, path: Path) -> "Equities":
        """Read the table that `poker.equity` wrote.

        Raises
        ------
        BadInput
            If it is no such table, or misses a pair.
        """
        table = EQUITY.read(path).sort("first", "second")
        labels = tuple(table["first"].unique(maintain_order=True))
        shape = (len(labels), len(labels))
        if table.height != len(labels) ** 2 or tuple(table["second"][: len(labels)]) != labels:
            raise BadInput(f"{path}: {table.height} pairs of {len(labels)} hands; allowed: each pair once")
        return cls(
            labels,
            table["equity"].to_numpy().reshape(shape),
            table["standard_error"].to_numpy().reshape(shape),
        )


def chain(
    equities: Equities, hierarchy: Hierarchy, random: np.random.Generator, without: Sequence[str] = ()
) -> tuple[str, ...]:
    """Draw hands for the ranks of a hierarchy, strongest first.

    Ranks are filled one after the other with a hand drawn from those that fit; where none does, the last
    choice is taken back.

    Parameters
    ----------
    equities : Equities
    hierarchy : Hierarchy
    random : numpy.random.Generator
    without : sequence of str
        Labels never drawn.

    Returns
    -------
    tuple of str, length n

    Raises
    ------
    BadInput
        If there is no such chain, or none is found in 200,000 attempts.
    """
    n = hierarchy.n
    edge = (equities.equity >= BAND[0]) & (equities.equity <= BAND[1])
    edge &= ~np.eye(len(edge), dtype=bool)
    free = ~np.isin(equities.labels, list(without))
    required: list[list[tuple[int, bool]]] = [[] for _ in range(n)]
    for rank in range(1, n):
        before = [rank - 1] if hierarchy.exceptions else range(rank)
        required[rank] += [(other, True) for other in before]
    for winner, loser in hierarchy.exceptions:
        required[winner].append((loser, False))
    # A hand inside a loop must still be able to reach the loop's first hand in the steps that are left.
    walks = [edge]
    while len(walks) < n:
        walks.append((walks[-1].astype(np.float32) @ edge.astype(np.float32)) > 0)

    def candidates(chosen: list[int]) -> list[int]:
        rank = len(chosen)
        fit = free.copy()
        fit[chosen] = False
        for other, forward in required[rank]:
            fit &= edge[chosen[other]] if forward else edge[:, chosen[other]]
        for winner, loser in hierarchy.exceptions:
            if loser < rank < winner:
                fit &= walks[winner - rank][:, chosen[loser]]
        return [int(hand) for hand in random.permutation(np.flatnonzero(fit))]

    chosen: list[int] = []
    choices = [candidates(chosen)]
    for _ in range(ATTEMPTS):
        if not choices[-1]:
            choices.pop()
            if not choices:
                break
            chosen.pop()
            continue
        chosen.append(choices[-1].pop())
        if len(chosen) == n:
            return tuple(equities.labels[hand] for hand in chosen)
        choices.append(candidates(chosen))
    raise BadInput(
        f"items 'poker': no chain of {n} hands with exceptions {hierarchy.label or 'none'} was found; "
        "allowed: hierarchies whose pairs have equities of 0.51 to 0.60"
    )
