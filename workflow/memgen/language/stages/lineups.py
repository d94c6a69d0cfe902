"""Draw the items and the anchor pair of every seed."""

from typing import Annotated

import cyclopts
import polars as pl

from memgen.errors import BadInput
from memgen.jobs.arguments import Range, Seed
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Input, Output, stage
from memgen.language.items import POKER_ANCHOR, Sample, largest_hierarchy, needs_exceptions, sample
from memgen.language.lineups import Equities, chain
from memgen.language.tables import LINEUP
from memgen.relational.hierarchy import Hierarchy


def _sample_hands(equities: Equities, hierarchy: Hierarchy, seed: int, ordered: bool) -> Sample:
    """Hands of one seed, their order and exceptions those of the equities; see `lineups.chain`."""
    most = largest_hierarchy("poker")
    if not 2 <= hierarchy.n <= most:
        raise BadInput(f"items 'poker': a hierarchy of {hierarchy.n} items; allowed: 2 to {most}")
    random = generator("language", "items", "poker", hierarchy.n, hierarchy.label, seed)
    hands = chain(equities, hierarchy, random, without=POKER_ANCHOR, ordered=ordered)
    return Sample(hands, POKER_ANCHOR, "hands")


@stage
def lineups(
    *,
    items: str,
    n: Annotated[int, Range(3, 10_000)],
    first_seed: Seed,
    last_seed: Seed,
    out: Output,
    exceptions: Annotated[list[str] | None, cyclopts.Parameter(name="--exception")] = None,
    ordered: bool = False,
    equity: Input | None = None,
) -> None:
    """Draw the items and the anchor pair of every seed.

    Parameters
    ----------
    items
        Kind of item: real, fake or poker.
    n
        Number of items.
    first_seed, last_seed
        Seeds, both included.
    out
        One row per seed and rank.
    exceptions
        Exceptions as WINNER:LOSER; they matter to poker alone, whose hands must win accordingly.
    ordered
        Whether every pair of hands but the exceptions must favour its better rank, because the hierarchy
        without exceptions has the same hands.
    equity
        Equities of pre-flop hands, needed for poker.

    Raises
    ------
    BadInput
        If the family has too few names, or the equities hold no such chain.
    """
    if not 0 <= first_seed <= last_seed:
        raise BadInput(f"seeds {first_seed} to {last_seed}: not a block; allowed: 0 <= first <= last")
    refuse_beyond_memory(
        150.0 * n * (last_seed - first_seed + 1), f"--last-seed {last_seed}: {n} items a seed"
    )
    hierarchy = Hierarchy.of(n, exceptions)
    equities = None
    if needs_exceptions(items):
        if equity is None:
            raise BadInput(f"items {items!r}: --equity is missing; allowed: the table of equities")
        equities = Equities.read(equity)
    rows = []
    for seed in range(first_seed, last_seed + 1):
        drawn = (
            sample(items, n, seed) if equities is None else _sample_hands(equities, hierarchy, seed, ordered)
        )
        for rank, name in enumerate(drawn.names):
            rows.append((items, n, seed, rank, name, *drawn.anchor))
    LINEUP.write(pl.DataFrame(rows, schema=LINEUP.schema, orient="row"), out)
