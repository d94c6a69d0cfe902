"""The margin of every pair on the command line."""

from __future__ import annotations

import json as json_format
from typing import Annotated

from memgen.jobs.arguments import Conjunctivity, NonNegative, Range
from memgen.jobs.stage import command
from memgen.relational import ranks as exact
from memgen.relational.flags import ExceptionFlag
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.pairs import Pairs

LARGEST_MARGINS = 1000
"""Most items for which every pair is printed."""


@command
def margins(
    *,
    n: Annotated[int, Range(3, LARGEST_MARGINS)],
    exception: ExceptionFlag = None,
    alpha: Conjunctivity,
    ridge: NonNegative = 0.0,
    json: bool = False,
) -> None:
    """Print what a learner predicts for every pair, trained or not.

    Parameters
    ----------
    n
        Number of items, at least 3; the table holds every pair, so at most 1000.
    exception
        An exception as WINNER:LOSER in ranks from 0, for example 5:3; may be repeated.
    alpha
        Conjunctivity, less than 1: 0 is additive.
    ridge
        Effective ridge, at least 0.
    json
        Print JSON: gamma, memorization_weight, and pairs, each with higher, lower, pair_class, truth (1 if
        the higher-ranked item is the right answer, -1 if the lower, null where there is none), trained,
        margin (positive where the higher-ranked item wins).
    """
    hierarchy = Hierarchy.of(n, exception)
    leak, weight = exact.gamma(alpha, ridge), exact.memorization_weight(alpha, ridge)
    pairs = Pairs.of(hierarchy)
    found = pairs.margins(exact.ranks_at(hierarchy.n, hierarchy.exceptions, leak), weight)
    columns = (pairs.higher, pairs.lower, pairs.classes, pairs.truth, pairs.trained, found)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    if json:
        names = ("higher", "lower", "pair_class", "truth", "trained", "margin")
        listed = [dict(zip(names, row, strict=True)) for row in rows]
        for pair in listed:
            pair["truth"] = pair["truth"] or None
        answer = {"gamma": float(leak), "memorization_weight": float(weight), "pairs": listed}
        print(json_format.dumps(answer, allow_nan=False))
        return
    print(f"gamma {float(leak):.9g}, memorization weight {float(weight):.9g}")
    for higher, lower, name, _, _, margin in rows:
        print(f"{higher:>6}{lower:>6}  {name:<10}{margin + 0.0:.9f}")
