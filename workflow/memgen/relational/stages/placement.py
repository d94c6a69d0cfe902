"""Tables over the placement of exceptions: n, position, span and number."""

import itertools
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import polars as pl

from memgen.configuration.options import About, flat
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Output, stage
from memgen.relational.configuration import Critical, Placement
from memgen.relational.crossing import balance, critical
from memgen.relational.frames import by_class, grid_of
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.tables import CRITICAL_PLACEMENT, PLACEMENT

GAP = 2
"""Steps of the chain between one exception's winner and the next one's loser: one item stands between."""


@stage
@flat
def placement_table(
    *,
    placement: Placement,
    out: Annotated[Output, About("placement table: every span and every position that fit")],
) -> None:
    """Write accuracy and margin of every pair class over hierarchies of one family."""
    configurations, most = len(placement.conjunctivity) * len(placement.ridge), max(placement.n)
    places = sum(items**2 / (2 * number) for items in placement.n for number in placement.numbers)
    refuse_beyond_memory(
        places * (configurations * (500 + 8 * most) + 16 * max(placement.numbers)),
        f"--n {most}: every span and position at {configurations} configurations",
    )
    grid = grid_of(placement.conjunctivity, placement.ridge)
    frames = []
    for items, number in itertools.product(placement.n, placement.numbers):
        for span, position, hierarchy in family(items, number):
            columns = {"n": items, "exceptions": hierarchy.label, "number": number}
            frames += by_class(PLACEMENT, grid, {**columns, "span": span, "position": position}, hierarchy)
    PLACEMENT.write(pl.concat(frames) if frames else pl.DataFrame(schema=PLACEMENT.schema), out)


def family(n: int, number: int) -> Iterator[tuple[int, int, Hierarchy]]:
    """Span, first loser's rank and hierarchy of all that have `number` equal exceptions in a row."""
    for span in range(2, n):
        length = number * span + (number - 1) * GAP
        for position in range(n - length):
            losers = [position + index * (span + GAP) for index in range(number)]
            yield span, position, Hierarchy(n, tuple((loser + span, loser) for loser in losers))


@stage
@flat
def critical_placement(
    *,
    placement: Critical,
    out: Annotated[Output, About("critical placement table; empty values where there is no crossing")],
) -> None:
    """Write the critical conjunctivity of one exception, and where nothing is wrong, over hierarchies."""
    most = placement.map_n
    refuse_beyond_memory(300 * most**2, f"--map-n {most}: every span and position")
    places = {
        (items, span, (items - 1 - span) // 2)
        for items in placement.n
        for span in placement.spans
        if span < items
    }
    places |= {(most, span, loser) for span in range(2, most) for loser in range(most - span)}
    rows = []
    for items, span, loser in sorted(places):
        (crossing,) = critical(items, [(loser + span, loser)])
        right = asdict(balance(items, loser + span, loser))
        rows.append(
            {
                "n": items,
                "exceptions": f"{loser + span}:{loser}",
                "span": span,
                "position": loser,
                "centred": loser == (items - 1 - span) // 2,
                "gamma": crossing.gamma,
                "alpha": crossing.alpha,
                **{f"balance_{name}": value for name, value in right.items()},
            }
        )
    CRITICAL_PLACEMENT.write(pl.DataFrame(rows, schema=CRITICAL_PLACEMENT.schema), out)
