"""Where a study's results are: in the repository, or in ``studies/<name>`` for a study with overlays.

Such a folder has results, figures, records, seal and logs separate from the default study's. All else in it
are links to the repository's files, so that every path is the same in both, and an edited source is an edited
source of all studies. The folder is named by its overlays, and by its kernels where they are portable:
``studies/hour``, ``studies/published+hour``, ``studies/portable``.
"""

import contextlib
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from memgen.errors import BadInput
from memgen.jobs.files import whole_file
from memgen.jobs.kernels import Kernels

STUDIES = "studies"
LAYERS = Path(".study.layers")
"""Names the overlays of the study whose results are in this folder, one a line, and portable kernels."""
LOCK = Path("provenance.lock.json")
"""The lock of the default study, in the repository."""
_PORTABLE = "--kernels portable"
_APART = {"results", "figures", STUDIES, "logs", "site", "report.html", "deposit.zip", LOCK.name}
_STEM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_JOBS = Path("results/provenance/jobs")


def folder_of(overlays: Sequence[Path], kernels: Kernels) -> Path:
    """Folder of the study with some overlays and kernels, relative to the repository.

    Raises
    ------
    BadInput
        If the name of an overlay cannot be that of a folder.
    """
    for path in overlays:
        if not _STEM.fullmatch(path.stem):
            raise BadInput(
                f"--config: {str(path)!r}: the file's name becomes that of a folder in {STUDIES}/; "
                "allowed: letters, digits, . _ and -"
            )
    parts = [path.stem for path in overlays] + (["portable"] if kernels == "portable" else [])
    return Path(STUDIES, "+".join(parts)) if parts else Path()


def enter(overlays: Sequence[Path], kernels: Kernels, *, here: bool = False) -> list[Path]:
    """Make the folder of a study, and change into it, unless `here`; its overlays as they are called there.

    Raises
    ------
    BadInput
        If the present folder is not the repository, or the folder holds results of other overlays.
    """
    top = Path.cwd()
    if is_own_folder():
        raise BadInput(f"{top}: is the folder of one study; run this in that of the repository")
    names = [_name(path) for path in overlays]
    folder = Path() if here else folder_of(overlays, kernels)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.resolve() != top / folder:
            raise BadInput(f"{folder}: is a link; allowed: a folder, whose results and figures may be links")
        if folder != Path():
            _link(top, folder)
    except OSError as error:
        what = f"cannot be written ({error.strerror}); allowed: a writable folder"
        raise BadInput(f"{folder}: {what}") from None
    os.chdir(folder)
    present = [Path(name) if Path(name).exists() else top / name for name in names]
    belong(present, kernels)
    return present


def _link(top: Path, folder: Path) -> None:
    """Link everything in the repository that no study makes; remove links to what is gone."""
    for path in folder.iterdir():
        if path.is_symlink() and not path.exists():
            path.unlink()
    for source in top.iterdir():
        if not source.name.startswith(".") and source.name not in _APART:
            with contextlib.suppress(FileExistsError):  # of an earlier run, or of one that starts now as well
                (folder / source.name).symlink_to(Path("../..", source.name))


def _name(path: Path) -> str:
    """A file as it is called in every folder of this repository: a path inside it, or an absolute one."""
    absolute, here = Path(os.path.normpath(path.absolute())), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)


def _stated() -> list[str]:
    return LAYERS.read_text(encoding="utf-8").splitlines() if LAYERS.is_file() else []


def layers() -> list[str]:
    """Overlays of the study whose results are in the present folder."""
    return [line for line in _stated() if line != _PORTABLE]


def belong(overlays: Sequence[Path], kernels: Kernels) -> None:
    """Have the results in the present folder belong to a study with some overlays and kernels.

    Raises
    ------
    BadInput
        If there are results of a study with other overlays or kernels.
    """
    names, before = [_name(path) for path in overlays], _stated()
    names += [_PORTABLE] if kernels == "portable" else []
    if names == before:
        return
    if any(_JOBS.rglob("*.json")):
        allowed = "memgen study, which gives overlays and portable kernels a separate folder"
        if Path.cwd().parent.name == STUDIES:
            allowed = "an overlay of another name, or remove this folder"
        present, wanted = (" + ".join(["config.yaml", *part]) for part in (before, names))
        raise BadInput(f"{Path.cwd()}: holds results of {present}, not of {wanted}; allowed: {allowed}")
    if names:
        with whole_file(LAYERS) as beside:
            beside.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    else:
        LAYERS.unlink(missing_ok=True)


def is_own_folder() -> bool:
    """Whether the present folder is that of a study with overlays or portable kernels."""
    return Path.cwd().parent.name == STUDIES and LAYERS.is_file()


def repository() -> Path:
    """Folder of the repository that the study in the present folder belongs to."""
    return Path.cwd().parents[1] if is_own_folder() else Path.cwd()


def given(path: str) -> str:
    """A path in the configuration, relative to the repository, as it is called in the present folder.

    Paths inside the repository are the same in every study's folder; those that lead out of it are not.
    """
    outside = Path(os.path.normpath(path)).parts[:1] == ("..",)
    return os.path.normpath(repository() / path) if outside and is_own_folder() else path


def lock_path() -> Path:
    """File that the run in the present folder is compared with, whatever its kernels are.

    ``provenance.lock.json`` for the default study; for a study with overlays, a file beside the last of them,
    named as they are, such as ``configs/hour.lock.json``.
    """
    overlays = [Path(name) for name in layers()]
    if not overlays:
        return Path("../..", LOCK) if is_own_folder() else LOCK
    return overlays[-1].parent / f"{'+'.join(path.stem for path in overlays)}.lock.json"


def next_steps() -> str:
    """Where to look when a run in the present folder has ended."""
    own = is_own_folder()
    option = f" CONFIG={shlex.quote(' '.join(layers()))}" if own and layers() else ""
    option += " KERNELS=portable" if own and _PORTABLE in _stated() else ""
    at = f"{STUDIES}/{Path.cwd().name}/" if own else ""
    if Path("results/claims.csv").is_file():
        steps = {
            f"make verify{option}": "did I reproduce it?",
            f"{at}results/claims.csv": f"what was found; the page to play with is {at}figures/explorer.html",
            f"make report{option}": "every figure with its caption and parameters on one page",
        }
    else:  # only some targets were made
        steps = {f"cd {shlex.quote(at)}": "the folder of these results"} if own else {}
        steps |= {
            "memgen provenance verify": "is every file as its job wrote it?",
            "memgen provenance show FILE": "all that made a file",
        }
    width = max(map(len, steps))
    return "Next: " + "\n      ".join(f"{what:<{width}}  {why}" for what, why in steps.items())
