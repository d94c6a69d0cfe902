"""Command line: ``memgen <study> <stage> …`` and ``memgen <command> …``.

Commands are found by reading the syntax tree of the package for functions marked `stage` or `command`;
only the module that defines the one asked for is imported, so that the theory needs no torch. Threads are
pinned before that import. A study added as a folder appears here by itself.
"""

import ast
import importlib
import inspect
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from memgen import stage as stages
from memgen.closure import PACKAGE, ROOT, closure, syntax_tree
from memgen.errors import BadInput


@dataclass(frozen=True)
class Entry:
    """A command that can be called: where it is, and what its first line says."""

    module: str
    function: str
    kind: str
    summary: str


def entries(folder: Path, wanted: str = "") -> dict[str, Entry]:
    """Commands defined in the modules of a folder, by their name on the command line.

    A study's commands may stand anywhere below its folder; the package's own stand in it alone. Where
    a name is wanted, only files that define it are parsed: most of a short job's time would go there.
    """
    found = {}
    for path in sorted(folder.glob("*.py") if folder == ROOT / PACKAGE else folder.rglob("*.py")):
        if path.name == "__main__.py":
            continue
        if f"def {wanted.replace('-', '_')}" not in path.read_text(encoding="utf-8"):
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in syntax_tree(path).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            marks = {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}
            for kind in ("stage", "command"):
                if kind in marks:
                    summary = (ast.get_docstring(node) or "").partition("\n")[0]
                    found[node.name.replace("_", "-")] = Entry(module, node.name, kind, summary)
    return found


def studies() -> list[str]:
    """Folders of the package that hold commands."""
    return [
        path.parent.name for path in sorted((ROOT / PACKAGE).glob("*/__init__.py")) if entries(path.parent)
    ]


def _usage(title: str, names: dict[str, str]) -> str:
    width = max(map(len, names), default=0)
    return "\n".join([f"Usage: {title}", "", *(f"  {name:<{width}}  {text}" for name, text in names.items())])


def _threads(arguments: list[str]) -> int:
    """Value of --threads, needed before numpy is imported; 1 by default."""
    for index, argument in enumerate(arguments):
        value = argument.partition("=")[2] if argument.startswith("--threads=") else None
        if argument == "--threads" and index + 1 < len(arguments):
            value = arguments[index + 1]
        if value is not None:
            if not value.isdigit() or int(value) < 1:
                raise BadInput(f"--threads: {value!r} is not allowed; allowed: a whole number of at least 1")
            return int(value)
    return 1


def _with_record(function: Callable[..., None], code: dict[str, str]) -> Callable[..., None]:
    """A stage with the two flags that every rule passes."""
    import cyclopts

    inner = inspect.unwrap(function)

    def call(*args: Any, record: Path | None = None, threads: int = 1, **kwargs: Any) -> None:
        stages.Job.bind(inner, *args, **kwargs).run(record=record, threads=threads, code=code)

    def flag(name: str, hint: Any, default: Any, text: str) -> inspect.Parameter:
        annotated = Annotated[hint, cyclopts.Parameter(help=text)]
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotated)

    hints = inspect.get_annotations(inner, eval_str=True)
    parameters = [
        part.replace(annotation=hints.get(part.name, part.annotation))
        for part in inspect.signature(inner).parameters.values()
    ]
    extra = [
        flag("record", Path | None, None, "Where to write the provenance record."),
        flag("threads", int, 1, "Threads that numpy, polars and torch may use."),
    ]
    call.__signature__ = inspect.Signature([*parameters, *extra])  # type: ignore[attr-defined]
    call.__annotations__ = {part.name: part.annotation for part in [*parameters, *extra]}
    call.__doc__, call.__name__, call.__module__ = inner.__doc__, inner.__name__, inner.__module__
    return call


def _call(entry: Entry, title: str, arguments: list[str]) -> None:
    import cyclopts

    stages.pin_threads(_threads(arguments))
    code: dict[str, str] = {}
    if entry.kind == "stage":
        from memgen.provenance.record import digests

        code = digests(closure(entry.module))
    function = getattr(importlib.import_module(entry.module), entry.function)
    if entry.kind == "stage":
        function = _with_record(function, code)
    app = cyclopts.App(
        name=title,
        help_format="plaintext",
        version_flags=[],
        default_parameter=cyclopts.Parameter(consume_multiple=True, negative_iterable=(), show_default=True),
    )
    app.default(function)
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        text = " ".join(str(error).split())
        raise BadInput(f"{text} (see {title} --help)") from None


def run(arguments: list[str]) -> None:
    """Find the command that the arguments name, and call it.

    Raises
    ------
    BadInput
        If there is no such command, or it refuses its arguments.
    """
    room = ROOT / PACKAGE / arguments[0] if len(arguments) > 1 else None
    if room is not None and (room / "__init__.py").is_file():
        wanted = entries(room, arguments[1]).get(arguments[1])
        if wanted is not None:
            _call(wanted, f"memgen {arguments[0]} {arguments[1]}", arguments[2:])
            return
    top = entries(ROOT / PACKAGE)
    rooms = studies()
    if not arguments or arguments[0] in ("-h", "--help"):
        names = {room: f"commands: {', '.join(entries(ROOT / PACKAGE / room))}" for room in rooms}
        print(
            _usage(
                "memgen <study> <command> …",
                {**names, **{name: entry.summary for name, entry in top.items()}},
            )
        )
        return
    name, rest = arguments[0], arguments[1:]
    if name in rooms:
        found = entries(ROOT / PACKAGE / name)
        if not rest or rest[0] in ("-h", "--help"):
            print(_usage(f"memgen {name} <command> …", {key: entry.summary for key, entry in found.items()}))
        else:
            raise BadInput(f"memgen {name}: there is no command {rest[0]!r}; allowed: {', '.join(found)}")
    elif name in top:
        _call(top[name], f"memgen {name}", rest)
    else:
        raise BadInput(f"memgen: there is no study or command {name!r}; allowed: {', '.join([*rooms, *top])}")


def _interrupted(number: int, frame: object) -> None:
    """End by exception, so that partial outputs are removed."""
    raise SystemExit(128 + number)


def main() -> None:
    """Entry point: bad input ends with one line and exit status 2, a failed stage with its traceback."""
    signal.signal(signal.SIGTERM, _interrupted)
    stages.log_to_stderr()
    try:
        run(sys.argv[1:])
    except BadInput as error:
        print(f"memgen: error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        logging.getLogger(PACKAGE).error("interrupted")
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
