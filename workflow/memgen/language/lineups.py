"""The items of every seed of one hierarchy, as a table: what all models are asked about."""

from pathlib import Path

from memgen.errors import BadInput
from memgen.language.items import Sample, family
from memgen.language.stimuli_rows import LINEUP


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
