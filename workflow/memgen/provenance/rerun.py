"""A recorded job run again in a separate process: ``python -m memgen.provenance.rerun`` reads it as JSON.

Threads are pinned before the stage's module is imported. Names, roles and values are held against the stage's
signature: a record decides what a stage is given, never what is written outside the folder.
"""

import importlib
import inspect
import json
import sys
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union

from memgen.errors import BadInput
from memgen.jobs import kernels
from memgen.jobs.arguments import flag
from memgen.jobs.entries import Entry, find
from memgen.jobs.stage import Job, ending_in_one_line, pin_threads, recipe_named, role_of
from memgen.provenance.reading import is_label


def stage_of(name: str) -> Entry:
    """The stage that a record names, such as ``relational sweep``; BadInput if there is none."""
    study, _, command = name.rpartition(" ")
    entry = find(study, command)
    if entry is None or entry.kind != "stage":
        raise BadInput(f"the record names the stage {name!r}, which this study does not have")
    return entry


def fitted(function: Callable[..., None], arguments: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Arguments of a record as its stage takes them: outputs, and paths that are parameters, below a folder.

    BadInput is raised for a name, role or value that does not fit the signature of the stage, unwrapped.
    """
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    if unknown := sorted(set(arguments) - set(parameters)):
        raise BadInput(f"{flag(unknown[0])}: the stage has no such argument")
    needed = {name for name, part in parameters.items() if part.default is inspect.Parameter.empty}
    if missing := sorted(needed - set(arguments)):
        raise BadInput(f"{flag(missing[0])}: the record does not give this argument")
    values = {}
    for name, argument in arguments.items():
        role = role_of(hints[name])
        if argument["role"] != role:
            raise BadInput(f"{flag(name)}: the record has it as {argument['role']}, the stage as {role}")
        try:
            values[name] = _value(hints[name], argument["value"], None if role == "input" else folder)
        except TypeError:
            raise BadInput(f"{flag(name)}: the record's value does not fit the stage") from None
    return values


def _value(hint: Any, value: Any, folder: Path | None) -> Any:
    """A value of JSON as a type takes it; TypeError where it does not."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _value(parts[0], value, folder)
    if origin in (Union, types.UnionType):
        for part in parts:
            try:
                return _value(part, value, folder)
            except TypeError:
                continue
        raise TypeError
    if origin is Literal and value in parts:
        return value
    if origin is list and isinstance(value, list):
        return [_value(parts[0], entry, folder) for entry in value]
    if hint is Path and is_label(value):
        return Path(value) if folder is None else folder / value
    if hint is float and type(value) in (int, float):
        return float(value)
    if hint in (int, str, bool, types.NoneType) and type(value) is hint:
        return value
    raise TypeError


def main() -> None:
    """Run the job that standard input describes."""
    order = json.load(sys.stdin)
    pin_threads(int(order["threads"]))
    entry = stage_of(order["stage"])
    kernels.choose(entry.module, order["kernels"])
    function = inspect.unwrap(getattr(importlib.import_module(entry.module), entry.function))
    arguments = fitted(function, order["arguments"], Path(order["folder"]))
    with recipe_named(order["urn"]):
        Job.bind(function, **arguments).run()


if __name__ == "__main__":
    with ending_in_one_line():
        main()
