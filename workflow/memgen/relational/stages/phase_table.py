"""Phase diagrams as a table: behaviour over a fine grid of conjunctivity and ridge."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl

from memgen.arguments import Conjunctivity, Count, Positive
from memgen.memory import refuse_beyond_memory
from memgen.relational.behaviour import class_frames, phase
from memgen.relational.tables import PHASE
from memgen.relational.tasks import read_tasks
from memgen.stage import Inputs, Output, stage


@stage
def phase_table(
    *,
    tasks: Inputs,
    conjunctivity_points: Count,
    highest_conjunctivity: Conjunctivity,
    lowest_ridge: Positive,
    highest_ridge: Positive,
    ridge_points: Count,
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
    hierarchies = read_tasks([Path(path) for path in tasks])
    points, most = conjunctivity_points * ridge_points, max(one.n for one in hierarchies.values())
    refuse_beyond_memory(
        points * (1000 + 12 * most**2),
        f"--conjunctivity-points {conjunctivity_points} by --ridge-points {ridge_points}",
    )
    alpha = np.linspace(0.0, highest_conjunctivity, conjunctivity_points)
    ridge = np.geomspace(lowest_ridge, highest_ridge, ridge_points)
    grid = np.array(list(itertools.product(alpha, ridge)))
    frames = []
    for name, hierarchy in hierarchies.items():
        common = {"hierarchy": name, "n": hierarchy.n, "exceptions": hierarchy.label}
        found = phase(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
        frames += class_frames(common, grid, found, PHASE.schema)
    PHASE.write(pl.concat(frames), out)
