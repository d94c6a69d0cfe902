"""What the arguments of stages and commands may be, and the one place that checks them.

An argument says so in its type: ``seeds: Count``, ``conjunctivity: list[Conjunctivity]``,
``domain: Annotated[list[Count], AsManyAs("samples")]``. What says no more than its type is still checked: a
number is finite, a text is one line and not empty, and a list that must be given holds something.
"""

import abc
import math
import numbers
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, TypeAlias

from memgen.errors import BadInput

#: The largest whole number that a record can hold (RFC 8785).
MOST_WHOLE = 2**53 - 1
#: What is wrong with a list of nothing.
NOTHING = "no value is given; allowed: one or more"
#: The largest number of anything that is counted or measured, where nothing smaller is said.
MOST_COUNTED = 10**9


class Described(abc.ABC):
    """What a type says of its values beyond their kind; pydantic asks for it too."""

    def refuses(self, value: Any) -> bool:
        """Whether a value of the right kind is not allowed."""
        return False

    @abc.abstractmethod
    def rules(self, kind: str) -> dict[str, Any]:
        """The same as keys of a JSON schema, for a value of its kind."""

    def words(self, kind: str) -> str:
        """The same in words; the kind alone where no value of it is refused."""
        return kind

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Validate the kind, then what is said here."""
        from pydantic_core import core_schema

        def checked(value: Any) -> Any:
            if value is not None and self.refuses(value):
                raise ValueError
            return value

        return core_schema.no_info_after_validator_function(checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        """Rules of the kind, and these."""
        found = handler(schema)
        kinds = found.get("anyOf", [handler.resolve_ref_schema(found)])
        return {**found, **self.rules(kinds[0].get("type", ""))}


@dataclass(frozen=True)
class Range(Described):
    """Numbers from `least` to `most`; `above` excludes the least, `below` the most."""

    least: float = -math.inf
    most: float = math.inf
    above: bool = False
    below: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number lies in the range; infinities and NaN lie in none."""
        if not math.isfinite(value) or not self.least <= value <= self.most:
            return False
        return not (self.above and value == self.least) and not (self.below and value == self.most)

    def refuses(self, value: float) -> bool:
        """Whether a number lies outside the range."""
        return not self.holds(value)

    def rules(self, kind: str) -> dict[str, Any]:
        """Its bounds; infinite ones are none."""
        bounds = {
            "exclusiveMinimum" if self.above else "minimum": self.least,
            "exclusiveMaximum" if self.below else "maximum": self.most,
        }
        return {name: bound for name, bound in bounds.items() if math.isfinite(bound)}

    def words(self, kind: str) -> str:
        """The range in words, such as ``a number of at least 0 and less than 1``."""
        parts = []
        if self.least > -math.inf:
            parts.append(f"{'more than' if self.above else 'at least'} {_plain(self.least)}")
        if self.most < math.inf:
            parts.append(f"{'less than' if self.below else 'at most'} {_plain(self.most)}")
        return f"a {kind}{' of ' if parts else ''}{' and '.join(parts)}"


@dataclass(frozen=True)
class AsManyAs:
    """A list whose n-th value belongs to the n-th value of another argument."""

    other: str


Count: TypeAlias = Annotated[int, Range(1, MOST_COUNTED)]
"""How many there are of something, at least one."""
CountOrNone: TypeAlias = Annotated[int, Range(0, MOST_COUNTED)]
"""How many there are of something, possibly none."""
Repeats: TypeAlias = Annotated[int, Range(2, MOST_COUNTED)]
"""How often something is drawn, at least twice, so that there is a standard error."""
Seed: TypeAlias = Annotated[int, Range(0, MOST_WHOLE)]
"""Key of a stream of random numbers."""
Share: TypeAlias = Annotated[float, Range(0, 1)]
"""A probability, or a share of a whole."""
Positive: TypeAlias = Annotated[float, Range(0, MOST_COUNTED, above=True)]
"""A number more than zero."""
NonNegative: TypeAlias = Annotated[float, Range(0, MOST_COUNTED)]
"""A number of at least zero."""
Conjunctivity: TypeAlias = Annotated[float, Range(0, 1, below=True)]
"""Conjunctivity of a kernel that need not be measured."""


def flag(name: str, hint: Any = None) -> str:
    """An argument's name on the command line, which its type may say (``cyclopts.Parameter(name=…)``)."""
    named = [text for part in metadata(hint) for text in getattr(part, "name", None) or ()]
    return named[0] if named else f"--{name.replace('_', '-')}"


def check_whole(name: str, value: int, least: int, most: int) -> None:
    """Refuse, as BadInput, what is not a whole number in a range, ends included."""
    if not _is_whole(value) or not least <= value <= most:
        raise BadInput(f"{name}: {value!r} is not allowed; allowed: a whole number from {least} to {most}")


def check_number(name: str, value: float, least: float, most: float, *, below: bool = False) -> None:
    """Refuse, as BadInput, a number outside a range; `below` excludes its upper end."""
    if not Range(least, most, below=below).holds(value):
        allowed = f"a number in [{least:g}, {most:g}{')' if below else ']'}"
        raise BadInput(f"{name}: {value:g} is not allowed; allowed: {allowed}")


def check_arguments(hints: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that are not what their types, with their metadata, say.

    BadInput names the first argument that is refused, its value and what is allowed.
    """
    for name, value in arguments.items():
        if name in hints:
            _check(flag(name, hints[name]), value, hints[name], ())
    for name, value in arguments.items():
        for other in [part.other for part in metadata(hints.get(name)) if isinstance(part, AsManyAs)]:
            if value is not None and len(value) != len(arguments[other]):
                raise BadInput(
                    f"{flag(name, hints[name])}: {_counted(value)}, and {_counted(arguments[other])} of "
                    f"{flag(other, hints[other])}; "
                    "allowed: as many of one as of the other, whose values belong together in their order"
                )


def metadata(hint: Any) -> tuple[Any, ...]:
    """Metadata of an Annotated type, also inside an optional one."""
    if typing.get_origin(hint) is Annotated:
        return (*hint.__metadata__, *metadata(hint.__origin__))
    if typing.get_origin(hint) is list:
        return ()
    return tuple(value for part in typing.get_args(hint) for value in metadata(part))


def bare(hint: Any) -> Any:
    """A type without its metadata and without None: ``list[int]`` of an optional list of counts."""
    if typing.get_origin(hint) is Annotated:
        return bare(hint.__origin__)
    if typing.get_origin(hint) is list:
        return list[bare(typing.get_args(hint)[0])]  # type: ignore[misc]
    kinds = [part for part in typing.get_args(hint) if part is not NoneType]
    return bare(kinds[0]) if NoneType in typing.get_args(hint) and len(kinds) == 1 else hint


def _check(name: str, value: Any, hint: Any, given: Sequence[Any], optional: bool = False) -> None:
    """Refuse a value that is not what its type says, under the metadata around it; the name is its flag."""
    if typing.get_origin(hint) is Annotated:
        _check(name, value, hint.__origin__, [*given, *hint.__metadata__], optional)
    elif NoneType in typing.get_args(hint):
        if value is not None:
            for part in typing.get_args(hint):
                if part is not NoneType:
                    _check(name, value, part, given, True)
    elif typing.get_origin(hint) is list:
        _check_list(name, value, typing.get_args(hint)[0], optional)
        _refuse(name, value, "list", given)
    elif hint in (int, float):
        _check_number(name, value, hint, next((part for part in given if isinstance(part, Range)), Range()))
    elif hint is str:
        if not isinstance(value, str) or not value.isprintable() or not value.strip():
            raise BadInput(f"{name}: {value!r} is not allowed; allowed: one line of text, not empty")
        _refuse(name, value, "text", given)
    elif typing.get_origin(hint) is Literal:
        if value not in typing.get_args(hint):
            allowed = ", ".join(map(str, typing.get_args(hint)))
            raise BadInput(f"{name}: {value!r} is not allowed; allowed: {allowed}")
    elif hint is Path and "\0" in str(value):
        raise BadInput(f"{name}: {str(value)!r} is not a path")


def _refuse(name: str, value: Any, kind: str, given: Sequence[Any]) -> None:
    for part in given:
        if isinstance(part, Described) and part.refuses(value):
            raise BadInput(f"{name}: {value!r} is not allowed; allowed: {part.words(kind)}")


def _check_list(name: str, value: Any, hint: Any, optional: bool) -> None:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise BadInput(f"{name}: {value!r} is not a list")
    if not value and not optional:
        raise BadInput(f"{name}: {NOTHING}")
    for entry in value:
        _check(name, entry, hint, ())


def _check_number(name: str, value: Any, kind: type, allowed: Range) -> None:
    word = "whole number" if kind is int else "number"
    if kind is int:
        allowed = Range(max(allowed.least, -MOST_WHOLE), min(allowed.most, MOST_WHOLE))
    right = _is_whole(value) if kind is int else isinstance(value, numbers.Real)
    if not right or isinstance(value, bool) or not allowed.holds(value):
        raise BadInput(f"{name}: {value!r} is not allowed; allowed: {allowed.words(word)}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _counted(values: Sequence[Any]) -> str:
    return f"{len(values)} value{'' if len(values) == 1 else 's'}"


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"
