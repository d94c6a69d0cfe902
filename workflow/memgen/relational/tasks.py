"""Hierarchies read back from task tables."""

from __future__ import annotations

from pathlib import Path

from memgen.errors import BadInput
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.rows import TASK


def read_tasks(paths: list[Path]) -> dict[str, Hierarchy]:
    """Hierarchies of task tables, by name, in the order given.

    Raises
    ------
    BadInput
        If a file is not a task table of one hierarchy, or a name comes twice.
    """
    found: dict[str, Hierarchy] = {}
    for path in paths:
        kinds = TASK.read(path).select("hierarchy", "n", "exceptions").unique()
        if kinds.height != 1:
            raise BadInput(f"{path}: holds {kinds.height} hierarchies, must hold one")
        name, n, label = kinds.row(0)
        if name in found:
            raise BadInput(f"{path}: hierarchy {name!r} is given twice, must be given once")
        found[name] = Hierarchy.of(n, label)
    return found
