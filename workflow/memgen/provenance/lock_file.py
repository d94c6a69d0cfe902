"""The file that holds the lock of a run: its form, and whether it is as it was written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memgen.configuration.own_folder import LOCK
from memgen.errors import BadInput
from memgen.jobs.digests import bytes_digest, file_digest
from memgen.provenance.findings import Finding
from memgen.provenance.sealing import as_text, read_json

FORMAT = "memgen-lock/2"

_SHA256 = {"type": "string", "pattern": r"\A[0-9a-f]{64}\Z"}
_NAMES = {"type": "array", "items": {"type": "string"}}
_OUTPUT = {
    "type": "object",
    "properties": {
        "sha256": _SHA256,
        "recipe_id": _SHA256,
        "code_digest": _SHA256,
        "through": {"type": "string"},
    },
    "required": ["sha256", "recipe_id", "code_digest"],
}
_TABLE = {
    "type": "object",
    "properties": {"numbers": {"type": "string"}, "columns": _NAMES, "cells": {"type": "string"}},
}
_FIGURE = {
    "type": "object",
    "properties": {
        "files": _NAMES,
        "tables": _NAMES,
        "rows": {"type": "object", "additionalProperties": {"type": "object"}},
        "picture": {"type": ["string", "null"]},
        "text": _SHA256,
    },
    "required": ["files", "tables", "rows", "picture"],
}
_CLAIMS = {
    "type": "object",
    "properties": {"held": {"enum": ["equivalent", "consistent"]}, "numbers": {"type": "string"}},
    "required": ["held", "numbers"],
}
_SCHEMA = {
    "type": "object",
    "properties": {
        "format": {"const": FORMAT},
        "configuration": {"type": ["string", "null"]},
        "kernels": {"type": ["string", "null"]},
        "processor": {"type": ["string", "null"]},
        "families": {"type": "object", "additionalProperties": {"type": "string"}},
        "outputs": {"type": "object", "additionalProperties": _OUTPUT},
        "tables": {"type": "object", "additionalProperties": _TABLE},
        "figures": {"type": "object", "additionalProperties": _FIGURE},
        "claims": {"type": "object", "additionalProperties": _CLAIMS},
        "root": _SHA256,
    },
    "required": [
        *("format", "configuration", "kernels", "processor", "families"),
        *("outputs", "tables", "figures", "claims", "root"),
    ],
}


def read_lock(path: Path = LOCK) -> dict[str, Any]:
    """Read a lock.

    Raises
    ------
    BadInput
        If there is none, or it is not as it was written.
    """
    content = read_json(path, _SCHEMA, "the lock of a run")
    if content is None:
        raise BadInput(f"{path}: no such file; `memgen provenance lock` writes it from a complete run")
    if problem := edited(path, content):
        raise BadInput(f"{path}: {problem}")
    return content


def edited(path: Path, content: Mapping[str, Any]) -> str | None:
    """Why a lock is not as it was written, if it is not."""
    body = {key: value for key, value in content.items() if key != "root"}
    if root_of(body) != content["root"] or bytes_digest(as_text(content)) != file_digest(path):
        return "was edited: its root is not that of its content"
    return None


def lock_findings(path: Path = LOCK) -> list[Finding]:
    """What is wrong with the lock that lies here; nothing where there is none."""
    try:
        if path.exists() or path.is_symlink():
            read_lock(path)
    except BadInput as problem:
        return [Finding("LOCK-EDITED", str(path), str(problem).removeprefix(f"{path}: "))]
    return []


def root_of(body: Mapping[str, Any]) -> str:
    """One digest for all that a lock holds."""
    return bytes_digest(as_text(body))
