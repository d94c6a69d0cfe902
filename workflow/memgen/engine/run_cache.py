"""Groups of runs that have ended, kept beside the study until their job ends, in a folder of `kept`."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from memgen.engine.checkpoints import folder_for, put, whole
from memgen.language.responses.rows import GEOMETRY_RUNS, RESPONSES, RUNS

TABLES = {"responses": RESPONSES, "runs": RUNS, "geometry": GEOMETRY_RUNS}


class Finished:
    """Groups of runs that have ended, kept in a folder named after all that they depend on.

    Parameters
    ----------
    root : pathlib.Path
    recipe : mapping
        Everything that the answers depend on; JSON.
    """

    def __init__(self, root: Path, recipe: Mapping[str, Any]) -> None:
        self.folder = folder_for(root, recipe)
        self.folder.mkdir(parents=True, exist_ok=True)

    def read(self, name: str) -> tuple[pl.DataFrame, ...] | None:
        """Tables of a group, as they were kept, or None where it has not ended."""
        paths = [next(whole(self.folder, f"{name}.{part}", "parquet"), None) for part in TABLES]
        if None in paths:
            return None
        return tuple(table.read(path) for table, path in zip(TABLES.values(), paths, strict=True) if path)

    def write(self, name: str, tables: tuple[pl.DataFrame, ...]) -> None:
        """Keep a group; it has ended where all of its tables are there, whole."""
        for part, frame in zip(TABLES, tables, strict=True):
            beside = self.folder / f".{name}.{part}.partial.parquet"
            TABLES[part].write(frame, beside)
            put(beside, f"{name}.{part}", "parquet")

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)
