"""The items of every seed of one hierarchy, as a table: what all models are asked about.

Knows how a sample becomes rows and rows a sample again, and that hands need equities where teams need none;
knows neither prompts nor models.
"""

from pathlib import Path
from typing import Annotated

import cyclopts
import polars as pl

from memgen.errors import BadInput
from memgen.language.chains import Equities, chain
from memgen.language.equity_tables import LINEUP
from memgen.language.items import POKER_ANCHOR, Sample, family, largest_hierarchy, needs_exceptions, sample
from memgen.relational.hierarchy import Hierarchy, parse_exceptions
from memgen.seeding import generator
from memgen.stage import Input, Output, stage


def sample_hands(equities: Equities, hierarchy: Hierarchy, seed: int) -> Sample:
    """Hands of one seed, their order and exceptions those of the equities; see `chains.chain`."""
    most = largest_hierarchy("poker")
    if not 2 <= hierarchy.n <= most:
        raise BadInput(f"items 'poker': a hierarchy of {hierarchy.n} items; allowed: 2 to {most}")
    random = generator("language", "items", "poker", hierarchy.n, hierarchy.label, seed)
    return Sample(chain(equities, hierarchy, random, without=POKER_ANCHOR), POKER_ANCHOR, "hands")


@stage
def lineups(
    *,
    items: str,
    n: int,
    first_seed: int,
    last_seed: int,
    out: Output,
    exceptions: Annotated[list[str] | None, cyclopts.Parameter(name="--exception")] = None,
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
    equity
        Equities of pre-flop hands, needed for poker.

    Raises
    ------
    BadInput
        If the family has too few names, or the equities hold no such chain.
    """
    if not 0 <= first_seed <= last_seed:
        raise BadInput(f"seeds {first_seed} to {last_seed}: not a block; allowed: 0 <= first <= last")
    hierarchy = Hierarchy(n, parse_exceptions(exceptions or []))
    equities = None
    if needs_exceptions(items):
        if equity is None:
            raise BadInput(f"items {items!r}: --equity is missing; allowed: the table of equities")
        equities = Equities.read(equity)
    rows = []
    for seed in range(first_seed, last_seed + 1):
        drawn = sample(items, n, seed) if equities is None else sample_hands(equities, hierarchy, seed)
        for rank, name in enumerate(drawn.names):
            rows.append((items, n, seed, rank, name, *drawn.anchor))
    LINEUP.write(pl.DataFrame(rows, schema=LINEUP.schema, orient="row"), out)


def read_samples(path: Path) -> tuple[str, dict[int, Sample]]:
    """Kind of item and the sample of every seed, from a table that `lineups` wrote.

    Raises
    ------
    BadInput
        If the file is no such table, or holds several kinds of item or an incomplete hierarchy.
    """
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
    return items, found


def block_of(samples: dict[int, Sample], first_seed: int, last_seed: int, path: Path) -> list[Sample]:
    """Samples of a block of seeds, both ends included.

    Raises
    ------
    BadInput
        If it is no block, or a seed is missing.
    """
    if not 0 <= first_seed <= last_seed:
        raise BadInput(f"seeds {first_seed} to {last_seed}: not a block; allowed: 0 <= first <= last")
    missing = [seed for seed in range(first_seed, last_seed + 1) if seed not in samples]
    if missing:
        raise BadInput(f"{path}: no items of seed {missing[0]}; allowed: {min(samples)} to {max(samples)}")
    return [samples[seed] for seed in range(first_seed, last_seed + 1)]
