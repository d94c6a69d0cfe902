"""A record read from a file that anyone may have written.

What comes out has the form of a record, agrees with its own digest, and with itself. Whether what it says is
true, only the files it speaks of can tell.
"""

import json
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

import jsonschema

from memgen.configuration.own_folder import STUDIES
from memgen.errors import BadInput
from memgen.jobs.arguments import flag
from memgen.jobs.digests import digest_of
from memgen.provenance.names import EXTERNAL
from memgen.provenance.record import FORMAT, LARGEST, seal

#: Folders that hold only what jobs wrote; each may be a link, such as to another disk.
MADE = ("results", "figures")
#: Metadata of a deposit, at its top.
CRATE = Path("ro-crate-metadata.json")
#: Suffixes of outputs that a deposit leaves out: folders with weights, and features.
LARGE = frozenset({"", ".safetensors"})

_TEXT = {"type": "string", "maxLength": 4096, "pattern": r"\A[^\x00-\x1f\x7f-\x9f]*\Z"}
_SHA256 = {"type": "string", "pattern": r"\A[0-9a-f]{64}\Z"}
_DIGESTS = {"type": "object", "propertyNames": _TEXT, "additionalProperties": _SHA256}


def _mapping(**properties: Any) -> dict[str, Any]:
    """Schema of a mapping with exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


_FILE = _mapping(path=_TEXT, sha256=_SHA256)
_NAMED = {"type": "object", "propertyNames": {"pattern": r"\A[a-z_][a-z0-9_]*\Z"}}
SCHEMA = _mapping(
    format={"const": FORMAT},
    stage=_mapping(name=_TEXT, module=_TEXT),
    arguments={
        **_NAMED,
        "additionalProperties": _mapping(role={"enum": ["input", "output", "parameter"]}, value=True),
    },
    configuration={
        "oneOf": [
            {"type": "null"},
            _mapping(layers={"type": "array", "items": _mapping(file=_TEXT, sha256=_SHA256)}, digest=_SHA256),
        ]
    },
    recipe=_mapping(
        rule=_TEXT,
        wildcards={"type": "object", "additionalProperties": _TEXT},
        stage=_TEXT,
        parameters=_NAMED,
        inputs={**_NAMED, "additionalProperties": {"type": "array", "items": _FILE}},
    ),
    recipe_id=_SHA256,
    code=_DIGESTS,
    code_digest=_SHA256,
    environment={
        "type": "object",
        "properties": {"processor": _TEXT, "kernels": {"type": "object", "properties": {"mode": _TEXT}}},
    },
    outputs=_DIGESTS,
    execution={
        "type": "object",
        "properties": {"threads": {"type": ["integer", "null"], "minimum": 1, "maximum": 4096}},
        "required": ["threads"],
    },
    digest=_SHA256,
)


class RefusedRecord(BadInput):
    """A file that is no record to be trusted; `kind` is the name of the finding."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def read_record(path: Path) -> dict[str, Any]:
    """Read a record and hold it against its own digests.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    dict
        The record, its paths plain names inside the study, or below ``external/``.

    Raises
    ------
    RefusedRecord
        If it cannot be read, is of another format, was edited, or contradicts itself.
    """
    text, content = _json(path)
    stated = content.get("format") if isinstance(content, dict) else None
    if not isinstance(stated, str) or not re.fullmatch(r"memgen-record/\d{1,9}", stated):
        raise RefusedRecord("RECORD-INVALID", f"{path}: is not a record of this study")
    if stated != FORMAT:
        raise RefusedRecord(
            "RECORD-INVALID",
            f"{path}: {stated}, written by another version of the study, not {FORMAT}; run it again",
        )
    try:
        _check(path, content)
        if seal(content) != text:
            raise RefusedRecord("RECORD-EDITED", f"{path}: was edited: its text is not as the job wrote it")
    except RecursionError:
        _refuse(path, "nested too deeply")
    return dict(content)


def _json(path: Path) -> tuple[bytes, Any]:
    """Text of a file, and what it holds."""
    try:
        if not path.is_file():
            raise RefusedRecord("RECORD-INVALID", f"{path}: no such record")
        if path.stat().st_size > LARGEST:
            raise RefusedRecord(
                "RECORD-INVALID", f"{path}: larger than {LARGEST // 2**20} MB, which no record is"
            )
        text = path.read_bytes()
        return text, json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_not_json)
    except OSError as error:
        raise RefusedRecord("RECORD-INVALID", f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        _refuse(path, "not UTF-8 text")
    except RecursionError:
        _refuse(path, "nested too deeply")
    except BadInput:
        raise
    except ValueError as error:  # a JSON syntax error, a number of too many digits, a path with a null byte
        _refuse(path, " ".join(str(error).split())[:100])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _not_json(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _refuse(path: Path, reason: str) -> NoReturn:
    raise RefusedRecord("RECORD-INVALID", f"{path}: is not a record of this study ({reason})")


def _check(path: Path, content: dict[str, Any]) -> None:
    error = next(jsonschema.Draft202012Validator(SCHEMA).iter_errors(content), None)
    if error is not None:
        where = ".".join(str(part) for part in error.absolute_path) or "the top level"
        _refuse(path, f"{where!r} has not the form of {FORMAT}")
    body = {key: value for key, value in content.items() if key != "digest"}
    recipe, arguments = content["recipe"], content["arguments"]
    try:
        held = {
            "digest": digest_of(body),
            "recipe_id": digest_of(recipe),
        }
    except BadInput as problem:
        _refuse(path, str(problem))
    for key, digest in held.items():
        if content[key] != digest:
            raise RefusedRecord("RECORD-EDITED", f"{path}: was edited: its {key} is not that of its content")
    given: dict[str, dict[str, Any]] = {"input": {}, "output": {}, "parameter": {}}
    for name, argument in arguments.items():
        role, value = argument["role"], argument["value"]
        if role == "parameter":
            given[role][name] = value
        elif value is not None:
            given[role][name] = value if isinstance(value, list) else [value]
            for label in given[role][name]:
                if not is_label(label):
                    raise RefusedRecord(
                        "PATH-OUTSIDE",
                        f"{path}: {flag(name)} names {label!r}, which is no path inside the study",
                    )
    for label in content["code"]:
        if not is_label(label):
            raise RefusedRecord(
                "PATH-OUTSIDE", f"{path}: its code names {label!r}, which is no path inside the study"
            )
    if (
        recipe["stage"] != content["stage"]["name"]
        or recipe["parameters"] != given["parameter"]
        or {name: [part["path"] for part in parts] for name, parts in recipe["inputs"].items()}
        != given["input"]
        or sorted(given["output"].values()) != [[name] for name in sorted(content["outputs"])]
    ):
        raise RefusedRecord(
            "RECORD-INVALID",
            f"{path}: contradicts itself: its arguments are not those of its recipe and outputs",
        )


def is_label(value: Any) -> bool:
    """Whether a value is the name of a file inside the study: relative, and in one spelling only."""
    if not isinstance(value, str) or value in ("", "."):
        return False
    path = PurePosixPath(value)
    return not path.is_absolute() and ".." not in path.parts and path.as_posix() == value


def is_external(label: str) -> bool:
    """Whether a file lay outside the study, so that its record does not say where."""
    return label.partition("/")[0] == EXTERNAL


def is_left_out(label: str) -> bool:
    """Whether this folder is a deposit and an output is one of the large ones that it does not hold."""
    return CRATE.is_file() and Path(label).suffix in LARGE and not os.path.lexists(label)


def leaves_the_study(path: Path) -> bool:
    """Whether a link leads from a file out of the study, other than those that `home` follows."""
    here, real = Path.cwd().resolve(), path.resolve()
    return not real.is_relative_to(here) and (path.is_absolute() or not real.is_relative_to(home(path)))


def home(path: Path) -> Path:
    """Folder or file that the first part of a path inside the study stands for.

    A link counts as the file itself in two cases only: `results` and `figures`, which may lie on another
    disk, and, in the folder of a study with overlays, a link to the repository's file of the same name.
    """
    here, first = Path.cwd().resolve(), path.parts[0]
    entry = here / first
    source = here.parents[1] / first if here.parent.name == STUDIES else entry
    return entry.resolve() if first in MADE or entry.resolve() == source else entry
