"""The mechanism as a table: ranks are those of plain transitive inference plus a dipole per exception.

Theory: Closed form.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.stage import Inputs, Output, stage
from memgen.relational.configuration import Theory
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import dipole, gamma, ranks_at, strengths
from memgen.relational.tables import MECHANISM
from memgen.relational.tasks import read_tasks


@stage
@flat
def mechanism_table(
    *,
    tasks: Inputs,
    theory: Theory,
    out: Output,
) -> None:
    """Write the ranks of every hierarchy, the chain's own, and what each exception adds to them.

    Parameters
    ----------
    tasks
        Task tables, one per hierarchy.
    out
        Mechanism table.
    """
    grid = np.array(list(itertools.product(theory.conjunctivity, theory.ridge)), dtype=float).reshape(-1, 2)
    leak = gamma(grid[:, 0], grid[:, 1])
    frames = []
    for name, hierarchy in read_tasks([Path(path) for path in tasks]).items():
        for part, strength, values in parts(hierarchy, leak):
            size = values.size
            columns = {
                "hierarchy": [name] * size,
                "n": [hierarchy.n] * size,
                "exceptions": [hierarchy.label] * size,
                "alpha": np.repeat(grid[:, 0], hierarchy.n),
                "ridge": np.repeat(grid[:, 1], hierarchy.n),
                "gamma": np.repeat(leak, hierarchy.n),
                "part": [part] * size,
                "strength": np.repeat(strength, hierarchy.n) if strength is not None else [None] * size,
                "item": np.tile(np.arange(hierarchy.n), len(grid)),
                "value": values.ravel(),
            }
            frames.append(pl.DataFrame(columns, schema=MECHANISM.schema))
    MECHANISM.write(pl.concat(frames), out)


def parts(hierarchy: Hierarchy, leak: np.ndarray) -> list[tuple[str, np.ndarray | None, np.ndarray]]:
    """Name, strength (gammas,) and values (gammas, n) of the chain, of each exception, and of their sum."""
    n = hierarchy.n
    found: list[tuple[str, np.ndarray | None, np.ndarray]] = [("chain", None, dipole(n, 0, n - 1, leak))]
    for index, strength in enumerate(strengths(n, hierarchy.exceptions, leak).T):
        winner, loser = hierarchy.exceptions[index]
        found.append((f"{winner}:{loser}", strength, strength[:, None] * dipole(n, winner, loser, leak)))
    found.append(("ranks", None, ranks_at(n, hierarchy.exceptions, leak)))
    return found
