"""Ranks on the command line."""

from __future__ import annotations

import json as json_format

from memgen.jobs.arguments import Conjunctivity, NonNegative
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import command
from memgen.relational import ranks as exact
from memgen.relational.flags import ExceptionFlag, Items
from memgen.relational.hierarchy import Hierarchy


@command
def ranks(
    *,
    n: Items,
    exception: ExceptionFlag = None,
    alpha: Conjunctivity,
    ridge: NonNegative = 0.0,
    json: bool = False,
) -> None:
    """Print the ranks that a learner gives to the items.

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
        Print JSON: ranks, gamma, memorization_weight.
    """
    hierarchy = Hierarchy.of(n, exception)
    refuse_beyond_memory(200 * hierarchy.n, f"--n {n}: the rank of every item")
    values = exact.ranks(hierarchy.n, hierarchy.exceptions, alpha, ridge).tolist()
    leak, weight = float(exact.gamma(alpha, ridge)), float(exact.memorization_weight(alpha, ridge))
    if json:
        answer = {"ranks": values, "gamma": leak, "memorization_weight": weight}
        print(json_format.dumps(answer, allow_nan=False))
        return
    print(f"gamma {leak:.9g}, memorization weight {weight:.9g}")
    print("\n".join(f"{item:>6}  {value + 0.0:.9f}" for item, value in enumerate(values)))
