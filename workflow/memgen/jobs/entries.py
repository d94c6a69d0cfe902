"""Which stages and commands there are, read off the syntax tree: nothing is imported to find out.

``memgen <study> <name>`` is a function marked `stage`, `figure` or `command`, with underscores for hyphens,
in any file of the study's folder: ``memgen/<study>/``, or a package of that name in the present folder.
``memgen <name>`` is one in ``memgen/commands/``.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from memgen.jobs.closure import PACKAGE, ROOT, module_file, module_of, own_packages, source, syntax_tree

#: Folder of the commands that belong to no study.
TOP = "commands"
_STUDY = re.compile(r"[a-z][a-z0-9_]*")
_COMMAND = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
#: Commands that scripts of others call by another name.
_ALSO = {("language", "published"): ("published", "responses")}
_MARKED = re.compile(r"^@(stage|figure|command)$", re.MULTILINE)


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
    if study in (TOP, PACKAGE) or not _STUDY.fullmatch(study):
        return None
    places = (ROOT / PACKAGE / study, Path.cwd() / study)
    return next((path for path in places if (path / "__init__.py").is_file()), None)


def studies() -> list[str]:
    """Studies that have commands, those of the present folder last."""
    ours = (path.parent.name for path in sorted((ROOT / PACKAGE).glob("*/__init__.py")))
    names = dict.fromkeys([*ours, *(path.name for path in own_packages())])
    return [name for name in names if folder(name) is not None and entries(name)]


def entries(study: str) -> dict[str, Entry]:
    """Every command of a study, or of none where the name is empty, by its name on the command line."""
    room = folder(study)
    paths = sorted(room.rglob("*.py")) if room else []
    found = {entry.function.replace("_", "-"): entry for path in paths for entry in _defined(path, _MARKED)}
    return dict(sorted(found.items()))


def find(study: str, name: str) -> Entry | None:
    """The command of a name, or None if the study has none."""
    study, name = _ALSO.get((study, name), (study, name))
    room = folder(study)
    if room is None or not _COMMAND.fullmatch(name):
        return None
    function = name.replace("-", "_")
    marked = re.compile(rf"^def {function}\(", re.MULTILINE)
    found = (entry for path in sorted(room.rglob("*.py")) for entry in _defined(path, marked))
    return next((entry for entry in found if entry.function == function), None)


def _defined(path: Path, marked: re.Pattern[str]) -> Iterator[Entry]:
    """The marked functions of a file whose text has what is sought."""
    if not marked.search(source(path)):
        return
    for node in syntax_tree(path).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        marks = {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}
        if marks & {"stage", "figure", "command"}:
            summary = (ast.get_docstring(node) or "").partition("\n")[0]
            yield Entry(
                module_of(path), node.name, "stage" if marks & {"stage", "figure"} else "command", summary
            )


def docstring(entry: Entry) -> str:
    """All that a command's function says of itself."""
    path = module_file(entry.module)
    assert path is not None
    named = (node for node in syntax_tree(path).body if isinstance(node, ast.FunctionDef))
    return next(ast.get_docstring(node) or "" for node in named if node.name == entry.function)


def version() -> str:
    """Version of the package, from the file that states it or, without that, from what is installed."""
    try:
        with (ROOT.parent / "pyproject.toml").open("rb") as file:
            return str(tomllib.load(file)["project"]["version"])
    except OSError:
        from importlib.metadata import version as installed  # slow to load, and needed here only

        return installed(PACKAGE)
