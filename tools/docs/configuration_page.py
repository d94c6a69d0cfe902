"""The configuration reference: every key with its type, range, default and meaning, from its type.

Run as a program it writes the JSON schema that config.yaml names, by which editors complete and check it:
PYTHONPATH=workflow python tools/docs/configuration_page.py
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SCHEMA = Path("workflow/schemas/config.schema.json")

INTRODUCTION = """\
# Configuration

Every key, from the types that a configuration is checked against (`workflow/memgen/*/configuration.py`).
`config.yaml` is the default study; overlays such as `configs/smoke.yaml` are laid over it, key by key, and
a key set to null is removed. `<name>` stands for a name of one's own, `[]` for every entry of a list.
"""


def schema_text() -> str:
    """What `SCHEMA` holds."""
    from memgen.configuration.layers import schema

    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema()}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def configuration() -> str:
    """Every key of the configuration with its type, range, default and meaning."""
    from memgen.configuration.layers import schema

    whole = schema()
    lines = [INTRODUCTION]
    first = whole["required"]
    for block in [*first, *(name for name in whole["properties"] if name not in first)]:
        rules = whole["properties"][block]
        needed = "Required." if block in first else "A study that is run where this block is given."
        lines += ["", f"## {block}", "", f"{_sentence(rules.get('description', ''))}. {needed}", ""]
        parts = rules["properties"]
        demanded = rules.get("required", ())
        plain = {name: part for name, part in parts.items() if not list(keys(part))}
        lines += _table((name, part, name in demanded) for name, part in plain.items())
        for name, part in parts.items():
            if name not in plain:
                said = _sentence(part.get("description", ""))
                said += f". *{_kind_and_default(part, name in demanded)}.*"
                lines += ["", f"### {block}.{name}", "", said, "", *_table(keys(part))]
    return "\n".join(lines) + "\n"


def _table(rows: Iterable[tuple[str, dict[str, Any], bool]]) -> list[str]:
    """Lines of a table of keys; none where there are no keys."""
    lines = [
        f"| `{path}` | {_cell(part.get('description', ''))} | {_kind_and_default(part, required)} |"
        for path, part, required in rows
    ]
    return ["| key | meaning | type, range, default |", "|---|---|---|", *lines] if lines else []


def _kind_and_default(rules: dict[str, Any], required: bool) -> str:
    return f"{kind(rules)}; {_default(rules, required)}"


def keys(rules: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Path, rule and necessity of every key below a mapping; <name> is a name of one's own, [] an entry."""
    demanded = set(rules.get("required", ()))
    parts = {name: (part, name in demanded) for name, part in rules.get("properties", {}).items()}
    if isinstance(rules.get("additionalProperties"), dict):
        parts["<name>"] = (rules["additionalProperties"], False)
    for name, (part, required) in parts.items():
        here = f"{path}.{name}" if path else name
        yield here, part, required
        yield from keys(part, here)
        inner = part.get("items")
        if isinstance(inner, dict) and "properties" in inner:
            yield from keys(inner, f"{here}[]")


def kind(rules: dict[str, Any]) -> str:
    """Type and range of a value, in words."""
    if "enum" in rules:
        return "one of " + ", ".join(f"`{value}`" for value in rules["enum"])
    if "const" in rules:
        return f"`{rules['const']}`"
    names = {"object": "mapping", "string": "text", "array": "list", "integer": "whole number"}
    types = rules.get("type", "any")
    types = types if isinstance(types, list) else [types]
    text = " or ".join(names.get(one, one) for one in types)
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    ranges = [f"{sign} {rules[key]}" for key, sign in bounds.items() if key in rules]
    inner = rules.get("items")
    if isinstance(inner, dict):
        text += f" of: {kind(inner)}"
    low, high = rules.get("minItems"), rules.get("maxItems")
    if low is not None or high is not None:
        ranges.append(f"{low or 0} to {high} entries" if high is not None else f"at least {low} entries")
    if "pattern" in rules and len(rules["pattern"]) <= 40:
        ranges.append("matching `" + rules["pattern"].replace("|", "\\|") + "`")
    return ", ".join([text, *ranges])


def _default(rules: dict[str, Any], required: bool) -> str:
    if "default" not in rules:
        return "must be given" if required else "optional"
    value = rules["default"]
    if value in ({}, []):
        return "default: none"
    parts = rules.get("properties", {})
    if parts and all(parts[key].get("default") == part for key, part in value.items()):
        return "default: those of its keys"
    text = json.dumps(value, ensure_ascii=False)
    return f"default: `{text}`" if len(text) <= 120 else "default: in the schema"


def _cell(text: str) -> str:
    """Text for a cell of a table; what Markdown would take for markup stays text."""
    return re.sub(r"([\\`*_<>|\[\]$])", r"\\\1", " ".join(text.split()))


def _sentence(text: str) -> str:
    text = _cell(text)
    return text[:1].upper() + text[1:].rstrip(".")


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
