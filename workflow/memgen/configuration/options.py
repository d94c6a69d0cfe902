"""Typed options: what a block of the configuration holds, each key said once.

A block is a frozen dataclass. The type of a field says all there is to say of its key: type, range
(`memgen.jobs.arguments.Range`), pattern, number of entries and, in one line, the meaning with its unit; the
field has the default. `memgen.configuration.layers` validates a block by pydantic, which is imported there
only, and writes its schema. A stage takes blocks as arguments (`flat`), and has the keys as flags.
"""

import dataclasses
import functools
import inspect
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field
from types import NoneType
from typing import Annotated, Any, TypeAlias, TypeVar, dataclass_transform

from memgen.jobs.arguments import Described, bare, metadata

F = TypeVar("F", bound=Callable[..., None])
T = TypeVar("T", bound=type[Any])
_HEADING = "\n\n    Raises\n"


@dataclass(frozen=True)
class About(Described):
    """What a key means: one line, with its unit if it has one; no full stop."""

    text: str

    def rules(self, kind: str) -> dict[str, Any]:
        """Its description."""
        return {"description": self.text}


@dataclass(frozen=True)
class Text(Described):
    """Text that matches a pattern from its beginning to its end."""

    pattern: str

    def refuses(self, value: str) -> bool:
        """Whether a text does not match."""
        return not re.fullmatch(self.pattern, value)

    def rules(self, kind: str) -> dict[str, Any]:
        """The pattern."""
        return {"pattern": self.pattern}

    def words(self, kind: str) -> str:
        """The pattern in words."""
        return f"{kind} that matches {self.pattern}"


@dataclass(frozen=True)
class Several(Described):
    """From `least` to `most` entries: of a list, none of them twice, of a mapping, or keys of a block."""

    least: int = 1
    most: int | None = None

    def refuses(self, value: Any) -> bool:
        """Whether there are too few or too many, or one is there twice."""
        if not isinstance(value, (tuple, list, dict)):
            value = [part for part in vars(value).values() if part is not None]
        elif not isinstance(value, dict) and len(set(value)) < len(value):
            return True
        return len(value) < self.least or (self.most is not None and len(value) > self.most)

    def rules(self, kind: str) -> dict[str, Any]:
        """Bounds of the number of entries."""
        what = "Properties" if kind == "object" else "Items"
        bounds = {f"min{what}": self.least or None, f"max{what}": self.most}
        bounds = {name: bound for name, bound in bounds.items() if bound is not None}
        return bounds if kind == "object" else {**bounds, "uniqueItems": True}

    def words(self, kind: str) -> str:
        """The bounds in words."""
        most = "" if self.most is None else f" and at most {self.most}"
        return f"at least {self.least}{most}, none of them twice"


Name: TypeAlias = Annotated[str, Text("^[a-z][a-z0-9_]{0,62}$")]
"""Name of something of one's own, of which rules make files."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def block(kind: T) -> T:
    """Make a block of a class: a frozen dataclass that has no keys but its fields."""
    kind.__pydantic_config__ = {"extra": "forbid"}
    made: T = dataclass(frozen=True, kw_only=True)(kind)  # type: ignore[assignment]
    return made


@functools.cache
def types(kind: Any) -> dict[str, Any]:
    """Type of every key of a block, with what it says of it."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {part.name: hints[part.name] for part in dataclasses.fields(kind)}


def summary(kind: Any) -> str:
    """First line of a block's docstring, as it stands within a sentence."""
    text: str = (kind.__doc__ or "").partition("\n")[0].rstrip(".")
    return text[:1].lower() + text[1:]


def meaning(hint: Any) -> str:
    """What a type says that its key means; of several, the last."""
    return next((part.text for part in reversed(metadata(hint)) if isinstance(part, About)), "")


def as_held(value: Any, hint: Any) -> Any:
    """A value as a block of that type holds it: lists as tuples, numbers of the type's kind."""
    if value is None:
        return None
    kind = bare(hint)
    if typing.get_origin(kind) is tuple:
        return tuple(as_held(part, typing.get_args(kind)[0]) for part in value)
    return kind(value) if kind in (int, float) else value


def argument(name: str, hint: Any, default: Any = MISSING) -> inspect.Parameter:
    """A key as an argument of a stage, where tuples are lists."""
    default = inspect.Parameter.empty if default is MISSING else as_held(default, hint)
    default = list(default) if isinstance(default, tuple) else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_listed(hint))


def _listed(hint: Any) -> Any:
    if typing.get_origin(hint) is Annotated:
        return Annotated[_listed(hint.__origin__), *hint.__metadata__]
    if typing.get_origin(hint) is tuple:
        return list[typing.get_args(hint)[0]]  # type: ignore[misc]
    if NoneType in typing.get_args(hint):
        return _listed(typing.get_args(hint)[0]) | None
    return hint


class As:
    """How a stage calls some keys of a block, ``As(layers="depth")``; None for a key that is no argument."""

    def __init__(self, **names: str | None) -> None:
        self.names = names

    def flags(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """A block's part of a configuration, by the names of the stage's arguments."""
        called = {key: self.names.get(key, key) for key in options}
        return {name: options[key] for key, name in called.items() if name is not None}


@dataclass(frozen=True)
class By:
    """Which block's defaults hold where nothing is given, by the value of another argument."""

    other: str
    kinds: Mapping[str, Any]


def flat(function: F) -> F:
    """Let a stage take blocks: its flags are their keys, and it is given the blocks.

    A block is the type of a keyword argument, which may say `As` and `By`. The keys of the blocks become
    arguments, and what they mean stands in the docstring.
    """
    hints = typing.get_type_hints(function, include_extras=True)
    blocks = {name: bare(hint) for name, hint in hints.items() if dataclasses.is_dataclass(bare(hint))}
    added: dict[str, list[inspect.Parameter]] = {}
    taken: dict[str, dict[str, str]] = {}
    by: dict[str, By] = {}
    for name, kind in blocks.items():
        renamed = next((part.names for part in metadata(hints[name]) if isinstance(part, As)), {})
        names = {key: renamed.get(key, key) for key in types(kind)}
        taken[name] = {key: called for key, called in names.items() if called is not None}
        chosen = next((part for part in metadata(hints[name]) if isinstance(part, By)), None)
        defaults = {part.name: part.default for part in dataclasses.fields(kind)}
        added[name] = []
        for key, called in taken[name].items():
            hint, kinds = types(kind)[key], chosen.kinds if chosen else {}
            said = {of: getattr(one, key, defaults[key]) for of, one in kinds.items()}
            if chosen is None or len(set(said.values())) == 1:
                added[name].append(argument(called, hint, defaults[key]))
            else:
                each = ", ".join(f"{value:g} for {of}" for of, value in said.items())
                text = f"{meaning(hint)}; by default {each}"
                added[name].append(argument(called, Annotated[hint, About(text)] | None, None))
                by[called] = By(chosen.other, {of: as_held(value, hint) for of, value in said.items()})

    def call(**given: Any) -> None:
        for name, kind in blocks.items():
            held = {key: as_held(given.pop(called), types(kind)[key]) for key, called in taken[name].items()}
            given[name] = kind(**held)
        function(**given)

    def complete(arguments: dict[str, Any]) -> None:
        for name, chosen in by.items():
            if arguments[name] is None:
                arguments[name] = chosen.kinds.get(arguments[chosen.other])

    call.complete = complete  # type: ignore[attr-defined]
    made: F = with_arguments(call, function, added)  # type: ignore[assignment,type-var]
    return made


def with_arguments(function: F, like: F, added: Mapping[str, Iterable[inspect.Parameter]]) -> F:
    """Give a function the arguments of another, some replaced by those of a block, and say what they mean."""
    hints = typing.get_type_hints(like, include_extras=True)
    signature = inspect.signature(like)
    parameters: list[inspect.Parameter] = []
    lines = []
    for part in signature.parameters.values():
        parameters += added.get(part.name, [part.replace(annotation=hints.get(part.name, part.annotation))])
    said = re.findall(r"^    (\w+(?:, \w+)*)$", like.__doc__ or "", re.MULTILINE)
    for part in parameters:
        text = meaning(part.annotation)
        if text and part.name not in ", ".join(said).split(", "):
            lines.append(f"    {part.name}\n        {text[:1].upper()}{text[1:]}.")
    function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {part.name: part.annotation for part in parameters}
    function.__annotations__["return"] = signature.return_annotation
    before, heading, after = (like.__doc__ or "").partition(_HEADING)
    if lines and "\n    Parameters\n" not in before:
        lines = ["\n    Parameters\n    ----------", *lines]
    text = "\n".join([before.rstrip(), *lines, ""][: None if heading == "" else -1])
    function.__doc__ = text + heading + after
    function.__name__, function.__qualname__ = like.__name__, like.__qualname__
    function.__module__ = like.__module__
    return function
