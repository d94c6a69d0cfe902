"""Groups of runs that have ended, kept beside the study until their job ends, in a folder of `kept`."""

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from memgen.digests import file_digest
from memgen.language.responses.rows import GEOMETRY_RUNS, RESPONSES, RUNS
from memgen.language.training.kept import folder_for

log = logging.getLogger(__name__)

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
        paths = [self._kept(f"{name}.{part}") for part in TABLES]
        if None in paths:
            return None
        return tuple(table.read(path) for table, path in zip(TABLES.values(), paths, strict=True) if path)

    def _kept(self, name: str) -> Path | None:
        """File of a table, whose name holds its digest; None where none is there as it was written."""
        for path in sorted(self.folder.glob(f"{name}.*.parquet")):
            if path.name == f"{name}.{file_digest(path)}.parquet":
                return path
            log.warning("%s: is not what was kept, and is not used", path)
        return None

    def write(self, name: str, tables: tuple[pl.DataFrame, ...]) -> None:
        """Keep a group; it has ended where all of its tables are there, whole."""
        for part, frame in zip(TABLES, tables, strict=True):
            beside = self.folder / f".{name}.{part}.partial.parquet"
            TABLES[part].write(frame, beside)
            beside.replace(self.folder / f"{name}.{part}.{file_digest(beside)}.parquet")

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)
