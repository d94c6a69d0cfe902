"""What one deposits of a run: the committed repository, and what the run made, read and recorded, in one zip.

Weights and features are left out: they are large, and their jobs make them again. The same run gives the same
bytes. The crate that describes a deposit can be had alone.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from memgen.configuration.own_folder import LAYERS, LOCK, lock_path, repository
from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.jobs.files import whole_file
from memgen.jobs.record import git
from memgen.jobs.stage import command
from memgen.provenance.exports.crate import Crate
from memgen.provenance.reading import CRATE, LARGE, is_external
from memgen.provenance.run import Run, inputs
from memgen.provenance.sealing import SEAL, Seal
from memgen.provenance.verification import sealed_run

#: The earliest time that a zip file can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@command
def deposit(*, out: Path = Path("deposit.zip")) -> None:
    """Write figures, tables, records, sources and the crate that describes them into one zip file.

    Sources are the files of the present commit. Weights and features stay out. The same run gives the same
    bytes; an earlier deposit is replaced.

    Parameters
    ----------
    out
        The zip file.
    """
    if out.exists() and not _is_deposit(out):
        raise BadInput(f"{out}: is there, and no deposit; allowed for --out: a new file, or a deposit")
    run, seal = sealed_run("deposited")
    crate, files = _crate(run, seal), list(_files(run, seal))
    packed = zipfile.ZIP_DEFLATED
    with whole_file(out) as beside, zipfile.ZipFile(beside, "w", packed, compresslevel=9) as archive:
        for name, path in [(CRATE.as_posix(), None), *files]:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = packed, 0o644 << 16
            archive.writestr(entry, crate if path is None else path.read_bytes())
    print(f"{out}: {len(files) + 1} files, {out.stat().st_size / 1e6:.1f} MB, sha256 {file_digest(out)}")


@command
def export(*, format: Literal["wrroc"] = "wrroc", out: Path | None = None) -> None:
    """Write the provenance of the run as a Workflow Run RO-Crate.

    Parameters
    ----------
    format
        wrroc: metadata file of a Provenance Run Crate 0.5 in the present folder.
    out
        New file; printed by default.
    """
    if out is not None and out.exists():
        raise BadInput(f"{out}: is there; allowed for --out: a new file")
    crate = _crate(*sealed_run("exported"))
    if out is None:
        print(crate.decode(), end="")
    else:
        with whole_file(out) as beside:
            beside.write_bytes(crate)


def _is_deposit(path: Path) -> bool:
    """Whether a path that is there is that of a deposit, which a later one may replace."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return CRATE.name in archive.namelist()


def _crate(run: Run, seal: Seal) -> bytes:
    """The crate's metadata file, for a folder that holds what the deposit does."""
    files = {name: file_digest(path) for name, path in _files(run, seal)}
    content = Crate(run, seal.records, seal.targets, files).as_json()
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _files(run: Run, seal: Seal) -> Iterator[tuple[str, Path]]:
    """Name in the deposit, sorted, and place of each file but the crate's; sources lie in the repository.

    BadInput is raised if the sources do not lie in a git repository, differ from its commit, or are not all
    in it; or if a file is not a regular file.
    """
    committed = _listed("ls-files", "-z")
    if lock_path().name != LOCK.name:
        committed.discard(LOCK.name)  # the default study's
    if changed := _listed("diff", "--name-only", "--relative", "-z", "HEAD"):
        raise BadInput(f"{min(changed)}: differs from the present commit; a deposit holds committed files")
    records = [run.records[name] for name in seal.records]
    ran = {path for record in records for path in record["code"]} | {*seal.workflow}
    for record in records:
        ran |= {part["file"] for part in (record["configuration"] or {"layers": []})["layers"]}
    if others := {path for path in ran - committed if not is_external(path) and not path.startswith("--")}:
        raise BadInput(f"{min(others)}: the run used it, and it is not committed; commit it first")
    leaves = {path for record in records for path, _ in inputs(record) if run.maker(path) is None}
    made = {path for record in records for path in record["outputs"] if Path(path).suffix not in LARGE}
    names = {SEAL.as_posix(), *committed, *made, *seal.records, *seal.benchmarks}
    names |= {LAYERS.as_posix()} if LAYERS.is_file() else set()
    for name in sorted(names | {path for path in leaves if not is_external(path)}):
        path = repository() / name if name in committed else Path(name)
        if path.is_symlink() or not path.is_file():
            raise BadInput(f"{path}: is not a regular file; a deposit holds nothing else")
        yield name, path


def _listed(*arguments: str) -> set[str]:
    text = git("-C", str(repository()), *arguments)
    if text is None:
        raise BadInput(f"{Path.cwd()}: a deposit holds committed files, and no git repository is here")
    return {name.decode(errors="surrogateescape") for name in text.split(b"\0") if name}
