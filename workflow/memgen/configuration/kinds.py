"""Kinds of one thing, a block each with its name as the class variable ``kind``, and their keys together.

In the configuration and on the command line the keys of all kinds stand side by side; which of them go with a
kind, and which it needs, is checked where a kind is made of them (`read`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal

from memgen.configuration.options import About, F, argument, as_held, meaning, summary, types, with_arguments
from memgen.errors import BadInput

Kinds = Sequence[Any]


def names(kinds: Kinds) -> list[str]:
    """Names of all keys of some kinds, each once."""
    return list(dict.fromkeys(name for kind in kinds for name in types(kind)))


def _required(kind: Any) -> list[str]:
    """Names of the keys of a kind that have no default."""
    return [part.name for part in fields(kind) if part.default is MISSING]


def which(kinds: Kinds) -> Any:
    """Type of the key ``kind``: one of their names."""
    said = ", ".join(f"{kind.kind} ({summary(kind)})" for kind in kinds)
    return Annotated[Literal[tuple(kind.kind for kind in kinds)], About(f"method of training: {said}")]


def together(kinds: Kinds) -> dict[str, Any]:
    """Types of all keys of some kinds; a key of several kinds is as in the first."""
    found = {}
    for name in names(kinds):
        owners = [kind for kind in kinds if name in types(kind)]
        hint, text = types(owners[0])[name], meaning(types(owners[0])[name])
        known = {
            kind.kind: f"{default:g}" if isinstance(default, float) else f"{default}"
            for kind in owners
            if (default := getattr(kind, name, None)) is not None
        }
        if len(set(known.values())) == 1:
            text += f"; {next(iter(known.values()))} by default"
        elif known:
            text += f"; by default {', '.join(f'{value} for {kind}' for kind, value in known.items())}"
        if len(owners) < len(kinds):
            text = f"{', '.join(kind.kind for kind in owners)}: {text}"
        found[name] = Annotated[hint, About(text)]
    return found


def with_method_options(*kinds: Any) -> Callable[[F], F]:
    """Give a stage the keys of some kinds as arguments, in place of its ``**options``, for `read`.

    Of several kinds no key is required on the command line, since that depends on the kind; of one kind,
    ``kind`` may be left out.
    """
    needed = _required(kinds[0]) if len(kinds) == 1 else []
    added = [argument("kind", which(kinds), kinds[0].kind if len(kinds) == 1 else MISSING)]
    for name, hint in together(kinds).items():
        added.append(argument(name, hint) if name in needed else argument(name, hint | None, None))
    return lambda function: with_arguments(function, function, {"options": added})


def read(options: Mapping[str, Any], kinds: Kinds) -> Any:
    """Instance of the kind that the key ``kind`` of options names, from its other keys.

    None and an empty list count as not given. Types and ranges are checked by the configuration and by the
    stage, not here.

    Raises
    ------
    BadInput
        If the kind has no such key, or a key is missing.
    """
    given = {name: value for name, value in options.items() if value not in (None, [], ())}
    wanted = given.pop("kind")
    (kind,) = (kind for kind in kinds if kind.kind == wanted)
    for name in given:
        if name not in types(kind):
            allowed = ", ".join(types(kind))
            raise BadInput(f"the key {name!r} does not go with kind {wanted}; allowed: {allowed}")
    for name in _required(kind):
        if name not in given:
            needed = ", ".join(_required(kind))
            raise BadInput(f"the key {name!r} is missing; required for kind {wanted}: {needed}")
    return kind(**{name: as_held(value, types(kind)[name]) for name, value in given.items()})
