"""The critical conjunctivity on the command line."""

from __future__ import annotations

import json as json_format

from memgen.jobs.arguments import NonNegative
from memgen.jobs.stage import command
from memgen.relational import crossing
from memgen.relational.flags import ExceptionFlag, Items
from memgen.relational.hierarchy import Hierarchy


@command
def critical(
    *,
    n: Items,
    exception: ExceptionFlag = None,
    ridge: NonNegative = 0.0,
    json: bool = False,
) -> None:
    """Print the conjunctivity beyond which the pairs next to an exception are answered wrong.

    Parameters
    ----------
    n
        Number of items, at least 3.
    exception
        An exception as WINNER:LOSER in ranks from 0, for example 5:3; may be repeated.
    ridge
        Effective ridge at which the conjunctivity is stated, at least 0.
    json
        Print JSON: alpha and gamma of the component that errs first, null where there is no crossing, the
        number of crossings, and all components.
    """
    hierarchy = Hierarchy.of(n, exception)
    crossings = crossing.critical(hierarchy.n, hierarchy.exceptions, ridge)
    if json:
        found = [part for part in crossings if part.gamma is not None]
        lowest = min(found, key=lambda part: part.gamma or 0.0, default=None)
        parts = [
            {"first": part.first, "last": part.last, "alpha": part.alpha, "gamma": part.gamma}
            for part in crossings
        ]
        answer = {
            "alpha": lowest.alpha if lowest else None,
            "gamma": lowest.gamma if lowest else None,
            "crossings": len(found),
            "components": parts,
        }
        print(json_format.dumps(answer, allow_nan=False))
        return
    if not crossings:
        print("no crossing: the hierarchy has no exception")
    for part in crossings:
        where = f"items {part.first} to {part.last}"
        if part.alpha is None:
            print(
                f"{where}: no crossing, pairs next to the exception are never answered wrong systematically"
            )
        else:
            beyond = "" if part.alpha > 0 else " (every conjunctivity is beyond it at this ridge)"
            print(f"{where}: alpha {part.alpha:.9f}, gamma {part.gamma:.9g}{beyond}")
