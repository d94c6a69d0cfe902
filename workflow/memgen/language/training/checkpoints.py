"""Groups of runs that have ended, kept beside the study until their job ends.

The folder is named after everything that the answers depend on: arguments, inputs and the source code. A job
that was killed finds its own groups there, and no other job does.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from memgen.closure import closure
from memgen.digests import bytes_digest, file_digest
from memgen.language.responses.rows import GEOMETRY_RUNS, RESPONSES, RUNS

TABLES = {"responses": RESPONSES, "runs": RUNS, "geometry": GEOMETRY_RUNS}


def _digest(path: Path) -> list[list[str]]:
    """Name and SHA-256 of a file, or of every file in a folder."""
    files = sorted(part for part in path.rglob("*") if part.is_file()) if path.is_dir() else [path]
    return [[file.name, file_digest(file)] for file in files]


def depends_on(module: str, arguments: Mapping[str, Any], inputs: Sequence[Path]) -> dict[str, Any]:
    """Everything that the answers of a stage depend on.

    Parameters
    ----------
    module : str
        Module of the stage.
    arguments : mapping
        What is given besides files; JSON.
    inputs : sequence of pathlib.Path
        Files and folders.
    """
    return {
        "arguments": dict(arguments),
        "inputs": [_digest(path) for path in inputs],
        "code": [_digest(path) for path in closure(module)],
    }


class Finished:
    """Groups of runs that have ended, kept in a folder named after all that they depend on.

    Parameters
    ----------
    root : pathlib.Path
    recipe : mapping
        Everything that the answers depend on; JSON.
    """

    def __init__(self, root: Path, recipe: Mapping[str, Any]) -> None:
        text = json.dumps(recipe, sort_keys=True)
        self.folder = root / bytes_digest(text.encode())[:32]
        self.folder.mkdir(parents=True, exist_ok=True)

    def read(self, name: str) -> tuple[pl.DataFrame, ...] | None:
        """Tables of a group, as they were kept, or None where it has not ended."""
        paths = [self.folder / f"{name}.{part}.parquet" for part in TABLES]
        if not paths[0].is_file():
            return None
        return tuple(table.read(path) for table, path in zip(TABLES.values(), paths, strict=True))

    def write(self, name: str, tables: tuple[pl.DataFrame, ...]) -> None:
        """Keep a group; the responses come last and whole, so that their presence means that it ended."""
        for part, frame in reversed(list(zip(TABLES, tables, strict=True))):
            path = self.folder / f"{name}.{part}.parquet"
            beside = path.with_name(f".{path.stem}.partial.parquet")
            TABLES[part].write(frame, beside)
            beside.replace(path)

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)
