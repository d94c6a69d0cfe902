"""Fields of dataclasses as keys: of a configuration, of its schema and of a command line.

Several dataclasses describe kinds of one thing, and each bears its name as the class variable ``kind``. A
field says once what there is to say of a key: its type, its default, what is allowed, and what it means. From
the fields come the rules of the schema, the arguments of a stage, and the check of what either was given.
"""

import dataclasses
import inspect
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from memgen.errors import BadInput

F = TypeVar("F", bound=Callable[..., None])
Kinds = Sequence[Any]
_NAMES = {int: "integer", float: "number"}
_HEADING = "\n\n    Raises\n"


def about(
    text: str, *, least: float | None = None, most: float | None = None, below: float | None = None
) -> dict[str, Any]:
    """Metadata of a field.

    Parameters
    ----------
    text : str
        What the key means, in one line, with its unit if it has one; no full stop.
    least, most, below : float, optional
        Smallest and largest number that is allowed, and the first that is too large.
    """
    bounds = {"minimum": least, "maximum": most, "exclusiveMaximum": below}
    return {"text": text, "bounds": {key: value for key, value in bounds.items() if value is not None}}


def names(kinds: Kinds) -> list[str]:
    """Names of all keys of some kinds, each once."""
    return list(dict.fromkeys(part.name for kind in kinds for part in dataclasses.fields(kind)))


def required(kind: Any) -> list[str]:
    """Names of the keys of a kind that have no default."""
    return [part.name for part in dataclasses.fields(kind) if part.default is dataclasses.MISSING]


def summary(kinds: Kinds) -> str:
    """Names of some kinds, each with the first line of its docstring."""
    lines = [(kind.kind, (kind.__doc__ or "").partition("\n")[0].rstrip(".")) for kind in kinds]
    return ", ".join(f"{name} ({line[0].lower()}{line[1:]})" for name, line in lines)


def rules(name: str, kinds: Kinds) -> dict[str, Any]:
    """Rules of a key in a JSON schema; where several kinds have it, those of the first."""
    part, hint = _field(name, kinds)
    text = _meaning(name, kinds)
    if typing.get_origin(hint) is Literal:
        return {"description": text, "enum": list(typing.get_args(hint))}
    number = {"type": _NAMES[_plain(hint)], **part.metadata["bounds"], "description": text}
    if _plain(hint) is hint:
        return number
    return {"description": text, "type": "array", "items": number, "minItems": 1, "uniqueItems": True}


def takes(*kinds: Any) -> Callable[[F], F]:
    """Give a stage the keys of some kinds as arguments, in place of its ``**options``, for `read`.

    Of several kinds no key is required on the command line, since that depends on the kind; where there is
    but one, ``kind`` may be left out.
    """
    needed = required(kinds[0]) if len(kinds) == 1 else []
    found: dict[str, tuple[Any, str]] = {
        "kind": (Literal[tuple(kind.kind for kind in kinds)], f"what is trained: {summary(kinds)}")
    }
    for name in names(kinds):
        _, hint = _field(name, kinds)
        hint = hint if _plain(hint) is hint else list[_plain(hint)]  # type: ignore[misc]
        found[name] = (hint if name in needed else hint | None, _meaning(name, kinds))
    defaults: dict[str, Any] = {name: inspect.Parameter.empty for name in needed}
    defaults["kind"] = kinds[0].kind if len(kinds) == 1 else inspect.Parameter.empty
    only = inspect.Parameter.KEYWORD_ONLY
    added = [
        inspect.Parameter(name, only, default=defaults.get(name), annotation=hint)
        for name, (hint, _) in found.items()
    ]

    def extended(function: F) -> F:
        signature = inspect.signature(function)
        own = [part for part in signature.parameters.values() if part.kind is not part.VAR_KEYWORD]
        function.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
        function.__annotations__ = {
            **{part.name: part.annotation for part in [*own, *added]},
            "return": signature.return_annotation,
        }
        before, heading, after = (function.__doc__ or "").partition(_HEADING)
        lines = [f"    {name}\n        {text[0].upper()}{text[1:]}." for name, (_, text) in found.items()]
        function.__doc__ = "\n".join([before, *lines]) + heading + after
        return function

    return extended


def read(options: Mapping[str, Any], kinds: Kinds) -> Any:
    """A method, or whatever else has kinds, from its keys; a key that is None is as good as absent.

    Parameters
    ----------
    options : mapping
        The key ``kind``, and those of that kind.
    kinds : sequence of dataclasses

    Returns
    -------
    instance of one of the kinds

    Raises
    ------
    BadInput
        If there is no such kind, it has no such key, a key is missing, or a value is not allowed.
    """
    given = {name: value for name, value in options.items() if value is not None}
    wanted = given.pop("kind", None)
    kind = next((kind for kind in kinds if kind.kind == wanted), None)
    if kind is None:
        allowed = ", ".join(kind.kind for kind in kinds)
        raise BadInput(f"kind: {wanted!r} is not allowed; allowed: {allowed}")
    for name in given:
        if name not in names([kind]):
            allowed = ", ".join(names([kind]))
            raise BadInput(f"the key {name!r} does not go with kind {wanted}; allowed: {allowed}")
    for name in required(kind):
        if name not in given:
            needed = ", ".join(required(kind))
            raise BadInput(f"the key {name!r} is missing; required for kind {wanted}: {needed}")
    return kind(**{name: _read(name, value, kind) for name, value in given.items()})


def _read(name: str, value: Any, kind: Any) -> Any:
    """A value as the field of a kind holds it."""
    part, hint = _field(name, [kind])
    if typing.get_origin(hint) is Literal:
        if value not in (choices := typing.get_args(hint)):
            raise BadInput(f"{name}: {value!r} is not allowed; allowed: {', '.join(choices)}")
        return value
    several = typing.get_origin(hint) is tuple
    entries = value if several and isinstance(value, (list, tuple)) else [value]
    if not entries:
        raise BadInput(f"{name}: has no entry; allowed: at least one")
    plain, bounds = _plain(hint), part.metadata["bounds"]
    for entry in entries:
        fits = isinstance(entry, int if plain is int else (int, float)) and not isinstance(entry, bool)
        if not (fits and math.isfinite(entry) and all(_HOLDS[key](entry, bounds[key]) for key in bounds)):
            limits = "".join(f", {_SIGNS[key]} {limit:g}" for key, limit in bounds.items())
            raise BadInput(f"{name}: {entry!r} is not allowed; allowed: {_NAMES[plain]}{limits}")
    numbers = tuple(plain(entry) for entry in entries)
    return numbers if several else numbers[0]


_SIGNS = {"minimum": ">=", "maximum": "<=", "exclusiveMaximum": "<"}
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
}


def _field(name: str, kinds: Kinds) -> tuple["dataclasses.Field[Any]", Any]:
    """A field of the first kind that has it, and its type without the None that stands for its absence."""
    kind = next(kind for kind in kinds if name in names([kind]))
    part = next(part for part in dataclasses.fields(kind) if part.name == name)
    hint = typing.get_type_hints(kind)[name]
    if isinstance(hint, types.UnionType):
        (hint,) = (one for one in typing.get_args(hint) if one is not types.NoneType)
    return part, hint


def _plain(hint: Any) -> Any:
    """Type of an entry, where the key holds several."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else hint


def _meaning(name: str, kinds: Kinds) -> str:
    """What a key means, of which kinds it is one, and its default."""
    owners = [kind for kind in kinds if name in names([kind])]
    text: str = _field(name, owners)[0].metadata["text"]
    defaults = {kind.kind: _field(name, [kind])[0].default for kind in owners}
    known = {
        kind: f"{value:g}" if isinstance(value, float) else f"{value}"
        for kind, value in defaults.items()
        if value not in (None, dataclasses.MISSING)
    }
    if len(set(known.values())) == 1:
        text += f"; {next(iter(known.values()))} by default"
    elif known:
        text += f"; by default {', '.join(f'{value} for {kind}' for kind, value in known.items())}"
    return text if len(owners) == len(kinds) else f"{', '.join(defaults)}: {text}"
