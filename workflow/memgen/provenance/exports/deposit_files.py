"""What one deposits of a run: the committed repository, and what the run made, read and recorded, in one zip.

Weights and features are left out: they are large, and their jobs make them again. The same run gives the same
bytes.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from memgen.configuration.own_folder import LAYERS, LOCK, lock_path, repository
from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.provenance.exports.crate import Crate
from memgen.provenance.reading import CRATE, LARGE, is_external
from memgen.provenance.run import Run, inputs
from memgen.provenance.sealing import SEAL, Seal
from memgen.provenance.verification import git

#: The earliest time that a zip file can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def deposited(run: Run, seal: Seal) -> list[str]:
    """Paths of a deposit but for the crate's metadata, sorted.

    Raises
    ------
    BadInput
        If the sources do not lie in a git repository, differ from its commit, or are not all in it.
    """
    committed = _committed()
    if changed := _listed("diff", "--name-only", "--relative", "-z", "HEAD"):
        raise BadInput(f"{min(changed)}: differs from the present commit; a deposit holds what is committed")
    records = [run.records[name] for name in seal.records]
    ran = {path for record in records for path in record["code"]} | {*seal.workflow}
    for record in records:
        ran |= {part["file"] for part in (record["configuration"] or {"layers": []})["layers"]}
    if others := {path for path in ran - committed if not is_external(path) and not path.startswith("--")}:
        raise BadInput(f"{min(others)}: the run used it, and it is not committed; commit it first")
    leaves = {path for record in records for path, _ in inputs(record) if run.maker(path) is None}
    made = {path for record in records for path in record["outputs"] if Path(path).suffix not in LARGE}
    return sorted(
        {SEAL.as_posix(), *committed, *made, *seal.records, *seal.benchmarks}
        | ({LAYERS.as_posix()} if LAYERS.is_file() else set())
        | {path for path in leaves if not is_external(path)}
    )


def _committed() -> set[str]:
    files = _listed("ls-files", "-z")
    return files if lock_path().name == LOCK.name else files - {LOCK.name}  # the default study's


def _listed(*arguments: str) -> set[str]:
    text = git("-C", str(repository()), *arguments)
    if text is None:
        raise BadInput(f"{Path.cwd()}: a deposit holds what is committed, and no git repository is here")
    return {name.decode(errors="surrogateescape") for name in text.split(b"\0") if name}


def _files(run: Run, seal: Seal) -> Iterator[tuple[str, Path]]:
    """Name in the deposit and place of each file; sources lie in the repository."""
    committed = _committed()
    for name in deposited(run, seal):
        path = repository() / name if name in committed else Path(name)
        if path.is_symlink() or not path.is_file():
            raise BadInput(f"{path}: is no regular file; a deposit holds nothing else")
        yield name, path


def crate_of(run: Run, seal: Seal) -> bytes:
    """The crate's metadata file, for a folder that holds what `deposited` names."""
    files = {name: file_digest(path) for name, path in _files(run, seal)}
    content = Crate(run, seal.records, seal.targets, files).as_json()
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def write_deposit(run: Run, seal: Seal, out: Path) -> int:
    """Write the deposit; returns how many files it holds."""
    crate, files = crate_of(run, seal), list(_files(run, seal))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in [(CRATE.as_posix(), None), *files]:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, crate if path is None else path.read_bytes())
    return len(files) + 1


def is_deposit(path: Path) -> bool:
    """Whether a path is free, or that of a deposit, which a later one may replace."""
    if not path.exists():
        return True
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return CRATE.name in archive.namelist()
