"""The seal of a run: which records belong to it, under one root digest.

A run is everything that its targets stand on, and what else ran with its configuration. Records that a run
of another configuration left in the same folder are sealed too, apart: their outputs must hold, but their
sources may have changed since.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from memgen.digests import bytes_digest, file_digest
from memgen.errors import BadInput
from memgen.provenance.reading import is_label
from memgen.provenance.run import Record, Run, read_run
from memgen.whole_file import whole_file

SEAL = Path("results/provenance/seal.json")
FORMAT = "memgen-seal/1"
BENCHMARKS = Path("results/benchmarks")
_LARGEST = 64 * 2**20
_DIGESTS = {"type": "object", "additionalProperties": {"type": "string", "pattern": r"\A[0-9a-f]{64}\Z"}}
_PARTS = {"targets": {"type": "array", "items": {"type": "string"}}, "format": {"const": FORMAT}}
_SCHEMA = {
    "type": "object",
    "properties": {**_PARTS, "records": _DIGESTS, "earlier": _DIGESTS, "benchmarks": _DIGESTS},
    "required": ["format", "targets", "records", "earlier", "benchmarks", "root"],
}


@dataclass(frozen=True)
class Seal:
    """Which files belong to a run.

    Parameters
    ----------
    targets : tuple of str
        Files that the run was to make.
    records : mapping of str to str
        Digest of every record of the run.
    earlier : mapping of str to str
        Digest of every other record that was there.
    benchmarks : mapping of str to str
        Digest of every file of measured times.
    """

    targets: tuple[str, ...]
    records: Mapping[str, str]
    earlier: Mapping[str, str]
    benchmarks: Mapping[str, str]

    @classmethod
    def of(cls, run: Run, targets: Iterable[str], configuration: str | None) -> "Seal":
        """Seal of the records that are there now; see `write_seal`.

        Targets that nothing has made yet are left out: a part of the study can be sealed too.
        """
        made = tuple(sorted({target for target in targets if run.maker(target)}))
        ends = [maker for target in made if (maker := run.maker(target))]
        ends += [name for name, record in run.records.items() if _digest_of(record) == configuration]
        chain = set(run.chain(ends))
        digests = {name: record["digest"] for name, record in sorted(run.records.items())}
        return cls(
            made,
            {name: digest for name, digest in digests.items() if name in chain},
            {name: digest for name, digest in digests.items() if name not in chain},
            {path.as_posix(): file_digest(path) for path in benchmarks()},
        )

    @property
    def body(self) -> dict[str, Any]:
        """What the root is the digest of."""
        return {
            "format": FORMAT,
            "targets": list(self.targets),
            "records": dict(self.records),
            "earlier": dict(self.earlier),
            "benchmarks": dict(self.benchmarks),
        }

    @property
    def root(self) -> str:
        """One digest for everything that the run read, ran and wrote."""
        return bytes_digest(as_text(self.body))

    def text(self) -> bytes:
        """The seal as a file."""
        return as_text({**self.body, "root": self.root})


def as_text(content: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys, an entry a line, the same bytes for the same content."""
    parts = []
    for key, value in sorted(content.items()):
        if isinstance(value, dict) and value:
            lines = [f"  {_compact(name)}: {_compact(part)}" for name, part in sorted(value.items())]
            parts.append(f" {_compact(key)}: {{\n" + ",\n".join(lines) + "\n }")
        else:
            parts.append(f" {_compact(key)}: {_compact(value)}")
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def benchmarks() -> list[Path]:
    """Files of measured times, sorted."""
    return sorted(path for path in BENCHMARKS.rglob("*.tsv") if path.is_file())


def read_seal(path: Path = SEAL) -> Seal | None:
    """Read the seal of the run in the present folder; None if there is none.

    Raises
    ------
    BadInput
        If the file is no seal, or not as it was written.
    """
    content = read_json(path, _SCHEMA, "the seal of a run")
    if content is None:
        return None
    seal = Seal(tuple(content["targets"]), content["records"], content["earlier"], content["benchmarks"])
    if bytes_digest(seal.text()) != file_digest(path):
        raise BadInput(f"{path}: was edited: its root is not that of its content")
    if others := [name for name in (*seal.records, *seal.earlier, *seal.benchmarks) if not is_label(name)]:
        raise BadInput(f"{path}: names {others[0]!r}, which is no path inside the study")
    return seal


def read_json(path: Path, schema: Mapping[str, Any], what: str) -> dict[str, Any] | None:
    """A JSON file that anyone may have written, of a given form; None if there is none.

    Raises
    ------
    BadInput
    """
    try:
        if not path.exists() and not path.is_symlink():
            return None
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            raise BadInput(f"{path}: is not {what}: no file of its own, or larger than {_LARGEST >> 20} MB")
        content = json.loads(path.read_bytes().decode())
        if jsonschema.Draft202012Validator(schema).is_valid(content):
            return dict(content)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    except BadInput:
        raise
    except (ValueError, RecursionError):
        pass
    raise BadInput(f"{path}: is not {what}")


def write_seal(
    run: Run, targets: Iterable[str] | None = None, configuration: str | None = None, path: Path = SEAL
) -> Seal:
    """Seal the run in the present folder.

    Parameters
    ----------
    run : Run
    targets : iterable of str, optional
        Files that the run was to make; by default those of the present seal, or else every output that no
        job reads.
    configuration : str, optional
        Digest of the configuration that the study has now; jobs that ran with it belong to the run too.
    path : pathlib.Path, optional

    Raises
    ------
    BadInput
        If one of its records is not to be trusted.
    """
    if run.findings:
        raise BadInput(str(run.findings[0]))
    if targets is None:
        present = read_seal(path)
        targets = run.ends() if present is None else present.targets
    seal = Seal.of(run, targets, configuration)
    with whole_file(path) as beside:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(seal.text())
    return seal


def _digest_of(record: Record) -> str:
    """Digest of the configuration that a job ran with; empty where it was called by hand."""
    return str((record["configuration"] or {"digest": ""})["digest"])


def sealed(targets: Iterable[str] | None = None, description: str | None = None) -> str:
    """Seal the run that has just ended, and say so in one line.

    Parameters
    ----------
    targets : iterable of str, optional
        As in `write_seal`.
    description : str, optional
        What `memgen.provenance.layers.described` says of the configuration.
    """
    try:
        seal = write_seal(read_run(), targets, description and json.loads(description)["digest"])
    except BadInput as problem:
        return f"not sealed: {problem}"
    return f"sealed {len(seal.records)} jobs in {SEAL}: root {seal.root}"
