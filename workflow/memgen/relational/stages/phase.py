"""Accuracy and margin by pair class on the command line."""

from __future__ import annotations

import json as json_format
from typing import Annotated

import numpy as np

from memgen.jobs.arguments import Conjunctivity, NonNegative, Range
from memgen.jobs.stage import command
from memgen.relational import behaviour
from memgen.relational.flags import ExceptionFlag
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import gamma

LARGEST_PHASE = 1000
"""Most items for which every pair is looked at on the command line."""


@command
def phase(
    *,
    n: Annotated[int, Range(3, LARGEST_PHASE)],
    exception: ExceptionFlag = None,
    alpha: list[Conjunctivity],
    ridge: list[NonNegative] | None = None,
    json: bool = False,
) -> None:
    """Print accuracy and margin of every pair class over a grid of conjunctivity and ridge.

    Parameters
    ----------
    n
        Number of items, at least 3; the table holds every pair, so at most 1000.
    exception
        An exception as WINNER:LOSER in ranks from 0, for example 5:3; may be repeated.
    alpha
        Conjunctivities, at least 0 and less than 1.
    ridge
        Effective ridges, at least 0; 0 by default.
    json
        Print JSON: a list with alpha, ridge, gamma, and by pair class pairs, accuracy (null where there is no
        right answer), margin and lowest_margin.
    """
    hierarchy = Hierarchy.of(n, exception)
    grid = np.array([(one, other) for one in alpha for other in ridge or [0.0]])
    leak = gamma(grid[:, 0], grid[:, 1])
    found = behaviour.phase(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
    points = []
    for index, (one, other) in enumerate(grid.tolist()):
        classes = {
            name: {
                "pairs": part.pairs,
                "accuracy": None if part.accuracy is None else float(part.accuracy[index]),
                "margin": float(part.margin[index]),
                "lowest_margin": float(part.lowest_margin[index]),
            }
            for name, part in found.items()
        }
        points.append({"alpha": one, "ridge": other, "gamma": float(leak[index]), "classes": classes})
    if json:
        print(json_format.dumps(points, allow_nan=False))
        return
    for point in points:
        print(f"alpha {point['alpha']:.9g}, ridge {point['ridge']:.9g}, gamma {point['gamma']:.9g}")
        for name, part in point["classes"].items():  # type: ignore[attr-defined]
            right = "no right answer" if part["accuracy"] is None else f"accuracy {part['accuracy']:.6f}"
            print(f"  {name:<10}{part['pairs']:>6} pairs  {right:<17}  margin {part['margin'] + 0.0:.9f}")
