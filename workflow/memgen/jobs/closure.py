"""Which source files a stage depends on, read off the syntax tree.

Nothing is imported to find out, so this is quick and needs no package but the standard library.
An import inside a function counts like one at the top of the module. First-party are this package and the
packages in the present folder, which is how a study outside of this repository uses it.
"""

import ast
import functools
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TypeVar

#: The folder on PYTHONPATH that holds the package; a link in the folder of a study with overlays.
ROOT = Path(__file__).absolute().parents[2]
PACKAGE = "memgen"

Key = TypeVar("Key")


def root_of(module: str) -> Path | None:
    """Folder that holds the package of a first-party module; None for a package of others."""
    top = module.partition(".")[0]
    if top == PACKAGE:
        return ROOT
    here = Path.cwd()
    return here if top and (here / top / "__init__.py").is_file() else None


def own_packages() -> list[Path]:
    """Packages in the present folder."""
    return sorted(path.parent for path in Path.cwd().glob("*/__init__.py"))


def module_file(module: str, root: Path | None = None) -> Path | None:
    """Source file of a first-party module, in the package's folder unless another is given; None if none."""
    folder = root or root_of(module)
    if folder is None:
        return None
    stem = folder.joinpath(*module.split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)


def module_of(path: Path) -> str:
    """Dotted name of a first-party source file."""
    root = ROOT if path.is_relative_to(ROOT / PACKAGE) else Path.cwd()
    return ".".join(path.relative_to(root).with_suffix("").parts)


def load_module(module: str) -> ModuleType:
    """Import a first-party module, also where the present folder is not on Python's path."""
    root = str(root_of(module))
    if root not in sys.path:
        sys.path.insert(0, root)
    return importlib.import_module(module)


@functools.cache
def source(path: Path) -> str:
    """Text of a source file."""
    return path.read_text(encoding="utf-8")


@functools.cache
def syntax_tree(path: Path) -> ast.Module:
    """Parsed source of a file."""
    return ast.parse(source(path), filename=str(path))


@functools.cache
def _imported_names(module: str, path: Path) -> tuple[str, ...]:
    """Every dotted name that a module imports, relative imports resolved."""
    return tuple(imported(syntax_tree(path), package_of(module, path)))


def package_of(module: str, path: Path) -> str:
    """Package from which a module's relative imports start."""
    return module if path.name == "__init__.py" else module.rpartition(".")[0]


def imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Every dotted name that the source of a module imports, at its top or inside a function."""
    pending: list[ast.AST] = [tree]
    while pending:  # an import is a statement; expressions, most of the tree, are passed over
        node = pending.pop()
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            pending += getattr(node, part, ())
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = imported_from(node, package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def imported_from(node: ast.ImportFrom, package: str) -> str:
    """Module from which a statement of a package imports."""
    base = node.module or ""
    if not node.level:
        return base
    parts = package.split(".")
    parents = parts[: len(parts) - node.level + 1]
    return ".".join([*parents, base] if base else parents)


def reached(first: Iterable[Key], further: Callable[[Key], Iterable[Key]]) -> list[Key]:
    """What is first, and all that leads further from it, each once."""
    found: dict[Key, None] = {}
    pending = list(first)
    while pending:
        one = pending.pop()
        if one not in found:
            found[one] = None
            pending.extend(further(one))
    return list(found)


@functools.cache
def closure(module: str) -> tuple[Path, ...]:
    """Source files of a module and of every first-party module that it imports, directly or not.

    The ``__init__.py`` of each package on the way is included: Python runs it. Paths are absolute and sorted.
    ModuleNotFoundError is raised if there is no such first-party module.
    """
    if module_file(module) is None:
        raise ModuleNotFoundError(f"no first-party module named {module}")

    def needed(name: str) -> tuple[str, ...]:
        path = module_file(name)
        return () if path is None else (*_imported_names(name, path), name.rpartition(".")[0])

    return tuple(sorted({path for name in reached([module], needed) if (path := module_file(name))}))


def names_package(path: Path, package: str) -> bool:
    """Whether a first-party source file imports a package, at its top or inside a function."""
    return any(name.partition(".")[0] == package for name in _imported_names(module_of(path), path))
