"""Fields of dataclasses as keys: of a configuration, of its schema and of a command line.

Several dataclasses describe kinds of one thing, and each bears its name as the class variable ``kind``. A
field says once what there is to say of a key: its type with its range (`memgen.arguments`), its default, and
what it means. From the fields come the rules of the schema, and the arguments of a stage with their checks.
"""

import dataclasses
import inspect
import math
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from memgen.arguments import Range, bare, metadata
from memgen.errors import BadInput

F = TypeVar("F", bound=Callable[..., None])
Kinds = Sequence[Any]
_NAMES = {int: "integer", float: "number"}
_HEADING = "\n\n    Raises\n"


def about(text: str) -> dict[str, str]:
    """Metadata of a field: what the key means, in one line, with its unit if it has one; no full stop."""
    return {"text": text}


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
    hint, text = _hint(name, kinds), _meaning(name, kinds)
    if typing.get_origin(bare(hint)) is Literal:
        return {"description": text, "enum": list(typing.get_args(bare(hint)))}
    one = _entry(hint) or hint
    found: dict[str, Any] = {"type": _NAMES[bare(one)]}
    for part in metadata(one):
        if isinstance(part, Range) and part.least > -math.inf:
            found["exclusiveMinimum" if part.above else "minimum"] = part.least
        if isinstance(part, Range) and part.most < math.inf:
            found["exclusiveMaximum" if part.below else "maximum"] = part.most
    found["description"] = text
    if _entry(hint) is None:
        return found
    return {"description": text, "type": "array", "items": found, "minItems": 1, "uniqueItems": True}


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
        hint = _hint(name, kinds)
        hint = hint if (entry := _entry(hint)) is None else list[entry]  # type: ignore[valid-type]
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
    """A method, or whatever else has kinds, from its keys; None and an empty list are as good as no key.

    Ranges of numbers are the schema's to check, and the stage's.

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
        If there is no such kind or choice, the kind has no such key, or a key is missing.
    """
    given = {name: value for name, value in options.items() if value not in (None, [], ())}
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
    return kind(**{name: _held(name, value, kind) for name, value in given.items()})


def _held(name: str, value: Any, kind: Any) -> Any:
    """A value as the field of a kind holds it."""
    hint = _hint(name, [kind])
    if typing.get_origin(bare(hint)) is Literal:
        if value not in (choices := typing.get_args(bare(hint))):
            raise BadInput(f"{name}: {value!r} is not allowed; allowed: {', '.join(choices)}")
        return value
    entry = _entry(hint)
    return bare(hint)(value) if entry is None else tuple(bare(entry)(part) for part in value)


def _field(name: str, kinds: Kinds) -> "dataclasses.Field[Any]":
    """A field of the first kind that has it."""
    return next(part for kind in kinds for part in dataclasses.fields(kind) if part.name == name)


def _hint(name: str, kinds: Kinds) -> Any:
    """Type of a key, with its range and without the None that stands for its absence."""
    kind = next(kind for kind in kinds if name in names([kind]))
    hint = typing.get_type_hints(kind, include_extras=True)[name]
    parts = [part for part in typing.get_args(hint) if part is not type(None)]
    return parts[0] if type(None) in typing.get_args(hint) else hint


def _entry(hint: Any) -> Any:
    """Type of one entry, where the key holds several, and None where it does not."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else None


def _meaning(name: str, kinds: Kinds) -> str:
    """What a key means, of which kinds it is one, and its default."""
    owners = [kind for kind in kinds if name in names([kind])]
    text: str = _field(name, owners).metadata["text"]
    known = {
        kind.kind: f"{default:g}" if isinstance(default, float) else f"{default}"
        for kind in owners
        if (default := _field(name, [kind]).default) not in (None, dataclasses.MISSING)
    }
    if len(set(known.values())) == 1:
        text += f"; {next(iter(known.values()))} by default"
    elif known:
        text += f"; by default {', '.join(f'{value} for {kind}' for kind, value in known.items())}"
    return text if len(owners) == len(kinds) else f"{', '.join(kind.kind for kind in owners)}: {text}"
