"""Which source files a stage depends on, read off the syntax tree.

Nothing is imported to find out, so this is quick and needs no package but the standard library.
An import inside a function counts like one at the top of the module.
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

#: The folder on PYTHONPATH that holds the first-party package; a link in the folder of a study with overlays.
ROOT = Path(__file__).absolute().parents[2]
PACKAGE = "memgen"


def module_file(module: str, root: Path | None = None) -> Path | None:
    """Source file of a first-party module below `root`, else `ROOT`; None if there is none."""
    stem = (root or ROOT).joinpath(*module.split("."))
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


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


@functools.cache
def closure(module: str) -> tuple[Path, ...]:
    """Source files of a module and of every first-party module that it imports, directly or not.

    The ``__init__.py`` of each package on the way is included: Python runs it.

    Parameters
    ----------
    module : str
        Dotted name, such as ``"memgen.relational.stages.sweep"``.

    Returns
    -------
    tuple of pathlib.Path
        Absolute paths, sorted.

    Raises
    ------
    ModuleNotFoundError
        If there is no such first-party module.
    """
    if module_file(module) is None:
        raise ModuleNotFoundError(f"no first-party module named {module}")
    found: dict[str, Path] = {}
    pending = [module]
    while pending:
        name = pending.pop()
        path = module_file(name)
        if name in found or path is None or name.split(".")[0] != PACKAGE:
            continue
        found[name] = path
        pending.extend(_imported_names(name, path))
        if "." in name:
            pending.append(name.rpartition(".")[0])
    return tuple(sorted(set(found.values())))


def names_package(path: Path, package: str) -> bool:
    """Whether a first-party source file imports a package, at its top or inside a function."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return any(name.partition(".")[0] == package for name in _imported_names(module, path))
