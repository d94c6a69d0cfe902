"""A record read from a file that anyone may have written.

What comes out has the form of a record, agrees with its own digest, and with itself. Whether what it says is
true, only the files it speaks of can tell.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

import jsonschema

from memgen.configuration.own_folder import STUDIES
from memgen.errors import BadInput
from memgen.jobs.arguments import flag
from memgen.jobs.digests import digest_of
from memgen.jobs.layers import EXTERNAL
from memgen.jobs.record import FORMAT, LARGEST, seal

#: Folders that hold only what jobs wrote; each may be a link, such as to another disk.
MADE = ("results", "figures")
#: Metadata of a deposit, at its top.
CRATE = Path("ro-crate-metadata.json")
#: Suffixes of outputs that a deposit leaves out: folders with weights, and features.
LARGE = frozenset({"", ".safetensors"})

TEXT = {"type": "string", "maxLength": 4096, "pattern": r"\A[^\x00-\x1f\x7f-\x9f]*\Z"}
SHA256 = {"type": "string", "pattern": r"\A[0-9a-f]{64}\Z"}
DIGESTS = {"type": "object", "propertyNames": TEXT, "additionalProperties": SHA256}
_WHAT = "a record of this study"


def mapping(optional: Mapping[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """Schema of a mapping with exactly these keys, and perhaps the optional ones."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": sorted(properties),
        "additionalProperties": False,
    }


_NAMED = {"type": "object", "propertyNames": {"pattern": r"\A[a-z_][a-z0-9_]*\Z"}}
_LAYERS = {"type": "array", "items": mapping(file=TEXT, sha256=SHA256)}
SCHEMA = mapping(
    format={"const": FORMAT},
    stage=mapping(name=TEXT, module=TEXT),
    arguments={
        **_NAMED,
        "additionalProperties": mapping(role={"enum": ["input", "output", "parameter"]}, value=True),
    },
    configuration={"oneOf": [{"type": "null"}, mapping(layers=_LAYERS, digest=SHA256)]},
    recipe=mapping(
        rule=TEXT,
        wildcards={"type": "object", "additionalProperties": TEXT},
        stage=TEXT,
        parameters=_NAMED,
        inputs={
            **_NAMED,
            "additionalProperties": {"type": "array", "items": mapping(path=TEXT, sha256=SHA256)},
        },
    ),
    recipe_id=SHA256,
    code=DIGESTS,
    code_digest=SHA256,
    environment={
        "type": "object",
        "properties": {"processor": TEXT, "kernels": {"type": "object", "properties": {"mode": TEXT}}},
    },
    outputs=DIGESTS,
    execution={
        "type": "object",
        "properties": {"threads": {"type": ["integer", "null"], "minimum": 1, "maximum": 4096}},
        "required": ["threads"],
    },
    digest=SHA256,
)


class RefusedRecord(BadInput):
    """A record that is not to be trusted although it has the form of one; `kind` names the finding."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def parse_json(path: Path, what: str, largest: int) -> Any:
    """Content of a JSON file that anyone may have written; None if there is no file.

    BadInput says why it is not `what` it is to be: a link or no regular file, of more than `largest` bytes,
    not readable, or no JSON, in which no key is given twice and nothing is NaN.
    """
    try:
        if not os.path.lexists(path):
            return None
        if path.is_symlink() or not path.is_file():
            raise BadInput(f"{path}: is not {what}: a link, or no regular file")
        if path.stat().st_size > largest:
            raise BadInput(f"{path}: is not {what}: larger than {largest >> 20} MB")
        return json.loads(path.read_bytes().decode(), object_pairs_hook=_once, parse_constant=_not_json)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    except RecursionError:
        reason = "nested too deeply"
    except ValueError as error:  # no UTF-8, a syntax error, a number of too many digits
        if isinstance(error, BadInput):
            raise
        reason = " ".join(str(error).split())[:100]
    raise BadInput(f"{path}: is not {what} ({reason})")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _not_json(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def check_form(path: Path, content: Any, schema: Mapping[str, Any], what: str) -> None:
    """Raise BadInput if the content of a JSON file does not have the form of a schema."""
    try:
        error = next(jsonschema.Draft202012Validator(schema).iter_errors(content), None)
    except RecursionError:
        raise BadInput(f"{path}: is not {what} (nested too deeply)") from None
    if error is not None:
        where = ".".join(str(part) for part in error.absolute_path) or "the top level"
        raise BadInput(f"{path}: is not {what} ({where!r} has another form)")


def read_record(path: Path) -> dict[str, Any]:
    """Read a record, whose paths are plain names inside the study or below ``external/``.

    BadInput is raised if it cannot be read, is of another format, or contradicts itself; as `RefusedRecord`
    if it was edited, or names a path outside the study.
    """
    content = parse_json(path, _WHAT, LARGEST)
    if content is None:
        raise BadInput(f"{path}: no such record")
    stated = content.get("format") if isinstance(content, dict) else None
    if isinstance(stated, str) and re.fullmatch(r"memgen-record/\d{1,9}", stated) and stated != FORMAT:
        text = f"{stated}, written by another version of the study, not {FORMAT}; run it again"
        raise BadInput(f"{path}: {text}")
    check_form(path, content, SCHEMA, _WHAT)
    try:
        _check_digests(path, content)
    except RecursionError:
        raise BadInput(f"{path}: is not {_WHAT} (nested too deeply)") from None
    _check_itself(path, content)
    return dict(content)


def _check_digests(path: Path, content: dict[str, Any]) -> None:
    try:
        body = {key: value for key, value in content.items() if key != "digest"}
        found = {"digest": digest_of(body), "recipe_id": digest_of(content["recipe"])}
    except BadInput as problem:
        raise BadInput(f"{path}: is not {_WHAT} ({problem})") from None
    for key, digest in found.items():
        if content[key] != digest:
            raise RefusedRecord("RECORD-EDITED", f"{path}: was edited: its {key} is not that of its content")
    if seal(content) != path.read_bytes():
        raise RefusedRecord("RECORD-EDITED", f"{path}: was edited: its text is not as the job wrote it")


def _check_itself(path: Path, content: dict[str, Any]) -> None:
    """Refuse paths outside the study, and arguments that are not those of recipe and outputs."""
    recipe = content["recipe"]
    given: dict[str, dict[str, Any]] = {"input": {}, "output": {}, "parameter": {}}
    for name, argument in content["arguments"].items():
        role, value = argument["role"], argument["value"]
        if role == "parameter":
            given[role][name] = value
        elif value is not None:
            given[role][name] = value if isinstance(value, list) else [value]
    files = {**given["input"], **given["output"]}
    named = [(flag(name), part) for name, parts in files.items() for part in parts]
    for where, part in [*named, *(("its code", part) for part in content["code"])]:
        if not is_label(part):
            text = f"{path}: {where} names {part!r}, which is not a path inside the study"
            raise RefusedRecord("PATH-OUTSIDE", text)
    read = {name: [part["path"] for part in parts] for name, parts in recipe["inputs"].items()}
    written = [[name] for name in sorted(content["outputs"])]
    if (recipe["stage"], recipe["parameters"], read, written) != (
        content["stage"]["name"], given["parameter"], given["input"], sorted(given["output"].values())
    ):  # fmt: skip
        raise BadInput(f"{path}: contradicts itself: its arguments are not those of its recipe and outputs")


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
