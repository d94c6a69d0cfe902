"""The items of every seed of one hierarchy: what all models are asked about. Chains of hands are drawn here.

In a chain the better-ranked hand is the favourite, and exceptions are true ones. An edge a -> b is a pair in
whose band of equity, [0.51, 0.60], a is the favourite. Without exceptions every pair of ranks is an edge from
the better rank to the worse. With exceptions adjacent ranks and the exceptions are, so that a loop of hands
beats itself in a circle; other pairs may fall either way (language-models: Protocol), unless the hands serve
the plain hierarchy too: then they favour the better rank.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memgen.errors import BadInput
from memgen.language.items import Sample, family
from memgen.language.tables import EQUITY, LINEUP
from memgen.relational.hierarchy import Hierarchy

BAND = (0.51, 0.60)
ATTEMPTS = 200_000


def read_samples(path: Path, first_seed: int, last_seed: int) -> tuple[str, list[Sample]]:
    """Kind of item and the samples of a block of seeds, both ends included, from a table of `lineups`.

    BadInput if the seeds are no block or one is missing, or the file is no such table, or holds several kinds
    of item or an incomplete hierarchy.
    """
    if not 0 <= first_seed <= last_seed:
        raise BadInput(f"seeds {first_seed} to {last_seed}: not a block; allowed: 0 <= first <= last")
    table = LINEUP.read(path).sort("seed", "rank")
    kinds = table.select("items", "n").unique()
    if kinds.height != 1:
        raise BadInput(f"{path}: {kinds.height} kinds of hierarchy; allowed: one")
    items, n = kinds.row(0)
    found = {}
    for (seed,), rows in table.group_by("seed", maintain_order=True):
        if rows["rank"].to_list() != list(range(n)):
            raise BadInput(f"{path}: seed {seed} has ranks {rows['rank'].to_list()}; allowed: 0 to {n - 1}")
        winner, loser = rows.select("anchor_winner", "anchor_loser").row(0)
        found[int(str(seed))] = Sample(tuple(rows["name"]), (winner, loser), family(items).wording)
    block = range(first_seed, last_seed + 1)
    if missing := [seed for seed in block if seed not in found]:
        raise BadInput(f"{path}: no items of seed {missing[0]}; allowed: {min(found)} to {max(found)}")
    return items, [found[seed] for seed in block]


@dataclass(frozen=True)
class Equities:
    """Equities of every label against every other, and their standard errors, each of shape (k, k)."""

    labels: tuple[str, ...]
    equity: np.ndarray
    standard_error: np.ndarray

    @classmethod
    def read(cls, path: Path) -> "Equities":
        """Read the table that the stage `equity` wrote; BadInput if it is none, or misses a pair."""
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
    equities: Equities,
    hierarchy: Hierarchy,
    random: np.random.Generator,
    without: Sequence[str] = (),
    *,
    ordered: bool = False,
) -> tuple[str, ...]:
    """Draw hands for the ranks of a hierarchy, strongest first, of all labels but those in `without`.

    Ranks are filled one after the other with a hand drawn from those that fit; where none does, the last
    choice is taken back. Where `ordered`, every pair but the exceptions must favour its better rank, so that
    the hierarchy without exceptions can have the same hands; trained pairs stay in the band, the others need
    no upper end. BadInput if there is no such chain, or none is found in 200,000 attempts.
    """
    n = hierarchy.n
    edge = (equities.equity >= BAND[0]) & (equities.equity <= BAND[1])
    edge &= ~np.eye(len(edge), dtype=bool)
    favoured = equities.equity >= BAND[0]
    free = ~np.isin(equities.labels, list(without))
    needed = _needed(hierarchy, ordered)
    # A loop is the hardest part: with an order to keep everywhere it comes first.
    loops = [rank for winner, loser in hierarchy.exceptions for rank in range(loser, winner + 1)]
    order = list(dict.fromkeys([*(loops if ordered else []), *range(n)]))
    # A hand inside a loop must still be able to reach the loop's first hand in the steps that are left.
    walks = [edge]
    while len(walks) < n:
        walks.append((walks[-1].astype(np.float32) @ edge.astype(np.float32)) > 0)

    def candidates(chosen: list[int]) -> list[int]:
        rank = order[len(chosen)]
        fit = free.copy()
        fit[chosen] = False
        for other, hand in zip(order, chosen, strict=False):
            if (rank, other) in needed:
                fit &= (edge if needed[rank, other] else favoured)[:, hand]
            elif (other, rank) in needed:
                fit &= (edge if needed[other, rank] else favoured)[hand]
        if not ordered:
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
            hands = dict(zip(order, chosen, strict=True))
            return tuple(equities.labels[hands[rank]] for rank in range(n))
        choices.append(candidates(chosen))
    whose = ", every other pair in order," if ordered else ""
    raise BadInput(
        f"items 'poker': no chain of {n} hands with exceptions {hierarchy.label or 'none'}{whose} was found; "
        "allowed: hierarchies whose pairs have equities of 0.51 to 0.60"
    )


def _needed(hierarchy: Hierarchy, ordered: bool) -> dict[tuple[int, int], bool]:
    """Pairs (winner, loser) of ranks whose hands must win so, and whether within the band."""
    n, exceptions = hierarchy.n, hierarchy.exceptions
    if not exceptions:
        return {(higher, lower): True for lower in range(n) for higher in range(lower)}
    found = {(rank, rank + 1): True for rank in range(n - 1)} | dict.fromkeys(exceptions, True)
    if ordered:
        turned = {(loser, winner) for winner, loser in exceptions}
        others = [(higher, lower) for lower in range(n) for higher in range(lower)]
        found |= {pair: False for pair in others if pair not in found and pair not in turned}
    return found
