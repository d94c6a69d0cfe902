"""The mechanism on the command line: ranks as the chain's own plus a dipole at each exception."""

from __future__ import annotations

import json as json_format

from memgen.jobs.arguments import Conjunctivity, NonNegative
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import command
from memgen.relational import ranks as exact
from memgen.relational.flags import ExceptionFlag, Items
from memgen.relational.hierarchy import Hierarchy


@command
def mechanism(
    *,
    n: Items,
    exception: ExceptionFlag = None,
    alpha: Conjunctivity,
    ridge: NonNegative = 0.0,
    json: bool = False,
) -> None:
    """Print the parts whose sum the ranks are: the chain alone, and a dipole at each exception.

    Parameters
    ----------
    n
        Number of items, at least 3.
    exception
        An exception as WINNER:LOSER in ranks from 0, for example 5:3; may be repeated.
    alpha
        Conjunctivity, less than 1: 0 is additive.
    ridge
        Effective ridge, at least 0.
    json
        Print JSON: gamma, and parts, each with part (chain, WINNER:LOSER or ranks, their sum), strength (of a
        dipole, else null), item and value, the dipole's times its strength.
    """
    hierarchy = Hierarchy.of(n, exception)
    refuse_beyond_memory(
        400 * hierarchy.n * (len(hierarchy.exceptions) + 2), f"--n {n}: every part at every item"
    )
    leak = float(exact.gamma(alpha, ridge))
    pairs = hierarchy.exceptions
    strengths = exact.strengths(hierarchy.n, pairs, leak).tolist()
    columns = [("chain", None, exact.dipole(hierarchy.n, 0, hierarchy.n - 1, leak))]
    columns += [
        (f"{winner}:{loser}", strength, strength * exact.dipole(hierarchy.n, winner, loser, leak))
        for (winner, loser), strength in zip(pairs, strengths, strict=True)
    ]
    columns.append(("ranks", None, exact.ranks_at(hierarchy.n, pairs, leak)))
    if json:
        parts = [
            {"part": part, "strength": strength, "item": item, "value": value}
            for part, strength, values in columns
            for item, value in enumerate(values.tolist())
        ]
        print(json_format.dumps({"gamma": leak, "parts": parts}, allow_nan=False))
        return
    print(f"gamma {leak:.9g}")
    for (winner, loser), strength in zip(pairs, strengths, strict=True):
        print(f"{winner}:{loser} has strength {strength:.9g}")
    print(f"{'item':>6}" + "".join(f"{part:>14}" for part, _, _ in columns))
    for item, values in enumerate(zip(*(values.tolist() for _, _, values in columns), strict=True)):
        print(f"{item:>6}" + "".join(f"{value + 0.0:>14.9f}" for value in values))
