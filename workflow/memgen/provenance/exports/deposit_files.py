"""What one deposits of a run: figures, tables, records and sources, and how they belong together, in one zip.

Weights and features are left out: they are large, and their jobs make them again. The same run gives the same
bytes.
"""

import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from memgen.digests import file_digest
from memgen.own_folder import lock_path
from memgen.provenance.exports.crate import Crate
from memgen.provenance.known_tables import SUFFIXES
from memgen.provenance.run import Run
from memgen.provenance.sealing import SEAL, Seal

METADATA = "ro-crate-metadata.json"
#: Committed files and folders that belong to a deposit, where they are there.
COMMITTED = (
    "CITATION.cff",
    "LICENSE",
    "README.md",
    "Snakefile",
    "config.yaml",
    "configs",
    "docs",
    "pyproject.toml",
    "requirements.in",
    "requirements.lock",
    "workflow",
)
_KEPT = SUFFIXES | {".png", ".pdf", ".svg"}
_GENERATED = re.compile(r"/__pycache__/|\.egg-info/|\.pyc$")
#: The earliest time that a zip file can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def deposited(run: Run, records: Iterable[str]) -> list[str]:
    """Paths of a deposit but for the crate's metadata, sorted."""
    names = list(records)
    outputs = {output for name in names for output in run.records[name]["outputs"]}
    found = {path for path in outputs if Path(path).suffix in _KEPT}
    return sorted({*found, *names, SEAL.as_posix(), *_committed()})


def _committed() -> Iterator[str]:
    for path in (*map(Path, COMMITTED), lock_path()):
        parts = path.rglob("*") if path.is_dir() else [path]
        for part in parts:
            if part.is_file() and not part.is_symlink() and not _GENERATED.search(part.as_posix()):
                yield part.as_posix()


def crate_of(run: Run, records: Iterable[str], seal: Seal) -> bytes:
    """The crate's metadata file, for a folder that holds what `deposited` names."""
    names = list(records)
    files = {path: file_digest(Path(path)) for path in deposited(run, names)}
    content = Crate(run, names, seal.targets, files).as_json()
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def write_deposit(run: Run, records: Iterable[str], seal: Seal, out: Path) -> int:
    """Write the deposit; returns how many files it holds."""
    names = list(records)
    paths = deposited(run, names)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in [(METADATA, crate_of(run, names, seal)), *((path, None) for path in paths)]:
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, Path(path).read_bytes() if content is None else content)
    return len(paths) + 1


def is_deposit(path: Path) -> bool:
    """Whether a file is a deposit, which a later one may replace."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return METADATA in archive.namelist()
