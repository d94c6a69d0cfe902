"""The study's configuration: read, merge, fill in, and refuse what is wrong in one line.

Overlays merge deeply into ``config.yaml``; a key that an overlay sets to null is removed before validation.
The JSON schema of each block stands in ``workflow/schemas/<block>.schema.yaml``; what a schema cannot say,
such as an exception outside its hierarchy, is checked by ``memgen/<block>/settings.py`` where there is one.
"""

import copy
import functools
import importlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from memgen.closure import PACKAGE, ROOT, module_file
from memgen.errors import BadInput

SCHEMAS = ROOT / "schemas"


class _Loader(yaml.SafeLoader):
    """Safe YAML loader that refuses a key given twice."""

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
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(
            f"{path}: no such configuration file; allowed: config.yaml or a file in configs/"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise BadInput(f"{path}: cannot be read ({reason}); allowed: a YAML file") from None
    try:
        content = _Loader(text).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise BadInput(f"{path}{where}: {problem}; allowed: a YAML mapping") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise BadInput(f"{path}: holds a {_type_name(content)}; allowed: a YAML mapping")
    return content


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
    """JSON schema of the whole configuration, put together from ``workflow/schemas``."""
    whole: dict[str, Any] = yaml.safe_load((SCHEMAS / "config.schema.yaml").read_text(encoding="utf-8"))
    for path in sorted(SCHEMAS.glob("*.schema.yaml")):
        block = path.name.removesuffix(".schema.yaml")
        if block != "config":
            whole["properties"][block] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return whole


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
    for path, value in _walk(config):
        _refuse_foreign(path, value, where)
    complete: dict[str, Any] = _filled(without_nulls(copy.deepcopy(dict(config))), schema())
    error = jsonschema.exceptions.best_match(_Validator(schema()).iter_errors(complete))
    if error is not None:
        raise BadInput(f"{where}: {_explain(error)}")
    for block in complete:
        if module_file(f"{PACKAGE}.{block}.settings") is not None:
            try:
                importlib.import_module(f"{PACKAGE}.{block}.settings").check(complete)
            except BadInput as problem:
                raise BadInput(f"{where}: {problem}") from None
    # The same order whichever overlay named a block first: what others build on, then the rest.
    first = schema()["required"]
    return {block: complete[block] for block in [*first, *sorted(set(complete) - set(first))]}


def load(paths: Iterable[Path]) -> dict[str, Any]:
    """Read, merge and check configuration files, later ones laid over earlier ones."""
    paths = list(paths)
    merged: dict[str, Any] = {}
    for path in paths:
        merged = merge(merged, read(path))
    return check(merged, " + ".join(map(str, paths)))


def _strict_integer(_: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


#: JSON Schema takes 9.0 for an integer; a command line does not.
_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
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
    """Refuse what YAML can say and JSON cannot: keys that are not text, dates, infinities."""
    if path and not isinstance(path[-1], (str, int)):
        raise BadInput(f"{where}: {_spell(path)}: the key {path[-1]!r} is not text; allowed: text keys")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise BadInput(f"{where}: {_spell(path)}: the key {key!r} is not text; allowed: text keys")
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
        text += f"[{part}]" if isinstance(part, int) else f".{part if _PLAIN.fullmatch(part) else repr(part)}"
    return text.lstrip(".") or "the top level"


def _short(value: Any) -> str:
    text = repr(value) if not isinstance(value, (dict, list)) else f"a {_type_name(value)}"
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
