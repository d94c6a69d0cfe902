"""Phase diagrams as tables: over learners (alpha, ridge), and over hierarchies (n, position, span, number).

Knows the grids and the family of hierarchies; accuracies and margins come from `phase`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from memgen.relational.arguments import NO_EXCEPTION
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.phase import Behaviour, Pairs, behaviour, phase
from memgen.relational.ranks import gamma, memorization_weight, ranks
from memgen.relational.tables import GEOMETRY, PHASE
from memgen.relational.task import read_tasks
from memgen.stage import Inputs, Output, stage

GAP = 2
"""Steps of the chain between one exception's winner and the next one's loser: one item stands between."""


@stage
def phase_table(
    *,
    tasks: Inputs,
    conjunctivity_points: int,
    highest_conjunctivity: float,
    lowest_ridge: float,
    highest_ridge: float,
    ridge_points: int,
    out: Output,
) -> None:
    """Write accuracy and margin of every pair class over a fine grid of conjunctivity and ridge.

    Parameters
    ----------
    tasks
        Task tables, one per hierarchy.
    conjunctivity_points
        Number of conjunctivities, evenly spaced from 0.
    highest_conjunctivity
        Highest of them, less than 1.
    lowest_ridge
        Lowest effective ridge, more than 0.
    highest_ridge
        Highest effective ridge.
    ridge_points
        Number of ridges, evenly spaced in the logarithm.
    out
        Phase table.
    """
    alpha = np.linspace(0.0, highest_conjunctivity, conjunctivity_points)
    ridge = np.geomspace(lowest_ridge, highest_ridge, ridge_points)
    grid = np.array(list(itertools.product(alpha, ridge)))
    frames = []
    for name, hierarchy in read_tasks([Path(path) for path in tasks]).items():
        common = {"hierarchy": name, "n": hierarchy.n, "exceptions": hierarchy.label}
        found = phase(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
        frames += class_frames(common, grid, found, PHASE.schema)
    PHASE.write(pl.concat(frames), out)


@stage
def geometry_table(
    *, n: list[int], numbers: list[int], conjunctivity: list[float], ridge: list[float], out: Output
) -> None:
    """Write accuracy and margin of every pair class over hierarchies of one family.

    Parameters
    ----------
    n
        Numbers of items, at least 3.
    numbers
        Numbers of exceptions, at least 1. They have the same span and follow each other with one item
        between two loops.
    conjunctivity
        Values of alpha, at least 0 and less than 1.
    ridge
        Values of the effective ridge, at least 0.
    out
        Geometry table: every span and every position that fit.
    """
    grid = np.array(list(itertools.product(conjunctivity, ridge)))
    weight = memorization_weight(grid[:, 0], grid[:, 1])
    members = [
        (number, span, position, hierarchy)
        for items in n
        for number in numbers
        for span, position, hierarchy in family(items, number)
    ]
    padded = np.full((len(members), max(numbers, default=1), 2), NO_EXCEPTION)
    for row, (number, _, _, hierarchy) in enumerate(members):
        padded[row, :number] = hierarchy.exceptions
    sizes = np.array([member[-1].n for member in members], dtype=np.int64)
    profiles = ranks(sizes, padded, grid[:, :1], grid[:, 1:])
    frames = []
    for row, (number, span, position, hierarchy) in enumerate(members):
        common = {
            "n": hierarchy.n,
            "exceptions": hierarchy.label,
            "number": number,
            "span": span,
            "position": position,
        }
        found = behaviour(Pairs.of(hierarchy), profiles[:, row, : hierarchy.n], weight)
        frames += class_frames(common, grid, found, GEOMETRY.schema)
    GEOMETRY.write(pl.concat(frames) if frames else pl.DataFrame(schema=GEOMETRY.schema), out)


def family(n: int, number: int) -> Iterator[tuple[int, int, Hierarchy]]:
    """Hierarchies with `number` equal exceptions one after another.

    Parameters
    ----------
    n : int
        Number of items.
    number : int
        Number of exceptions.

    Yields
    ------
    span : int
        Winner's rank minus loser's.
    position : int
        Rank of the first loser.
    hierarchy : Hierarchy
    """
    for span in range(2, n):
        length = number * span + (number - 1) * GAP
        for position in range(n - length):
            losers = [position + index * (span + GAP) for index in range(number)]
            yield span, position, Hierarchy(n, tuple((loser + span, loser) for loser in losers))


def class_frames(
    common: dict[str, object],
    grid: np.ndarray,
    found: dict[str, Behaviour],
    schema: dict[str, pl.DataType],
) -> list[pl.DataFrame]:
    """Rows of one hierarchy, a frame per class; grid (configurations, 2) of alpha and ridge."""
    frames = []
    for name, part in found.items():
        columns = {
            "alpha": grid[:, 0],
            "ridge": grid[:, 1],
            "gamma": gamma(grid[:, 0], grid[:, 1]),
            "pair_class": [name] * len(grid),
            "pairs": [part.pairs] * len(grid),
            "accuracy": part.accuracy if part.accuracy is not None else [None] * len(grid),
            "margin": part.margin,
            "lowest_margin": part.lowest_margin,
        }
        repeated = {key: [value] * len(grid) for key, value in common.items()}
        frames.append(pl.DataFrame({**repeated, **columns}, schema=schema))
    return frames
