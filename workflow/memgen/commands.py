"""Which stages and commands there are, found by path.

``memgen <study> <name>`` is the file ``<name>.py``, with underscores for hyphens, anywhere below
``memgen/<study>/`` that defines a function of its own name marked `stage`, `figure` or `command`;
``memgen <name>`` is such a file in ``memgen/stages/``. The mark is read off the syntax tree, so nothing is
imported to find out.
"""

import ast
import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from memgen.closure import PACKAGE, ROOT, syntax_tree

#: Folder of the commands that belong to no study.
TOP = "stages"
_STUDY = re.compile(r"[a-z][a-z0-9_]*")
_COMMAND = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Entry:
    """A command that can be called: where it is, and what its first line says."""

    module: str
    function: str
    kind: Literal["stage", "command"]
    summary: str


def folder(study: str) -> Path | None:
    """Folder of a study, or of the commands of none where the name is empty; None if there is none."""
    if not study:
        return ROOT / PACKAGE / TOP
    path = ROOT / PACKAGE / study
    known = _STUDY.fullmatch(study) and study != TOP and (path / "__init__.py").is_file()
    return path if known else None


def studies() -> list[str]:
    """Folders of the package that hold commands."""
    names = [path.parent.name for path in sorted((ROOT / PACKAGE).glob("*/__init__.py"))]
    return [name for name in names if folder(name) is not None and entries(name)]


def entries(study: str) -> dict[str, Entry]:
    """Every command of a study, or of none where the name is empty, by its name on the command line."""
    room = folder(study)
    if room is None:
        return {}
    found = {
        entry.function: entry for path in sorted(room.rglob("*.py")) for entry in _defined(path, path.stem)
    }
    return {name.replace("_", "-"): found[name] for name in sorted(found)}


def find(study: str, name: str) -> Entry | None:
    """The command of a name, or None if the study has none; only files of that name are read."""
    room = folder(study)
    if room is None or not _COMMAND.fullmatch(name):
        return None
    function = name.replace("-", "_")
    for path in sorted(room.rglob(f"{function}.py")):
        for entry in _defined(path, function):
            return entry
    return None


def _defined(path: Path, function: str) -> Iterator[Entry]:
    """The marked function of a name in a file, if it is there."""
    if f"def {function}(" not in path.read_text(encoding="utf-8"):
        return
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for node in syntax_tree(path).body:
        if not isinstance(node, ast.FunctionDef) or node.name != function:
            continue
        marks = {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}
        summary = (ast.get_docstring(node) or "").partition("\n")[0]
        if marks & {"stage", "figure"}:
            yield Entry(module, node.name, "stage", summary)
        elif "command" in marks:
            yield Entry(module, node.name, "command", summary)


def version() -> str:
    """Version of the package, from the file that states it or, without that, from what is installed."""
    try:
        with (ROOT.parent / "pyproject.toml").open("rb") as file:
            return str(tomllib.load(file)["project"]["version"])
    except OSError:
        return importlib.metadata.version(PACKAGE)
