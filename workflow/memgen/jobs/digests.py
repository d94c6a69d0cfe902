"""SHA-256 digests: of bytes, of files and folders, and of values by their canonical JSON."""

import hashlib
from pathlib import Path
from typing import Any

import rfc8785

from memgen.errors import BadInput

#: Snakemake adds this empty file to every folder that a job declares, after the job.
SNAKEMAKE_MARK = ".snakemake_timestamp"
#: The study puts this file into every folder that it makes, to know it again (see ``memgen.jobs.stage``).
STUDY_MARK = ".memgen_files"
MARKS = frozenset({SNAKEMAKE_MARK, STUDY_MARK})


def canonical(value: Any) -> bytes:
    """RFC 8785 canonical JSON of a value.

    BadInput is raised if it is not JSON: an infinity, a whole number beyond 2^53, text that is not Unicode,
    or a value that is nested too deeply.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise BadInput(f"a value cannot be written as JSON: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise BadInput("a value cannot be written as JSON: it is nested too deeply") from None


def digest_of(value: Any) -> str:
    """SHA-256, in hexadecimal, of a value's canonical JSON."""
    return bytes_digest(canonical(value))


def bytes_digest(data: bytes) -> str:
    """SHA-256, in hexadecimal, of some bytes."""
    return hashlib.sha256(data).hexdigest()


def files_of(folder: Path) -> dict[str, Path]:
    """Files in a folder by their path within it, sorted, without the marks that the study puts there."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name not in MARKS)
    return dict(sorted((path.relative_to(folder).as_posix(), path) for path in paths))


def file_digest(path: Path) -> str:
    """SHA-256 of a file; of a folder, the digest of its files' names and digests."""
    if path.is_dir():
        return digest_of({name: file_digest(file) for name, file in files_of(path).items()})
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_digest(path: Path, expected: str, where: str = "the one expected") -> None:
    """Refuse, as BadInput, a file or folder that has another SHA-256 than is written down `where`."""
    try:
        found = file_digest(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    if found != expected.lower():
        raise BadInput(f"{path}: sha256 is {found}; allowed: {expected.lower()}, {where}")
