"""A conda channel on this disk: what is installed from requirements.lock, and this Python, repackaged.

    python tests/envs/channel.py FOLDER numpy matplotlib-base …      these, and everything that they need

Each file is the one that pip installed from its wheel, so results of an environment made of this channel can
be held to those of .venv byte for byte. Only importable files are taken; console scripts stay behind.
"""

import asyncio
import importlib.metadata
import os
import platform
import sys
import sysconfig
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler.index import index_fs
from rattler_build import FileEntry, assemble_package

from environments import conda_name, index_name

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
LIBRARY = f"lib/python{VERSION}"
#: Folders that no job imports: compiled anew, or tests, or parts of the standard library.
UNUSED = {"__pycache__", "tests"}
UNUSED_LIBRARY = {*UNUSED, "site-packages", "test", "idlelib", "tkinter", "ensurepip", "lib2to3"}


def assemble(channel: Path, name: str, version: str, files: dict[str, Path], depends: list[str]) -> None:
    """Write one package; paths in the environment lead to files on this disk."""
    entries = [FileEntry.from_paths(source, target) for target, source in sorted(files.items())]
    assemble_package(
        name, version, "linux-64", "local_0", channel / "linux-64",
        files=entries, depends=depends, compression_level=1, detect_prefix=False,
    )  # fmt: skip


def interpreter(channel: Path) -> None:
    """Package the Python that runs this; its shared library, where it has one, stays where it is."""
    library = Path(sysconfig.get_path("stdlib"))
    if not (library / "site-packages").is_dir():
        sys.exit(f"{library}: has no site-packages, as Debian's Python; needed: another build of Python")
    files = {
        f"{LIBRARY}/{path.relative_to(library)}": path
        for path in library.rglob("*")
        if path.is_file() and UNUSED_LIBRARY.isdisjoint(path.relative_to(library).parts)
    }
    # So that the folder of installed packages exists from the start.
    files[f"{LIBRARY}/site-packages/README.txt"] = library / "site-packages/README.txt"
    for name in ("python", "python3", f"python{VERSION}"):
        files[f"bin/{name}"] = Path(sys.executable).resolve()
    assemble(channel, "python", platform.python_version(), files, [])


def requirements(distribution: importlib.metadata.Distribution) -> list[Requirement]:
    """What a distribution needs here, without its extras."""
    found = map(Requirement, distribution.requires or [])
    return [part for part in found if part.marker is None or part.marker.evaluate({"extra": ""})]


def package(channel: Path, distribution: importlib.metadata.Distribution) -> None:
    root = Path(str(distribution.locate_file("")))
    files = {
        f"{LIBRARY}/site-packages/{path}": root / path
        for path in distribution.files or []
        if UNUSED.isdisjoint(path.parts) and ".." not in path.parts
    }
    # A local version such as +cpu is dropped, as in the lock.
    version = distribution.version.partition("+")[0]
    needed = [f"{conda_name(part.name)} {part.specifier}".strip() for part in requirements(distribution)]
    assemble(channel, conda_name(distribution.name), version, files, [f"python {VERSION}.*", *needed])


def main(channel: Path, names: list[str]) -> None:
    for folder in ("linux-64", "noarch"):
        (channel / folder).mkdir(parents=True)
    interpreter(channel)
    pending, done = [index_name(name) for name in names], {"python"}
    while pending:
        name = pending.pop()
        if name not in done:
            done.add(name)
            distribution = importlib.metadata.distribution(name)
            package(channel, distribution)
            pending += [canonicalize_name(part.name) for part in requirements(distribution)]
    asyncio.run(index_fs(channel))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
    # The threads of py-rattler 0.28 may crash while Python ends.
    os._exit(0)
