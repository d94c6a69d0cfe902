"""The study's configuration: read, merge, fill in, and refuse what is wrong in one line.

Overlays merge deeply into ``config.yaml``; a key that an overlay sets to null is removed before validation.
The JSON schema of each block stands in ``workflow/schemas/<block>.schema.yaml``; what a schema cannot say,
such as an exception outside its hierarchy, is checked by ``memgen/<block>/settings.py`` where there is one.
"""

import copy
import functools
import importlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from memgen.closure import PACKAGE, ROOT, module_file
from memgen.errors import BadInput
from memgen.files import fault

SCHEMAS = ROOT / "schemas"

# Some ten times what any study needs: what is larger is a mistake, or meant to fill the memory.
LARGEST_FILE = 200_000
"""Bytes of one configuration file."""
MOST_ENTRIES = 10_000
"""Keys and values of a configuration, aliases written out."""
DEEPEST = 32
"""Levels of a configuration, aliases written out."""
LONGEST_TEXT = 1000
"""Characters of one text."""


def _measure(
    node: yaml.Node, depth: int, known: dict[int, tuple[int, int]], around: set[int]
) -> tuple[int, int]:
    """Entries and levels of a node with every alias written out, each node visited once.

    Aliases of aliases grow exponentially when they are written out, and an anchor may contain itself; both
    are refused before anything is built from them.
    """

    def refuse(problem: str) -> yaml.MarkedYAMLError:
        return yaml.composer.ComposerError(None, None, problem, node.start_mark)

    if id(node) in around:
        raise refuse("an anchor contains itself")
    if depth > DEEPEST:
        raise refuse(f"nested more than {DEEPEST} levels deep")
    if id(node) not in known:
        around.add(id(node))
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            parts = node.value
        inner = [_measure(part, depth + 1, known, around) for part in parts]
        around.remove(id(node))
        known[id(node)] = 1 + sum(size for size, _ in inner), 1 + max((high for _, high in inner), default=0)
    size, levels = known[id(node)]
    if size > MOST_ENTRIES:
        raise refuse(f"more than {MOST_ENTRIES} entries, with every alias written out")
    if depth + levels > DEEPEST:
        raise refuse(f"nested more than {DEEPEST} levels deep")
    return size, levels


class _Loader(yaml.SafeLoader):
    """Safe YAML loader that refuses a key given twice, and what is too large once aliases are written out."""

    level = 0
    entries = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node, and stop as soon as the file is too large: reading it is what takes time."""
        self.level += 1
        self.entries += 1
        for count, most, what in (
            (self.level, DEEPEST, f"nested more than {DEEPEST} levels deep"),
            (self.entries, MOST_ENTRIES, f"more than {MOST_ENTRIES} entries"),
        ):
            if count > most:
                raise yaml.composer.ComposerError(None, None, what, self.peek_event().start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self.level -= 1
        return node

    def get_single_node(self) -> yaml.Node | None:
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _measure(node, 0, {}, set())
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key) if isinstance(key, str) else None
        return super().construct_mapping(node, deep)


def read(path: Path) -> dict[str, Any]:
    """Read one configuration file.

    Raises
    ------
    BadInput
        If the file is missing, is not YAML, or does not hold a mapping.
    """
    name = spoken(path)
    problem = fault(path)
    if problem == "no such file":
        raise BadInput(f"{name}: no such configuration file; allowed: config.yaml or a file in configs/")
    if problem is not None:
        raise BadInput(f"{name}: {problem}; allowed: a YAML file")
    try:
        with path.open("rb") as stream:
            content_bytes = stream.read(LARGEST_FILE + 1)
        text = content_bytes.decode("utf-8")
    except OSError as error:
        raise BadInput(f"{name}: cannot be read ({error.strerror}); allowed: a YAML file") from None
    except UnicodeDecodeError:
        raise BadInput(f"{name}: cannot be read (not UTF-8 text); allowed: a YAML file") from None
    if len(content_bytes) > LARGEST_FILE:
        raise BadInput(f"{name}: is larger than {LARGEST_FILE} bytes; allowed: a smaller file")
    try:
        content = _Loader(text).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        said = getattr(error, "problem", None) or (str(error).splitlines() or [type(error).__name__])[0]
        said = "nested too deeply" if isinstance(error, RecursionError) else " ".join(said.split())[:300]
        raise BadInput(f"{name}{where}: {said}; allowed: a YAML mapping") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise BadInput(f"{name}: holds a {_type_name(content)}; allowed: a YAML mapping")
    return content


def spoken(path: Path) -> str:
    """A path as it is said in a message: relative to the present folder if it lies in it, on one line."""
    here = Path.cwd()
    text = str(path.relative_to(here) if path.is_relative_to(here) else path)
    return text if text.isprintable() else repr(text)


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Deep merge: mappings merge key by key, anything else in the overlay replaces what was there."""
    merged = dict(base)
    for key, value in overlay.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def without_nulls(value: Any) -> Any:
    """Copy of a configuration without the keys whose value is null."""
    if isinstance(value, Mapping):
        return {key: without_nulls(part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return [without_nulls(part) for part in value]
    return value


@functools.cache
def schema() -> dict[str, Any]:
    """JSON schema of the whole configuration, put together from ``workflow/schemas``.

    What dataclasses say of a block is added by its settings, where they have a function `complete`.
    """
    whole = _schema_file(SCHEMAS / "config.schema.yaml")
    for path in sorted(SCHEMAS.glob("*.schema.yaml")):
        block = path.name.removesuffix(".schema.yaml")
        if block != "config":
            whole["properties"][block] = part = _schema_file(path)
            if complete := getattr(_settings(block), "complete", None):
                complete(part)
    return whole


def _settings(block: str) -> Any:
    """Module of a block's settings, or None if it has none."""
    name = f"{PACKAGE}.{block}.settings"
    return None if module_file(name) is None else importlib.import_module(name)


def _schema_file(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    without: dict[str, Any] = _without_dialect(content)
    return without


def _without_dialect(rules: Any) -> Any:
    """A schema without ``$schema``, at which jsonschema would go back to its own, laxer validator."""
    if isinstance(rules, dict):
        return {
            key: _without_dialect(part)
            for key, part in rules.items()
            if not (key == "$schema" and isinstance(part, str))
        }
    return [_without_dialect(part) for part in rules] if isinstance(rules, list) else rules


def check(config: Mapping[str, Any], where: str = "configuration") -> dict[str, Any]:
    """Configuration without nulls and with every default filled in, or one clear line.

    Parameters
    ----------
    config : mapping
        Merged configuration.
    where : str
        What to call it in the message.

    Returns
    -------
    dict
        A new mapping, the required blocks first; the argument is left as it is.

    Raises
    ------
    BadInput
        Naming what is wrong, where in the configuration, and what is allowed.
    """
    for number, (path, value) in enumerate(_walk(config)):
        if len(path) > DEEPEST:
            raise BadInput(f"{where}: nested more than {DEEPEST} levels deep; allowed: fewer")
        if number > MOST_ENTRIES:
            raise BadInput(f"{where}: more than {MOST_ENTRIES} entries; allowed: fewer")
        _refuse_foreign(path, value, where)
    complete: dict[str, Any] = _filled(without_nulls(copy.deepcopy(dict(config))), schema())
    error = jsonschema.exceptions.best_match(_Validator(schema()).iter_errors(complete))
    if error is not None:
        raise BadInput(f"{where}: {_explain(error)}")
    for block in complete:
        if (settings := _settings(block)) is not None:
            try:
                settings.check(complete)
            except BadInput as problem:
                raise BadInput(f"{where}: {problem}") from None
    # The same order whichever overlay named a block first: what others build on, then the rest.
    first = schema()["required"]
    return {block: complete[block] for block in [*first, *sorted(set(complete) - set(first))]}


def load(paths: Iterable[Path], changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read, merge and check configuration files, later ones laid over earlier ones.

    Parameters
    ----------
    paths : iterable of Path
        The layers, the lowest first.
    changes : mapping, optional
        What the command line changes, laid over all files.

    Returns
    -------
    dict
        The whole configuration, defaults filled in.

    Raises
    ------
    BadInput
        If a file cannot be read or the configuration is not allowed.
    """
    paths = list(paths)
    merged: dict[str, Any] = {}
    for path in paths:
        merged = merge(merged, read(path))
    names = [spoken(path) for path in paths]
    if changes:
        merged = merge(merged, changes)
        names.append("the command line")
    return check(merged, " + ".join(names))


def _strict_integer(_: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole_pattern(validator: Any, pattern: str, value: Any, _: Any) -> Iterator[jsonschema.ValidationError]:
    """A pattern covers the whole text: ``$`` alone also matches before a newline at its end."""
    if validator.is_type(value, "string") and not re.fullmatch(pattern, value):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


def _no_repetition(validator: Any, unique: bool, value: Any, _: Any) -> Iterator[jsonschema.ValidationError]:
    """Entries compared through a set: jsonschema compares each with each where they cannot be sorted."""

    def identity(entry: Any) -> Any:
        if isinstance(entry, (dict, list)):
            return "nested", json.dumps(entry, sort_keys=True)
        return isinstance(entry, bool), isinstance(entry, str), entry

    if not (unique and validator.is_type(value, "array")):
        return
    if len({identity(entry) for entry in value}) < len(value):
        yield jsonschema.ValidationError("has repeated entries")


#: JSON Schema takes 9.0 for an integer; a command line does not.
_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    validators={"pattern": _whole_pattern, "uniqueItems": _no_repetition},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _strict_integer),
)


def _walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, value
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    for key, part in parts:
        yield from _walk(part, (*path, key))


def _refuse_foreign(path: tuple[Any, ...], value: Any, where: str) -> None:
    """Refuse what YAML can say and JSON cannot: keys that are not text, dates, infinities.

    Text is one line of what prints, since it becomes part of names, messages and commands.
    """
    for text in (path[-1] if path else "", value):
        if isinstance(text, str) and not text.isprintable():
            raise BadInput(
                f"{where}: {_spell(path)}: {_short(text)} holds a character that does not print; "
                "allowed: one line of text"
            )
        if isinstance(text, str) and len(text) > LONGEST_TEXT:
            raise BadInput(
                f"{where}: {_spell(path)}: a text of {len(text)} characters; allowed: at most {LONGEST_TEXT}"
            )
    if isinstance(value, int) and abs(value) >= 2**63:
        raise BadInput(f"{where}: {_spell(path)}: an integer beyond 64 bits; allowed: a smaller one")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise BadInput(
                    f"{where}: {_spell(path)}: the key {_short(key)} is not text; allowed: text keys"
                )
    elif isinstance(value, float) and not math.isfinite(value):
        raise BadInput(f"{where}: {_spell(path)}: {value} is not allowed; allowed: a finite number")
    elif value is not None and not isinstance(value, (str, bool, int, float, list)):
        raise BadInput(
            f"{where}: {_spell(path)}: a {_type_name(value)} is not allowed; "
            "allowed: text, numbers, lists, mappings"
        )


def _filled(value: Any, rules: Mapping[str, Any]) -> Any:
    """Fill in defaults, outermost first."""
    if isinstance(value, dict):
        properties = rules.get("properties", {})
        for key, rule in properties.items():
            if key not in value and "default" in rule:
                value[key] = copy.deepcopy(rule["default"])
        for key, part in value.items():
            rule = properties.get(key, rules.get("additionalProperties"))
            if isinstance(rule, Mapping):
                value[key] = _filled(part, rule)
    elif isinstance(value, list) and isinstance(rules.get("items"), Mapping):
        value[:] = [_filled(part, rules["items"]) for part in value]
    return value


def _type_name(value: Any) -> str:
    names = {dict: "mapping", list: "list", str: "text", bool: "boolean", int: "integer", float: "number"}
    return names.get(type(value), type(value).__name__)


_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def _spell(path: Iterable[Any]) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part if len(part) <= 64 and _PLAIN.fullmatch(part) else _short(part)}"
    return text.lstrip(".") or "the top level"


def _short(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return f"a {_type_name(value)}"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "an integer beyond 64 bits"  # Python does not print one of thousands of digits
    text = repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def _explain(error: jsonschema.ValidationError) -> str:
    """One line for a schema error: where, what, and what is allowed there."""
    where = _spell(error.absolute_path)
    rules: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    value: Any = error.instance
    demanded: Any = error.validator_value
    if error.validator == "additionalProperties":
        known = set(rules.get("properties", {}))
        unknown = sorted(key for key in value if key not in known)
        return f"{where}: unknown key {_short(unknown[0])}; allowed: {', '.join(sorted(known)) or 'none'}"
    if error.validator == "required":
        missing = [key for key in demanded if key not in value]
        return f"{where}: the key {missing[0]!r} is missing; required: {', '.join(demanded)}"
    if "propertyNames" in error.absolute_schema_path:
        return f"{where}: {_short(value)} is not allowed as a name; allowed: {_allowed(rules)}"
    if error.validator in ("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"):
        count = len(value)
        what = "has repeated entries" if error.validator == "uniqueItems" else f"has {count} entries"
        return f"{where}: {what}; allowed: {_allowed(rules)}"
    return f"{where}: {_short(value)} is not allowed; allowed: {_allowed(rules)}"


def _allowed(rules: Mapping[str, Any]) -> str:
    """What a schema allows, in words, with its description."""
    words = []
    if "enum" in rules:
        words.append("one of " + ", ".join(map(str, rules["enum"])))
    elif "const" in rules:
        words.append(str(rules["const"]))
    elif "type" in rules:
        kinds = rules["type"] if isinstance(rules["type"], list) else [rules["type"]]
        spoken = {"object": "mapping", "string": "text", "array": "list"}
        words.append(" or ".join(spoken.get(kind, str(kind)) for kind in kinds))
    bounds = [("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="), ("exclusiveMaximum", "<")]
    words += [f"{sign} {rules[key]}" for key, sign in bounds if key in rules]
    sizes = [
        ("minItems", "at least"),
        ("maxItems", "at most"),
        ("minProperties", "at least"),
        ("maxProperties", "at most"),
    ]
    words += [f"{sign} {rules[key]} entries" for key, sign in sizes if key in rules]
    if rules.get("uniqueItems"):
        words.append("no entry twice")
    if "pattern" in rules:
        words.append(f"matching {rules['pattern']}")
    text = ", ".join(words) or "see the schema"
    return f"{text} ({rules['description']})" if "description" in rules else text
