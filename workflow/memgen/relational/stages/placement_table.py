"""Behaviour over the placement of hierarchies: n, position, span and number of exceptions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Output, stage
from memgen.relational.arguments import NO_EXCEPTION
from memgen.relational.behaviour import behaviour, class_frames
from memgen.relational.configuration import Placement
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.pairs import Pairs
from memgen.relational.ranks import memorization_weight, ranks
from memgen.relational.tables import PLACEMENT

GAP = 2
"""Steps of the chain between one exception's winner and the next one's loser: one item stands between."""


@stage
@flat
def placement_table(*, placement: Placement, out: Output) -> None:
    """Write accuracy and margin of every pair class over hierarchies of one family.

    Parameters
    ----------
    out
        Placement table: every span and every position that fit.
    """
    configurations, most = len(placement.conjunctivity) * len(placement.ridge), max(placement.n)
    places = sum(items**2 / (2 * number) for items in placement.n for number in placement.numbers)
    refuse_beyond_memory(
        places * (configurations * (500 + 8 * most) + 16 * max(placement.numbers)),
        f"--n {most}: every span and position at {configurations} configurations",
    )
    grid = np.array(list(itertools.product(placement.conjunctivity, placement.ridge)))
    weight = memorization_weight(grid[:, 0], grid[:, 1])
    members = [
        (number, span, position, hierarchy)
        for items in placement.n
        for number in placement.numbers
        for span, position, hierarchy in family(items, number)
    ]
    padded = np.full((len(members), max(placement.numbers, default=1), 2), NO_EXCEPTION)
    for row, (number, _, _, hierarchy) in enumerate(members):
        padded[row, :number] = hierarchy.exceptions
    sizes = np.array([member[-1].n for member in members], dtype=np.int64)
    profiles = ranks(sizes, padded, grid[:, :1], grid[:, 1:])
    frames = []
    for row, (number, span, position, hierarchy) in enumerate(members):
        common = {
            "n": hierarchy.n,
            "exceptions": hierarchy.label,
            "number": number,
            "span": span,
            "position": position,
        }
        found = behaviour(Pairs.of(hierarchy), profiles[:, row, : hierarchy.n], weight)
        frames += class_frames(common, grid, found, PLACEMENT.schema)
    PLACEMENT.write(pl.concat(frames) if frames else pl.DataFrame(schema=PLACEMENT.schema), out)


def family(n: int, number: int) -> Iterator[tuple[int, int, Hierarchy]]:
    """Hierarchies with `number` equal exceptions one after another.

    Parameters
    ----------
    n : int
        Number of items.
    number : int
        Number of exceptions.

    Yields
    ------
    span : int
        Winner's rank minus loser's.
    position : int
        Rank of the first loser.
    hierarchy : Hierarchy
    """
    for span in range(2, n):
        length = number * span + (number - 1) * GAP
        for position in range(n - length):
            losers = [position + index * (span + GAP) for index in range(number)]
            yield span, position, Hierarchy(n, tuple((loser + span, loser) for loser in losers))
