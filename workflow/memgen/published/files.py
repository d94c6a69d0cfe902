"""Which files were published, where they lie and what their digests are.

The versions table (file, sha256, url) is beside this module. The publishing repository has no licence:
nothing of it is part of this project, the files are the user's to download and analyse.
"""

import csv
import re
from pathlib import Path
from typing import NamedTuple

from memgen.errors import BadInput
from memgen.jobs.files import fault

VERSIONS = Path(__file__).with_name("versions.csv")
"""Versions table of the files of sflippl/ti-with-exceptions at commit a3ef111."""


class PublishedFile(NamedTuple):
    """One row of the versions table; `file` is a path inside a source folder: ``ti/ti_n9__fake.parquet``."""

    file: str
    sha256: str
    url: str

    @property
    def hierarchy(self) -> str:
        """Name of the hierarchy, from the file's name."""
        return Path(self.file).stem.partition("__")[0]

    @property
    def items(self) -> str:
        """Kind of item, from the file's name."""
        return Path(self.file).stem.partition("__")[2]


def read_versions(path: Path = VERSIONS) -> list[PublishedFile]:
    """Rows of a versions table.

    BadInput if the table is missing, has other columns, or a row without a plain relative path named
    ``<hierarchy>__<items>.parquet``, a sha256 and a URL.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; expected a versions table with columns file, sha256, url")
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            if reader.fieldnames != ["file", "sha256", "url"]:
                raise BadInput(f"{path}: columns are {reader.fieldnames}; allowed: file, sha256, url")
            rows = [PublishedFile(row["file"], row["sha256"], row["url"]) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise BadInput(f"{path}: not a versions table with columns file, sha256, url") from None
    if not rows:
        raise BadInput(f"{path}: lists no file")
    patterns = {
        "file": (r"([\w-]+/)*\w+?__\w+\.parquet", "folder/<hierarchy>__<items>.parquet"),
        "sha256": (r"[0-9a-f]{64}", "64 hexadecimal digits"),
        "url": (r"https?://.*", "http:// or https://"),
    }
    for row in rows:
        for name, (pattern, allowed) in patterns.items():
            if not re.fullmatch(pattern, (value := getattr(row, name)) or ""):
                raise BadInput(f"{path}: {row.file}: {name} {value!r}; allowed: {allowed}")
    return rows


def held_by(source: Path, versions: list[PublishedFile]) -> list[PublishedFile]:
    """Files of the versions table that a folder holds, in the table's order; digests are not checked.

    BadInput if the folder does not exist, holds none of the files, has among them a parquet file that the
    table does not list, or one of them cannot be read.
    """
    if problem := fault(source, folder=True):
        raise BadInput(f"{source}: {problem}; allowed: a folder with files such as {versions[0].file}")
    listed = {row.file for row in versions}
    folders = {Path(file).parent for file in listed}
    paths = (path for folder in folders for path in (source / folder).glob("*.parquet"))
    found = {path.relative_to(source).as_posix() for path in paths}
    if unlisted := sorted(found - listed):
        raise BadInput(f"{source / unlisted[0]}: not a published file; allowed: {', '.join(sorted(listed))}")
    if not found:
        raise BadInput(f"{source}: holds no published file; allowed: any of {', '.join(sorted(listed))}")
    for name in sorted(found):
        if problem := fault(source / name):
            raise BadInput(f"{source / name}: {problem}; allowed: a file that can be read")
    return [row for row in versions if row.file in found]
