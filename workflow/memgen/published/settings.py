"""What types cannot say about the block `published`: that its folder holds files."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.jobs.files import fault
from memgen.published.files import held_by, read_versions


def check(config: Mapping[str, Any]) -> None:
    """Check the folder of published responses, where a configuration names one.

    BadInput if there is no such folder, or something else stands in the place of a file or folder.
    """
    source = config["published"].get("source")
    if source not in (None, "download"):
        try:
            _check_folder(Path(source))
        except BadInput as problem:
            raise BadInput(f"published.source: {problem}") from None


def files_used(config: Mapping[str, Any], folder: str) -> list[str]:
    """All published files that a local folder holds, or those of the kinds of item to download into it."""
    block, rows = config["published"], read_versions()
    if block.get("source") in (None, "download"):
        rows = [row for row in rows if row.items in block["items"]]
    else:
        rows = held_by(Path(folder), rows)
    return [f"{folder}/{row.file}" for row in rows]


def _check_folder(source: Path) -> None:
    """Refuse a folder where something else, such as a pipe, stands in the place of a published file."""
    versions = read_versions()
    matrix = source / "poker/preflop_equity.csv"
    for folder in sorted({(source / row.file).parent for row in versions} | {matrix.parent}):
        # A folder may be missing, but what stands in its place must be one.
        if os.path.lexists(folder) and (problem := fault(folder, folder=True)):
            raise BadInput(f"{folder}: {problem}; allowed: a folder")
    held_by(source, versions)
    if os.path.lexists(matrix) and (problem := fault(matrix)):
        raise BadInput(f"{matrix}: {problem}; allowed: a file")
