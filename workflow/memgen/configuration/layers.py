"""The study's configuration: read, merge, fill in, and refuse what is wrong in one line.

Overlays merge deeply into ``config.yaml``; a key that an overlay sets to null is removed before validation.
What a block may hold is said by the types in ``memgen/<block>/configuration.py``
(`memgen.configuration.options`), which pydantic validates; what types cannot say, such as an exception
outside its hierarchy, is checked by the function `check` of the block's ``configuration.py``, or of a
``settings.py`` beside it, where there is one.
"""

import dataclasses
import functools
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails

from memgen.configuration.options import block, summary
from memgen.errors import BadInput
from memgen.jobs.closure import PACKAGE, load_module, module_file, module_of, root_of
from memgen.jobs.files import fault

FIRST = ("relational", "language")
"""Blocks that every configuration has, what others build on first; the rest follow by their names."""

# Some ten times what any study needs: what is larger is a mistake, or meant to fill the memory.
LARGEST_FILE = 200_000
"""Bytes of one configuration file."""
MOST_ENTRIES = 10_000
"""Keys and values of a configuration, aliases written out."""
DEEPEST = 32
"""Levels of a configuration, aliases written out."""
LONGEST_TEXT = 1000
"""Characters of one text."""


class _Loader(yaml.SafeLoader):
    """Safe YAML loader that refuses a key given twice, and what is too large once aliases are written out.

    Aliases of aliases grow exponentially when they are written out, and an anchor may contain itself; both
    are refused before anything is built from them. Numbers are those of YAML 1.2: 012 and 1:30 are none.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.level = self.entries = self.deepest = 0
        #: Entries and levels of every node that is complete.
        self.sizes: dict[int, tuple[int, int]] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node, and stop as soon as the file is too large: reading it is what takes time."""
        mark, alias = self.peek_event().start_mark, self.check_event(yaml.AliasEvent)
        before, outer = self.entries, self.deepest
        self.level += 1
        self.entries += 1
        self.deepest = self.level
        self._refuse_large(mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        if alias:
            if id(node) not in self.sizes:
                raise yaml.composer.ComposerError(None, None, "an anchor contains itself", mark)
            size, levels = self.sizes[id(node)]
            self.entries, self.deepest = before + size, self.level + levels - 1
            self._refuse_large(mark)
        elif isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
                if key.value in seen:
                    what = f"key {key.value!r} is given twice"
                    raise yaml.composer.ComposerError(None, None, what, key.start_mark)
                seen.add(key.value)
        self.sizes[id(node)] = self.entries - before, self.deepest - self.level + 1
        self.level -= 1
        self.deepest = max(self.deepest, outer)
        return node

    def _refuse_large(self, mark: yaml.Mark) -> None:
        if self.deepest > DEEPEST:
            raise yaml.composer.ComposerError(None, None, f"nested more than {DEEPEST} levels deep", mark)
        if self.entries > MOST_ENTRIES:
            what = f"more than {MOST_ENTRIES} entries, with every alias written out"
            raise yaml.composer.ComposerError(None, None, what, mark)


_WHOLE = r"[-+]?(0|[1-9][0-9]*)"
_NUMBERS = {
    "tag:yaml.org,2002:int": rf"{_WHOLE}$",
    "tag:yaml.org,2002:float": rf"({_WHOLE}(\.[0-9]*)?|[-+]?\.[0-9]+)([eE][-+]?[0-9]+)?$|[-+]?\.inf$|\.nan$",
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag not in _NUMBERS]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern in _NUMBERS.items():
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), list("-+.0123456789"))


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
    if problem is None and path.stat().st_size > LARGEST_FILE:
        problem = f"is larger than {LARGEST_FILE} bytes"
    try:
        text = "" if problem else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = f"cannot be read ({getattr(error, 'strerror', 'not UTF-8 text')})"
    if problem is not None:
        raise BadInput(f"{name}: {problem}; allowed: a YAML file")
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
    """A path as it is said in a message: relative to the present folder if it lies in it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


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
def _blocks(package: str) -> dict[str, Any]:
    """Blocks by name: in the file ``configuration.py`` of a folder, the class that is named like it."""
    folder = root_of(package)
    if folder is None:
        raise BadInput(f"there is no package {package!r} in this folder")
    paths = {path.parent.name: path for path in sorted((folder / package).glob("**/configuration.py"))}
    return {name: getattr(load_module(module_of(path)), name.title()) for name, path in paths.items()}


@functools.cache
def _whole(package: str) -> TypeAdapter[Any]:
    """The whole configuration, a block per study; one that is left out is a study that is not run."""
    blocks = _blocks(package)
    fields: list[Any] = [(name, blocks[name]) for name in FIRST if name in blocks]
    for name in sorted({*blocks} - {*FIRST}):
        kind = blocks[name]
        fields.append((name, kind | None, kind() if getattr(kind, "always", False) else None))
    described = {"__doc__": "The configuration of a study."}
    return TypeAdapter(block(dataclasses.make_dataclass("Configuration", fields, namespace=described)))


class _Schema(GenerateJsonSchema):
    """JSON schema of blocks: no titles, the words of docstrings, and defaults that a function makes."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def get_default_value(self, schema: Any) -> Any:
        made = schema.get("default_factory")
        return super().get_default_value(schema) if made is None else made()

    def dataclass_schema(self, schema: Any) -> Any:
        found = {**super().dataclass_schema(schema), "description": summary(schema["cls"])}
        return {key: part for key, part in found.items() if key != "title"}


@functools.cache
def schema(package: str = PACKAGE) -> dict[str, Any]:
    """JSON schema of the whole configuration, as its types say it, every reference written out."""
    found = _whole(package).json_schema(schema_generator=_Schema)
    plain: dict[str, Any] = _written_out(found, found.pop("$defs"))
    return plain


def _written_out(rules: Any, kinds: Mapping[str, Any]) -> Any:
    """Rules with each kind in the place of its name, and without null, which only takes a key out."""
    if not isinstance(rules, dict):
        return rules
    rules = dict(rules)
    while "anyOf" in rules or "$ref" in rules:
        (one,) = (part for part in rules.pop("anyOf", [{}]) if part != {"type": "null"})
        name = rules.pop("$ref", "").rpartition("/")[2]
        rules = {**kinds.get(name, {}), **one, **rules}
    for pattern, values in rules.pop("patternProperties", {}).items():
        rules["propertyNames"] = {"type": "string", "pattern": pattern, **rules.get("propertyNames", {})}
        rules["additionalProperties"] = values
    for key in {"items", "additionalProperties"} & set(rules):
        rules[key] = _written_out(rules[key], kinds)
    if "properties" in rules:
        rules["properties"] = {key: _written_out(part, kinds) for key, part in rules["properties"].items()}
    if (default := without_nulls(rules.pop("default", None))) is not None:
        rules["default"] = default
    return rules


def _settings(block_type: Any) -> Any:
    """Module with a block's function `check`, or None if it has none."""
    room = block_type.__module__.rpartition(".")[0]
    for name in (f"{room}.settings", f"{room}.configuration"):
        module = None if module_file(name) is None else load_module(name)
        if hasattr(module, "check"):
            return module
    return None


def check(config: Mapping[str, Any], where: str = "configuration", package: str = PACKAGE) -> dict[str, Any]:
    """Configuration without nulls and with every default filled in, or one clear line.

    Parameters
    ----------
    config : mapping
    where : str
        What to call it in the message.
    package : str
        Package that holds the blocks: that of a study outside this repository has its own.

    Returns
    -------
    dict
        A new mapping, its blocks in one order whichever overlay named them first.

    Raises
    ------
    BadInput
        Naming what is wrong, where in the configuration, and what is allowed.
    """
    for number, (path, value) in enumerate(_walk(config)):
        if len(path) > DEEPEST or number > MOST_ENTRIES:
            allowed = f"at most {DEEPEST} levels and {MOST_ENTRIES} entries"
            raise BadInput(f"{where}: nested too deeply, or too large; allowed: {allowed}")
        _refuse_foreign(path, value, where)
    given = without_nulls(config)
    try:
        # Of JSON, since it knows no difference between a list and a tuple, a mapping and a dataclass.
        read = _whole(package).validate_json(json.dumps(given), strict=True)
    except ValidationError as problem:
        first = min(problem.errors(), key=lambda one: len(one["loc"]))
        raise BadInput(f"{where}: {_explain(first, schema(package))}") from None
    complete: dict[str, Any] = _filled(given, read)
    for name in complete:
        if (settings := _settings(_blocks(package)[name])) is not None:
            try:
                settings.check(complete)
            except BadInput as problem:
                raise BadInput(f"{where}: {problem}") from None
    leading = [name for name in FIRST if name in complete]
    return {name: complete[name] for name in [*leading, *sorted(set(complete) - set(FIRST))]}


def load(
    paths: Iterable[Path], changes: Mapping[str, Any] | None = None, package: str = PACKAGE
) -> dict[str, Any]:
    """Read, merge and check configuration files, later ones laid over earlier ones.

    Parameters
    ----------
    paths : iterable of Path
        The layers, the lowest first.
    changes : mapping, optional
        What the command line changes, laid over all files.
    package : str
        As in `check`, which says what is returned and refused.
    """
    layers: dict[str, dict[str, Any]] = {}
    for path in paths:
        if spoken(path) in layers:
            raise BadInput(f"{spoken(path)}: given twice; allowed: each layer once")
        layers[spoken(path)] = read(path)
    if changes:
        layers["the command line"] = dict(changes)
    return check(functools.reduce(merge, layers.values(), {}), " + ".join(layers), package)


def _walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, value
    if isinstance(value, Mapping | list):
        for key, part in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _walk(part, (*path, key))


def _refuse_foreign(path: tuple[Any, ...], value: Any, where: str) -> None:
    """Refuse what YAML can say and JSON cannot: keys that are not text, dates, infinities.

    Text is one line of what prints, since it becomes part of names, messages and commands.
    """
    problem = ""
    for text in (path[-1] if path else "", value):
        if isinstance(text, str) and not text.isprintable():
            problem = f"{_short(text)} holds a character that does not print; allowed: one line of text"
        elif isinstance(text, str) and len(text) > LONGEST_TEXT:
            problem = f"a text of {len(text)} characters; allowed: at most {LONGEST_TEXT}"
    if isinstance(value, int) and abs(value) >= 2**63:
        problem = "an integer beyond 64 bits; allowed: a smaller one"
    elif isinstance(value, Mapping):
        if others := [key for key in value if not isinstance(key, str)]:
            problem = f"the key {_short(others[0])} is not text; allowed: text keys"
    elif isinstance(value, float) and not math.isfinite(value):
        problem = f"{value} is not allowed; allowed: a finite number"
    elif value is not None and not isinstance(value, (str, bool, int, float, list)):
        problem = f"a {_type_name(value)} is not allowed; allowed: text, numbers, lists, mappings"
    if problem:
        raise BadInput(f"{where}: {_spell(path)}: {problem}")


def _filled(given: Any, read: Any) -> Any:
    """What was given, as it was written, and after it the defaults of what was read from it."""
    if dataclasses.is_dataclass(read):
        read = {key: part for key, part in vars(read).items() if part is not None}
    if isinstance(read, dict):
        given = given or {}
        return {key: _filled(given.get(key), read[key]) for key in {**given, **read}}
    if isinstance(read, tuple):
        return [_filled(*parts) for parts in zip(given or [None] * len(read), read, strict=True)]
    return read if given is None else given


def _type_name(value: Any) -> str:
    names = {dict: "mapping", list: "list", str: "text", bool: "boolean", int: "integer", float: "number"}
    return names.get(type(value), type(value).__name__)


_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _spell(path: Iterable[Any]) -> str:
    """A place in a configuration, such as ``longtail.priors[0]``."""
    parts = [
        f"[{part}]" if isinstance(part, int) else f".{part if _PLAIN.fullmatch(part) else _short(part)}"
        for part in path
    ]
    return "".join(parts).lstrip(".") or "the top level"


def _short(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return f"a {_type_name(value)}"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "an integer beyond 64 bits"  # Python does not print one of thousands of digits
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _explain(error: ErrorDetails, whole: Mapping[str, Any]) -> str:
    """One line for what pydantic refuses: where, what, and what is allowed there."""
    path = [part for part in error["loc"] if part != "[key]"]
    value = error["input"]
    if error["type"] == "unexpected_keyword_argument":
        known = ", ".join(sorted(_rules_at(path[:-1], whole)["properties"]))
        return f"{_spell(path[:-1])}: unknown key {_short(path[-1])}; allowed: {known or 'none'}"
    if error["type"] == "missing":
        needed = ", ".join(_rules_at(path[:-1], whole)["required"])
        return f"{_spell(path[:-1])}: the key {path[-1]!r} is missing; required: {needed}"
    if len(path) < len(error["loc"]):
        names = _rules_at(path[:-1], whole)["propertyNames"]
        return f"{_spell(path[:-1])}: {_short(value)} is not allowed as a name; allowed: {_allowed(names)}"
    rules = _rules_at(path, whole)
    if error["type"] == "value_error" and isinstance(value, (list, dict)):
        most = rules.get("maxItems", math.inf)
        repeated = isinstance(value, list) and rules.get("minItems", 0) <= len(value) <= most
        what = "has repeated entries" if repeated else f"has {len(value)} entries"
        return f"{_spell(path)}: {what}; allowed: {_allowed(rules)}"
    return f"{_spell(path)}: {_short(value)} is not allowed; allowed: {_allowed(rules)}"


def _rules_at(path: Iterable[Any], rules: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rules of a schema for one place of a configuration."""
    for part in path:
        known = rules.get("properties", {})
        rules = rules["items"] if isinstance(part, int) else known.get(part) or rules["additionalProperties"]
    return rules


def _allowed(rules: Mapping[str, Any]) -> str:
    """What a schema allows, in words, with its description."""
    words = []
    if "enum" in rules:
        words.append("one of " + ", ".join(map(str, rules["enum"])))
    elif "const" in rules:
        words.append(str(rules["const"]))
    elif "type" in rules:
        spoken = {"object": "mapping", "string": "text", "array": "list"}
        words.append(spoken.get(rules["type"], rules["type"]))
    bounds = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    words += [f"{sign} {rules[key]}" for key, sign in bounds.items() if key in rules]
    for kind in ("Items", "Properties"):
        sizes = {f"min{kind}": "at least", f"max{kind}": "at most"}
        words += [f"{sign} {rules[key]} entries" for key, sign in sizes.items() if key in rules]
    words += ["no entry twice"] if rules.get("uniqueItems") else []
    words += [f"matching {rules['pattern']}"] if "pattern" in rules else []
    text = ", ".join(words)
    return f"{text} ({rules['description']})" if "description" in rules else text
