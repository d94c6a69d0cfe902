"""Command line: ``memgen <study> <stage> …`` and ``memgen <command> …``.

Only the module that defines the command asked for is imported (see ``memgen.commands``), so that the theory
needs no torch, and threads are pinned before that import. A study added as a folder appears here by itself.
"""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from memgen.closure import closure
from memgen.commands import Entry, entries, find, studies
from memgen.errors import BadInput
from memgen.stage import Job, ending_in_one_line, pin_threads
from memgen.version import version


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
        Job.bind(inner, *args, **kwargs).run(record=record, threads=threads, code=code)

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

    pin_threads(_threads(arguments))
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
    name, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if rest and (wanted := find(name, rest[0])):
        _call(wanted, f"memgen {name} {rest[0]}", rest[1:])
    elif wanted := find("", name):
        _call(wanted, f"memgen {name}", rest)
    elif name == "--version":
        print(f"memgen {version()}")
    elif name in ("-h", "--help"):
        names = {study: f"commands: {', '.join(entries(study))}" for study in studies()}
        names |= {command: entry.summary for command, entry in entries("").items()}
        print(_usage("memgen <study> <command> …", names))
    elif found := entries(name):
        if rest and rest[0] not in ("-h", "--help"):
            raise BadInput(f"memgen {name}: there is no command {rest[0]!r}; allowed: {', '.join(found)}")
        print(_usage(f"memgen {name} <command> …", {key: entry.summary for key, entry in found.items()}))
    else:
        allowed = ", ".join([*studies(), *entries("")])
        raise BadInput(f"memgen: there is no study or command {name!r}; allowed: {allowed}")


def main() -> None:
    """Entry point: bad input ends with one line and exit status 2, a failed stage with its traceback."""
    with ending_in_one_line():
        run(sys.argv[1:])


if __name__ == "__main__":
    main()
