"""Command line: ``memgen <study> <stage> …`` and ``memgen <command> …``.

Only the module that defines the command is imported (see ``memgen.jobs.entries``), so that the theory needs
no torch, and threads are pinned before that import. A study added as a folder appears here by itself.
"""

import errno
import inspect
import io
import re
import sys
import textwrap
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from types import NoneType
from typing import Annotated, Any

from memgen.errors import BadInput
from memgen.jobs import kernels
from memgen.jobs.arguments import NOTHING, Described, bare, flag
from memgen.jobs.closure import PACKAGE, closure, load_module
from memgen.jobs.entries import Entry, entries, find, studies, version
from memgen.jobs.stage import Job, ending_in_one_line, pin_threads

HELP = """Usage: memgen <command> … or memgen <study> <command> …; every command takes --help

Calculate exactly (--json for scripts):
  memgen relational ranks --n 9 --exception 5:3 --alpha 0.3                 strengths given to the items
  memgen relational margins --n 9 --exception 5:3 --alpha 0.3               answers to all pairs
  memgen relational critical --n 13 --exception 7:5                         where new pairs turn wrong
  memgen relational conjunctivity --kernel ntk --depth 3                    conjunctivity of a network
  memgen longtail error --prior zipf --domain 50000 --samples 50000         what memorization is worth
  memgen irrelevant cluster-error --samples 500 --dimension 1000 --rho 0.1  what accuracy must store
  memgen explain 7:5 --n 13 --alpha 0.2                                     the mistakes, in words

Run a study, in the folder of the repository:
  memgen doctor                                                             what is here, what is missing
  memgen plan --config configs/paper.yaml                                   jobs and hours, before a run
  memgen study --config configs/hour.yaml                                   make results and figures

Look at its results:
  memgen claim exception-found-probe                                        a claim, its test, its figure
  memgen provenance show figures/rank_profiles.pdf                          all that made a figure

Tab finishes commands after: source <(memgen completion bash)
memgen stages lists the stages that rules call; memgen <study> the commands of one study:"""

#: The most threads that a job may ask for; libraries start as many, whether there are processors or not.
MOST_THREADS = 256
_NUMBERS = {
    int: re.compile(r"[-+]?(0|[1-9]\d*)", re.ASCII),
    float: re.compile(
        r"[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[-+]?\d+)?|[-+]?(inf|nan)", re.ASCII | re.IGNORECASE
    ),
}


def _usage(title: str, found: dict[str, Entry]) -> str:
    """The commands of a study, those that a person calls before those that the workflow calls."""
    width = max(map(len, found), default=0)
    indent = " " * (width + 4)
    lines = [f"Usage: {title}"]
    heads = {"command": "Commands:", "stage": "Stages, which the workflow calls:"}
    for kind, head in heads.items():
        of = {name: entry.summary for name, entry in found.items() if entry.kind == kind}
        lines += ["", head] if of else []
        wrapper = textwrap.TextWrapper(110, subsequent_indent=indent, break_on_hyphens=False)
        for name, text in of.items():
            wrapper.initial_indent = f"  {name:<{width}}  "
            lines.append(wrapper.fill(text))
    return "\n".join(lines)


def _threads(arguments: list[str]) -> int:
    """Value of --threads, needed before numpy is imported; 1 by default."""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        name, _, value = argument.partition("=")
        if name == "--threads":
            value = following if argument == name else value
            if not _NUMBERS[int].fullmatch(value) or not 1 <= int(value) <= MOST_THREADS:
                raise BadInput(f"--threads: {value!r} is not allowed; allowed: 1 to {MOST_THREADS}")
            return int(value)
    return 1


def _numbers(hint: Any, tokens: Sequence[Any]) -> Any:
    """Numbers as the configuration has them: Python would read 012, 1_0 and other scripts' digits."""
    many = typing.get_origin(bare(hint)) is list
    kind = typing.get_args(bare(hint))[0] if many else bare(hint)
    for token in tokens:
        if not _NUMBERS[kind].fullmatch(token.value):
            word = "whole number" if kind is int else "number"
            raise ValueError(f"{token.value!r} is not allowed; allowed: a {word}")
    numbers = [kind(token.value) for token in tokens]
    return numbers if many else numbers[0]


def _undescribed(hint: Any) -> Any:
    """A type without what `memgen.jobs.stage` checks: cyclopts would ask pydantic for it."""
    parts = typing.get_args(hint)
    if typing.get_origin(hint) is Annotated:
        kept = [part for part in hint.__metadata__ if not isinstance(part, Described)]
        inner = _undescribed(hint.__origin__)
        return Annotated[inner, *kept] if kept else inner
    if typing.get_origin(hint) is list:
        return list[_undescribed(parts[0])]  # type: ignore[misc]
    return _undescribed(parts[0]) | None if NoneType in parts and len(parts) == 2 else hint


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Parameters of a stage or command, those that are numbers with their own reading."""
    import cyclopts

    hints = typing.get_type_hints(function, include_extras=True)
    number = cyclopts.Parameter(converter=_numbers)
    kinds = (int, float, list[int], list[float])
    return [
        part.replace(annotation=Annotated[hint, number] if bare(hint) in kinds else hint)
        for part in inspect.signature(function).parameters.values()
        for hint in [_undescribed(hints.get(part.name, part.annotation))]
    ]


def _flowing(function: Callable[..., Any]) -> str:
    """A docstring with every paragraph on one line, since help is broken to the terminal's width."""
    lines: list[str] = []
    for line in (inspect.getdoc(function) or "").splitlines():
        before = lines[-1] if lines else ""
        indents = [len(text) - len(text.lstrip()) for text in (before, line)]
        ruled = any(set(text.strip()) <= {"-"} for text in (before, line))
        if ruled or indents[0] != indents[1] or line.lstrip().startswith("- "):
            lines.append(line)
        else:
            lines[-1] = f"{before} {line.lstrip()}"
    return "\n".join(lines)


def _callable(entry: Entry, code: dict[str, str]) -> Callable[..., Any]:
    """A command as the command line calls it; a stage has the two flags that every rule passes."""
    import cyclopts

    function = getattr(load_module(entry.module), entry.function)
    inner = inspect.unwrap(function)
    hints = typing.get_type_hints(inner, include_extras=True)

    def call(*args: Any, record: Path | None = None, threads: int = 1, **given: Any) -> Any:
        for name, value in given.items():
            if value == []:  # from Python an empty list is as good as none
                raise BadInput(f"{flag(name, hints[name])}: {NOTHING}")
        if entry.kind == "command":
            return function(*args, **given)
        return Job.bind(inner, *args, **given).run(record=record, threads=threads, code=code)

    parameters = _parameters(inner)
    more: list[tuple[str, Any, Any, str]] = [
        ("record", Path | None, None, "Where to write the provenance record."),
        ("threads", int, 1, "Threads that numpy, polars and torch may use."),
    ]
    for name, hint, default, text in more if entry.kind == "stage" else ():
        hint = Annotated[hint, cyclopts.Parameter(help=text)]
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(name, kind, default=default, annotation=hint))
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {part.name: part.annotation for part in parameters}
    call.__doc__, call.__name__, call.__module__ = _flowing(inner), inner.__name__, inner.__module__
    return call


def _call(entry: Entry, title: str, arguments: list[str]) -> None:
    import cyclopts

    pin_threads(_threads(arguments))
    code: dict[str, str] = {}
    if entry.kind == "stage":
        from memgen.jobs.record import digests

        code = digests(closure(entry.module))
        kernels.choose(entry.module, kernels.asked())
    app = cyclopts.App(
        name=title,
        help_format="plaintext",
        version_flags=[],
        default_parameter=cyclopts.Parameter(consume_multiple=True, negative_iterable=(), show_default=True),
    )
    app.default(_callable(entry, code))
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        text = " ".join(str(error).split())
        missing = re.fullmatch(r"Parameter (--[\w-]+) requires an argument\.", text)
        if missing and missing[1] not in arguments:
            text = f"{missing[1]} is missing"
        if extra := re.fullmatch(r"Unused Tokens: \[(.*?)\]\.?", text):
            text = f"{extra[1]}: not expected here; values follow the name of an option, as in --name value"
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
        print(HELP, f"  {', '.join(studies())}", sep="\n")
    elif found := entries(name):
        if rest and rest[0] not in ("-h", "--help"):
            raise BadInput(f"memgen {name}: there is no command {rest[0]!r}; allowed: {', '.join(found)}")
        print(_usage(f"memgen {name} <command> …", found))
    else:
        allowed = ", ".join([*studies(), *entries("")])
        raise BadInput(f"memgen: there is no study or command {name!r}; allowed: {allowed}")


#: What libraries in other languages say where the system's number of the error is lost.
_FULL = re.compile(r"No space left on device|Disk quota exceeded|File too large|os error (28|122|27)\b")


def _disk_is_full(error: BaseException | None) -> bool:
    """Whether an error, or the one that it came from, is that a disk, a quota or a file is full."""
    if error is None:
        return False
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    return bool(_FULL.search(str(error))) or _disk_is_full(error.__cause__ or error.__context__)


def main() -> None:
    """Entry point: what a person can mend ends with one line and status 2, all else with a traceback."""
    with ending_in_one_line():
        for stream in (sys.stdout, sys.stderr):  # an ASCII terminal is shown escapes
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            Path.cwd()
        except FileNotFoundError:
            raise BadInput("the present folder is gone; allowed: a folder that is there") from None
        try:
            run(sys.argv[1:])
        except Exception as error:
            if isinstance(error, ModuleNotFoundError) and (error.name or PACKAGE).split(".")[0] != PACKAGE:
                raise BadInput(
                    f"this command needs the package {error.name}, which is not installed; "
                    "in the repository, pip install '.[study]' installs what the studies need"
                ) from None
            if isinstance(error, BadInput) or not _disk_is_full(error):
                raise
            raise BadInput(
                f"{Path.cwd()}: the disk is full, so that the job's outputs cannot be written; "
                "nothing is left of them, and the next run makes them"
            ) from None


if __name__ == "__main__":
    main()
