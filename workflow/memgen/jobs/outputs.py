"""Outputs that appear whole or not at all, and take the place of nothing that the study did not make.

Each output is written beside its target and renamed when all are complete. A file takes the place of one that
is empty, that the record of the job names, or that shows what it is: a record, a figure of that name, a file
with a recipe's name inside, a table with the same columns. A folder takes the place of one that is empty, or
that the study made and nobody added to: a mark inside it lists the files written, or the record of the job
names it with the digest it has. All else is refused before the work; that columns differ, before anything is
renamed.
"""

import contextlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from memgen.errors import BadInput
from memgen.jobs.digests import MARKS, STUDY_MARK, file_digest, files_of

_PARTIAL = ".partial-"
#: Outputs that have a suffix of their own, by their flags.
_SUFFIXES = {"--pdf": ".pdf", "--png": ".png", "--record": ".json"}
#: Name of a recipe, as it stands in figures and pages.
URN = b"urn:memgen:recipe:sha256:"
#: Bytes of a file that is looked at before it is replaced.
_LARGEST = 1 << 26


@dataclass(frozen=True)
class Target:
    """Where an output goes, and the flag that says so."""

    flag: str
    path: Path
    is_folder: bool = False

    @property
    def real(self) -> Path:
        """Absolute path with every link followed."""
        return Path(os.path.realpath(self.path))

    def beside(self, suffix: str = "") -> Path:
        """Temporary path in the target's folder, of this process."""
        name = f".{self.path.stem}{_PARTIAL}{os.getpid()}{suffix}{self.path.suffix}"
        return self.path.with_name(name)


def refuse_overwriting(
    targets: Mapping[str, Target],
    inputs: Iterable[tuple[str, Path]],
    recorded: Mapping[str, str],
    beside: Mapping[str, Path] | None = None,
) -> None:
    """Refuse, as BadInput, targets that would destroy an input, each other, or what the study did not make.

    `inputs` are flag and path of each, `recorded` the digest of each output that the job's present record
    names, by absolute path, and `beside` the new files, once they are written.
    """
    given = [(flag, Path(os.path.realpath(path))) for flag, path in inputs]
    here = Path.cwd().resolve()
    earlier: list[Target] = []
    for name, target in targets.items():
        path, flag, real = target.path, target.flag, target.real
        if path.name in ("", "..") or here.is_relative_to(real):
            raise BadInput(f"{path}: the folder that the study runs in, or one above it, given as {flag}")
        for other, source in given:
            if source.is_relative_to(real):
                raise BadInput(f"{path}: given as {flag}, would take the place of an input, given as {other}")
        for one in earlier:
            if real.is_relative_to(one.real) or one.real.is_relative_to(real):
                raise BadInput(
                    f"{path}: given as {flag}, and {one.path} as {one.flag}; each needs its own path"
                )
        earlier.append(target)
        try:
            _refuse_occupied(target, recorded, (beside or {}).get(name))
        except OSError as error:
            raise _unwritable(path, flag, error) from None
        suffix = _SUFFIXES.get(flag, path.suffix)
        if path.suffix != suffix:
            raise BadInput(f"{path}: given as {flag}; allowed: a name that ends in {suffix}")


def _refuse_occupied(target: Target, recorded: Mapping[str, str], new: Path | None) -> None:
    path, flag = target.path, target.flag
    if not os.path.lexists(path):
        return
    # A link to a file gives way to the new file, and what it points to stays; any other link is kept.
    mode = path.stat().st_mode if path.exists() else path.lstat().st_mode
    if not target.is_folder:
        if stat.S_ISDIR(mode):
            raise BadInput(f"{path}: is a folder; a file is written there, given as {flag}")
        if not stat.S_ISREG(mode) and path.exists():
            raise BadInput(f"{path}: is neither a file nor free; a file is written there, given as {flag}")
        if not path.is_symlink() and str(target.real) not in recorded and not _gives_way(target, new):
            raise BadInput(
                f"{path}: is there already, and not from this study; allowed for {flag}: a new path, "
                "or a file that the same stage wrote"
            )
        return
    if path.is_symlink() or not stat.S_ISDIR(mode):
        raise BadInput(f"{path}: is a link or a file; a folder is written there, given as {flag}")
    foreign = _foreign(path)
    if foreign and recorded.get(str(target.real)) != file_digest(path):
        raise BadInput(
            f"{path}: holds {foreign!r}, which this study did not write; "
            f"allowed for {flag}: a new or empty folder, or one that the study made"
        )


def _gives_way(target: Target, new: Path | None) -> bool:
    """Whether a file is empty, or of the kind that takes its place."""
    path, size = target.path, target.path.stat().st_size
    if path.suffix in (".csv", ".parquet"):
        with contextlib.suppress(BadInput):
            return size == 0 or new is None or columns_of(path) == columns_of(new)
        return False
    content = path.read_bytes() if size < _LARGEST else b""
    title = target.path.stem.encode()
    if path.suffix == ".json":
        with contextlib.suppress(ValueError, RecursionError, AttributeError):
            return size == 0 or str(json.loads(content).get("format")).startswith("memgen-")
    if path.suffix == ".pdf" and b"/Title (" + title + b")" in content and b"/Producer" not in content:
        return True
    return size == 0 or URN in content or (path.suffix == ".png" and b"tEXtTitle\0" + title in content)


def columns_of(path: Path) -> list[str]:
    """Names of a table's columns; BadInput where the file cannot be read as a table."""
    import polars as pl  # only where a file is replaced

    try:
        return (
            pl.read_csv(path, n_rows=0).columns if path.suffix == ".csv" else [*pl.read_parquet_schema(path)]
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})") from None


def _foreign(folder: Path) -> str | None:
    """Something in a folder that the study did not write there, if there is anything."""
    mark = folder / STUDY_MARK
    listed = set(mark.read_text(encoding="utf-8", errors="replace").splitlines()) if mark.is_file() else set()
    known = listed | {str(parent) for name in listed for parent in Path(name).parents}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name not in known and path.name not in MARKS:
            return name
    return None


def _unwritable(path: Path, flag: str, error: OSError) -> BadInput:
    return BadInput(
        f"{path}: cannot be written ({error.strerror}), given as {flag}; allowed: a writable folder"
    )


@contextlib.contextmanager
def written_beside(targets: Mapping[str, Target]) -> Iterator[dict[str, Path]]:
    """Temporary path of each output, in its target's folder; removed unless published."""
    made: list[Path] = []
    beside: dict[str, Path] = {}
    try:
        for name, target in targets.items():
            path = target.beside()
            try:
                made += _make_folder(target.path.parent)
                _remove_leftovers(target)
                path.mkdir()  # shows that something can be written here
                beside[name] = path
                if not target.is_folder:
                    path.rmdir()
            except OSError as error:
                raise _unwritable(target.path, target.flag, error) from None
        yield beside
    finally:
        for path in beside.values():
            _remove(path)
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()  # only where it stayed empty


def refuse_missing(targets: Mapping[str, Target], beside: Mapping[str, Path]) -> None:
    """Refuse, by RuntimeError, to go on where a stage did not write what it was asked to."""
    missing = [str(targets[name].path) for name, path in beside.items() if not path.exists()]
    if missing:
        raise RuntimeError(f"the stage ended without writing {', '.join(missing)}")


def publish(targets: Mapping[str, Target], beside: Mapping[str, Path], record: str | None = None) -> None:
    """Rename every finished output to its target, the one named as the record last.

    An old record goes first: whatever is killed between, no record speaks of outputs that it does not mean.
    If an output was not written, nothing is renamed.
    """
    refuse_missing(targets, beside)
    for name, path in beside.items():
        if targets[name].is_folder:
            (path / STUDY_MARK).write_text("".join(f"{line}\n" for line in _written(path)), encoding="utf-8")
    if record is not None:
        targets[record].path.unlink(missing_ok=True)
    for name in sorted(beside, key=lambda name: name == record):
        target, old = targets[name], targets[name].beside(".old")
        if target.is_folder and target.path.is_dir():
            target.path.replace(old)
        beside[name].replace(target.path)
        _remove(old)


def _written(folder: Path) -> list[str]:
    """Files in a folder, and folders that hold none, by their path within it."""
    empty = (path for path in folder.rglob("*") if path.is_dir() and not any(path.iterdir()))
    return sorted([*files_of(folder), *(path.relative_to(folder).as_posix() for path in empty)])


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it; the ones that were not there before, outermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_leftovers(target: Target) -> None:
    """Remove what a killed run left beside an output, unless the process that writes it is alive."""
    stem, suffix = re.escape(target.path.stem), re.escape(target.path.suffix)
    pattern = re.compile(rf"\.{stem}{re.escape(_PARTIAL)}(\d+)(\.old)?{suffix}")
    for leftover in target.path.parent.iterdir():
        match = pattern.fullmatch(leftover.name)
        if match and (int(match[1]) == os.getpid() or not Path(f"/proc/{match[1]}").exists()):
            _remove(leftover)
