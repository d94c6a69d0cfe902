"""What a stage depends on in the code: the definitions that it reaches, without prose.

A definition is what a module binds at its top: a function, a class with all its methods, a constant, an
import. From a stage's function every name is followed, through imports, into the modules of the package.
Nothing is imported to find out. Where the syntax does not say what is used, more is taken and never less:

- a module that is passed on, or of which an unknown attribute is read, counts whole; so does a module whose
  definition calls ``globals``, ``eval`` or the like, and one that is imported by ``*``;
- statements that bind no name, or run a decorator of the package other than `WRAPPERS`, count whenever their
  module is imported;
- a variable of a function hides a name of the module, a variable of a comprehension does not;
- the packages of others count that any imported module names, since importing one can change another.

A module that is imported under a computed name is not found, as in ``memgen.jobs.closure``.

Comments, docstrings and other strings that stand alone are prose, and so are arguments that only tell a
reader something, such as the `description` of a ``Column`` or the `text` of an ``About`` (`PROSE`).
"""

import ast
import builtins
import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from memgen.jobs import closure
from memgen.jobs.digests import bytes_digest, digest_of

#: Arguments that are prose, by the name of what is called: position, where they have one, and keyword.
PROSE: Mapping[str, tuple[int | None, str]] = {
    "Column": (1, "description"),
    "optional": (0, "description"),
    "mean_over_seeds": (1, "description"),
    "ReproductionTolerance": (0, "why"),
    "trained": (None, "why"),
    "About": (0, "text"),
}
#: Decorators of the package that wrap a definition and keep no list of what they wrapped.
WRAPPERS = frozenset({"stage", "figure", "command", "flat", "block"})
#: What every job calls before the module of its stage is imported; see ``memgen.__main__``.
BEFORE = ("memgen.jobs.kernels", "choose")
#: Reached names are not known in a module that calls one of these.
_DYNAMIC = frozenset({"globals", "locals", "vars", "eval", "exec", "__import__"})
#: Fields of the syntax tree that say nothing more, or are not the same in all versions of Python.
_SILENT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
#: Keys of a module that are no names: what runs when it is imported, and all of it.
_RUN, _WHOLE = "", "*"

Key = tuple[str, str]


@dataclass(frozen=True)
class _Import:
    """What an import binds a name to: a module, or one of its names."""

    module: str
    name: str | None
    text: str


_Scope = Mapping[str, tuple[_Import, ...]]


@dataclass
class _Module:
    """Top of a module."""

    name: str
    package: str
    statements: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, list[_Import]] = field(default_factory=dict)
    runs: list[ast.stmt] = field(default_factory=list)
    #: Modules that are imported when this one is.
    loads: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    #: Every dotted name that it imports, inside functions too.
    named: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        return name in self.statements or name in self.imports


class Package:
    """Definitions of the package below a folder, by default of the running one; read once."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = closure.ROOT if root is None else root
        self._file = functools.cache(self._find)
        self._module = functools.cache(self._parse)
        self._used = functools.cache(self._read)

    def digest(self, module: str, function: str | None = None) -> str:
        """Digest of everything that a stage reaches, the same in every version of Python.

        The stage's function has by default the name of its module. ModuleNotFoundError is raised if there is
        no such module.
        """
        packages = ",".join(sorted(self.packages(module)))
        return digest_of({**self.reached(module, function), "packages": packages})

    def reached(self, module: str, function: str | None = None) -> dict[str, str]:
        """Digest of each definition that a stage reaches, by ``module:name``."""
        if self._file(module) is None:
            raise ModuleNotFoundError(f"no first-party module named {module}")
        first = [(module, function or module.rpartition(".")[2]), BEFORE]
        keys = closure.reached(first, lambda key: self._used(key)[1])
        return {":".join(key): text for key in keys if (text := self._used(key)[0])}

    def packages(self, module: str) -> set[str]:
        """Packages of others that any imported module names: torch, once imported, is one for all."""

        def needed(name: str) -> Iterable[str]:
            return (*self._module(name).named, name.rpartition(".")[0]) if self._file(name) else ()

        others = (name for name in closure.reached([module], needed) if closure.root_of(name) is None)
        return {name.partition(".")[0] for name in others} - sys.stdlib_module_names - {""}

    def _find(self, module: str) -> Path | None:
        own = closure.root_of(module)
        return own and closure.module_file(module, self.root if own == closure.ROOT else own)

    def _parse(self, name: str) -> _Module:
        path = self._file(name)
        assert path is not None
        # Of the running package others read the trees too; other files may have changed since.
        running = self.root == closure.ROOT
        tree = closure.syntax_tree(path) if running else ast.parse(path.read_bytes(), str(path))
        package = closure.package_of(name, path)
        module = _Module(name, package, named=frozenset(closure.imported(tree, package)))
        for statement in tree.body:
            self._bind(module, statement)
        return module

    def _bind(self, module: _Module, statement: ast.stmt) -> None:
        """Sort a statement at the top of a module."""
        if _is_text(statement):
            return
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            self._bind_imports(module, statement)
            return
        names = _bound(statement)
        for name in names or ():
            module.statements.setdefault(name, []).append(statement)
        if names is not None and not self._decorated_here(module, statement):
            return
        module.runs.append(statement)
        for node in ast.walk(statement) if names is None else ():
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._bind_imports(module, node)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                module.statements.setdefault(node.id, []).append(statement)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                module.statements.setdefault(node.name, []).append(statement)

    def _bind_imports(self, module: _Module, node: ast.Import | ast.ImportFrom) -> None:
        for name, found in _imports(node, module.package):
            if name == "*":
                module.whole.add(found.module)
                module.runs.append(node)
            else:
                module.imports.setdefault(name, []).append(found)
            if found.module == "__future__":
                module.runs.append(node)
            module.loads |= self._loaded(found)

    def _loaded(self, found: _Import) -> set[str]:
        """Modules that an import runs, those of the packages on the way included."""
        parts = found.module.split(".")
        names = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
        return {*names, f"{found.module}.{found.name}"} if found.name else names

    def _decorated_here(self, module: _Module, statement: ast.stmt) -> bool:
        """Whether a decorator of the package runs on a definition: it may keep what it decorates."""
        for mark in getattr(statement, "decorator_list", ()):
            while isinstance(mark, (ast.Call, ast.Attribute)):
                mark = mark.func if isinstance(mark, ast.Call) else mark.value
            if not isinstance(mark, ast.Name):
                return True
            if mark.id in WRAPPERS:
                continue
            found = module.imports.get(mark.id, [])
            if any(self._file(one.module) for one in found) or not (found or hasattr(builtins, mark.id)):
                return True
        return False

    def _read(self, key: Key) -> tuple[str, frozenset[Key]]:
        """Digest of what a key stands for, and the keys that it uses; none outside the package."""
        if self._file(key[0]) is None:
            return "", frozenset()
        module, name = self._module(key[0]), key[1]
        if name == _WHOLE:
            return "", frozenset({(module.name, one) for one in (*module.statements, _RUN)})
        statements = module.runs if name == _RUN else module.statements.get(name, [])
        imports = module.imports.get(name, [])
        uses: set[Key] = {(module.name, _RUN)}
        if name == _RUN:
            uses |= {(one, _RUN) for one in module.loads if self._file(one)}
            uses |= {(one, _WHOLE) for one in module.whole}
        reader = _Reader(self, module, uses)
        for statement in statements:
            reader.read(statement, {})
        text = "".join([*map(_form, statements), *(one.text for one in imports)])
        return bytes_digest(text.encode("utf-8", "surrogatepass")) if text else "", frozenset(uses)

    def resolve(self, module: str, names: list[str]) -> Iterator[Key]:
        """Keys of ``module.first.second…``, as far as the package defines it."""
        if self._file(module) is None:
            return
        if not names:
            yield module, _WHOLE
            return
        first, rest, known = names[0], names[1:], False
        if first in (top := self._module(module)):
            known = True
            yield module, first
            for found in top.imports.get(first, ()):
                yield from self.through(found, rest)
        if self._file(f"{module}.{first}") is not None:
            known = True
            yield f"{module}.{first}", _RUN
            yield from self.resolve(f"{module}.{first}", rest)
        if not known:
            dunder = first.startswith("__") and first.endswith("__") and first != "__dict__"
            yield module, _RUN if dunder else _WHOLE

    def through(self, found: _Import, rest: list[str]) -> Iterator[Key]:
        """Keys of what an import bound, with the attributes that are read of it."""
        yield from self.resolve(found.module, [found.name, *rest] if found.name else rest)


class _Reader:
    """Follows the names in a statement; what is found is added to `uses`."""

    def __init__(self, package: Package, module: _Module, uses: set[Key]) -> None:
        self._package, self._module, self._uses = package, module, uses

    def read(self, node: ast.AST, scope: _Scope) -> None:
        """Follow the names in a node, where `scope` holds those that are not the module's."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            self._chain(node, scope)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            self._function(node, scope)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for _, found in _imports(node, self._module.package):
                loaded = self._package._loaded(found)
                self._uses |= {(one, _RUN) for one in loaded if self._package._file(one)}
        else:
            if isinstance(node, ast.arg | ast.AnnAssign):
                self._annotation(node.annotation, scope)
            for _, value in _fields(node) if not isinstance(node, ast.Constant) else ():
                for part in value if isinstance(value, list) else (value,):
                    if isinstance(part, ast.AST):
                        self.read(part, scope)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: _Scope) -> None:
        inner = {**scope, **_local(node, self._module.package)}
        self._annotation(getattr(node, "returns", None), scope)
        for name, value in _fields(node):
            within = inner if name == "body" else scope
            for part in value if isinstance(value, list) else (value,):
                if isinstance(part, ast.AST):
                    self.read(part, within)

    def _annotation(self, node: ast.AST | None, scope: _Scope) -> None:
        """Names in the strings of an annotation."""
        for part in ast.walk(node) if node is not None else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                try:
                    self.read(ast.parse(part.value, mode="eval").body, scope)
                except SyntaxError:
                    continue

    def _chain(self, node: ast.Name | ast.Attribute, scope: _Scope) -> None:
        names: list[str] = []
        at: ast.expr = node
        while isinstance(at, ast.Attribute):
            names.append(at.attr)
            at = at.value
        if not isinstance(at, ast.Name):
            self.read(at, scope)
            return
        names.reverse()
        if at.id in scope:
            for found in scope[at.id]:
                self._uses.update(self._package.through(found, names))
        elif at.id in self._module:
            self._uses.update(self._package.resolve(self._module.name, [at.id, *names]))
        elif at.id in _DYNAMIC:
            self._uses.add((self._module.name, _WHOLE))


def _imports(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, _Import]]:
    """Names that an import statement binds, and to what."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            # ``import a.b`` binds a; ``import a.b as c`` binds c to a.b.
            bound = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or bound, _Import(bound, None, f"import {bound};")
            if bound != alias.name:
                yield bound, _Import(alias.name, "__name__", f"import {alias.name};")
        return
    base = closure.imported_from(node, package)
    for alias in node.names:
        yield alias.asname or alias.name, _Import(base, alias.name, f"from {base} import {alias.name};")


def _bound(statement: ast.stmt) -> list[str] | None:
    """Names that a definition binds; None for a statement that does something else, too."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement.name]
    targets: Iterable[ast.expr]
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        targets = [statement.target]
    else:
        return None
    names: list[str] = []
    for target in targets:
        parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        if not all(isinstance(part, ast.Name) for part in parts):
            return None
        names += [part.id for part in parts if isinstance(part, ast.Name)]
    return names


def _local(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, package: str) -> _Scope:
    """Names that a function binds for itself; those that it imports with what they are."""
    found: dict[str, tuple[_Import, ...]] = {}
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for argument in [*every, *filter(None, (arguments.vararg, arguments.kwarg))]:
        found[argument.arg] = ()
    shared: set[str] = set()
    pending: list[ast.AST] = list(node.body) if isinstance(node.body, list) else []
    while pending:
        part = pending.pop()
        if isinstance(part, (ast.Import, ast.ImportFrom)):
            for name, imported in _imports(part, package):
                found[name] = (*found.get(name, ()), imported)
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.setdefault(part.name, ())
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.setdefault(part.id, ())
        elif isinstance(part, (ast.Global, ast.Nonlocal)):
            shared.update(part.names)
        elif not isinstance(part, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            pending.extend(ast.iter_child_nodes(part))
    return {name: imports for name, imports in found.items() if name not in shared}


def _is_text(node: object) -> bool:
    """Whether a statement is a string: a docstring, or words below an assignment."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _fields(node: ast.AST) -> Iterator[tuple[str, object]]:
    """What a node holds, without prose."""
    prose = PROSE.get(getattr(node.func, "id", "")) if isinstance(node, ast.Call) else None
    for name in _speaking(type(node)):  # type: ignore[arg-type]
        value = getattr(node, name, None)
        if isinstance(value, list):
            if name == "args" and prose is not None:
                value = [part for place, part in enumerate(value) if place != prose[0]]
            elif name == "keywords" and prose is not None:
                value = [part for part in value if part.arg != prose[1]]
            elif name in ("body", "orelse", "finalbody"):
                value = [part for part in value if not _is_text(part)]
        if value is not None and value != []:
            yield name, value


@functools.cache
def _speaking(kind: type[ast.AST]) -> tuple[str, ...]:
    return tuple(name for name in kind._fields if name not in _SILENT)


def _form(value: object) -> str:
    """A node as text that is the same wherever it stands, and in every version of Python."""
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, ast.Constant):
        return f"={value.value!r}"
    if isinstance(value, ast.Attribute):
        return f"{_form(value.value)}.{value.attr}"
    if isinstance(value, ast.AST):
        parts = [f"{name}={_form(part)}" for name, part in _fields(value)]
        return f"{type(value).__name__}({','.join(parts)})"
    if isinstance(value, list):
        return f"[{','.join(map(_form, value))}]"
    return repr(value)


@functools.cache
def present() -> Package:
    """Definitions of the running package."""
    return Package()
