"""Ranks on the command line."""

from __future__ import annotations

import json as json_format

from memgen.errors import BadInput
from memgen.relational import ranks as exact
from memgen.relational.flags import ExceptionFlag
from memgen.relational.hierarchy import Hierarchy
from memgen.stage import command


@command
def ranks(
    *, n: int, exception: ExceptionFlag = None, alpha: float, ridge: float = 0.0, json: bool = False
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
    if alpha < 0:
        raise BadInput(f"alpha = {alpha!r}: must be at least 0 and less than 1")
    values = exact.ranks(hierarchy.n, hierarchy.exceptions, alpha, ridge).tolist()
    leak, weight = float(exact.gamma(alpha, ridge)), float(exact.memorization_weight(alpha, ridge))
    if json:
        answer = {"ranks": values, "gamma": leak, "memorization_weight": weight}
        print(json_format.dumps(answer, allow_nan=False))
        return
    print(f"gamma {leak:.9g}, memorization weight {weight:.9g}")
    print("\n".join(f"{item:>6}  {value + 0.0:.9f}" for item, value in enumerate(values)))
