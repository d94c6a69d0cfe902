"""Phase diagrams as a table: behaviour over a fine grid of conjunctivity and ridge."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Inputs, Output, stage
from memgen.relational.behaviour import class_frames, phase
from memgen.relational.configuration import Phase
from memgen.relational.tables import PHASE
from memgen.relational.tasks import read_tasks


@stage
@flat
def phase_table(*, tasks: Inputs, diagram: Phase, out: Output) -> None:
    """Write accuracy and margin of every pair class over a fine grid of conjunctivity and ridge.

    Parameters
    ----------
    tasks
        Task tables, one per hierarchy.
    out
        Phase table.
    """
    hierarchies = read_tasks([Path(path) for path in tasks])
    points, most = (
        diagram.conjunctivity_points * diagram.ridge_points,
        max(one.n for one in hierarchies.values()),
    )
    refuse_beyond_memory(
        points * (1000 + 12 * most**2),
        f"--conjunctivity-points {diagram.conjunctivity_points} by --ridge-points {diagram.ridge_points}",
    )
    alpha = np.linspace(0.0, diagram.highest_conjunctivity, diagram.conjunctivity_points)
    ridge = np.geomspace(diagram.lowest_ridge, diagram.highest_ridge, diagram.ridge_points)
    grid = np.array(list(itertools.product(alpha, ridge)))
    frames = []
    for name, hierarchy in hierarchies.items():
        common = {"hierarchy": name, "n": hierarchy.n, "exceptions": hierarchy.label}
        found = phase(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
        frames += class_frames(common, grid, found, PHASE.schema)
    PHASE.write(pl.concat(frames), out)
