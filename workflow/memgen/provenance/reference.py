"""The reference that a stranger's run is compared with: the lock, ``provenance.lock.json``.

It holds nothing about host, time or commit, so that an honest run elsewhere can equal it: digests of recipes,
sources and outputs; of each table its numbers or the means of its cells, by which it is compared
(`memgen.tables.schema`); of each figure a small picture and the rows that it draws; and every claim. Kernels
and processor of the run are there for a reader, and are not compared.
"""

import base64
import io
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from memgen.configuration.own_folder import LOCK, lock_path
from memgen.errors import BadInput
from memgen.jobs.digests import canonical, digest_of
from memgen.jobs.record import kernels_of
from memgen.provenance.cells import MODEL, Cells, cells
from memgen.provenance.judging import drawn_rows, picture, skeleton, table_of
from memgen.provenance.reading import SHA256, mapping
from memgen.provenance.run import Record, Run, inputs
from memgen.provenance.sealing import read_rooted
from memgen.tables.claims import CLAIMS
from memgen.tables.schema import Table

FORMAT = "memgen-lock/2"
Packed = TypeVar("Packed")
_STRING, _TEXT_OR_NONE = {"type": "string"}, {"type": ["string", "null"]}
_NAMES = {"type": "array", "items": _STRING}


def _by_name(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}


_SCHEMA = mapping(
    format={"const": FORMAT},
    configuration=_TEXT_OR_NONE,
    kernels=_TEXT_OR_NONE,
    processor=_TEXT_OR_NONE,
    families=_by_name(_STRING),
    outputs=_by_name(mapping({"through": _STRING}, sha256=SHA256, recipe_id=SHA256, code_digest=SHA256)),
    tables=_by_name(mapping({"numbers": _STRING, "columns": _NAMES, "cells": _STRING})),
    figures=_by_name(
        mapping(
            {"text": SHA256},
            files=_NAMES,
            tables=_NAMES,
            rows=_by_name({"type": "object"}),
            picture=_TEXT_OR_NONE,
        )
    ),
    claims=_by_name(mapping(held={"enum": ["equivalent", "consistent"]}, numbers=_STRING)),
    root=SHA256,
)


def read_lock(path: Path = LOCK) -> dict[str, Any]:
    """Read a lock; BadInput if there is none, or it is not as it was written."""
    content = read_rooted(path, _SCHEMA, "the lock of a run")
    if content is None:
        raise BadInput(f"{path}: no such file; `memgen provenance lock` writes it from a complete run")
    return content


def lock_of(run: Run, records: Iterable[str]) -> dict[str, Any]:
    """What the lock of a run holds beside its root, from the records that belong to it."""
    chosen = {name: run.records[name] for name in sorted(records)}
    replicates = families(run, chosen)
    found = {
        output: table
        for record in chosen.values()
        for output in record["outputs"]
        if (table := table_of(Path(output))) is not None
    }
    tables = {path: _locked(*table, replicates) for path, table in found.items() if table[0] is not CLAIMS}
    figures, claims = {}, {}
    for name, record in chosen.items():
        read = [path for path, _ in inputs(record)]
        drawn = sorted(output for output in record["outputs"] if output.startswith("figures/"))
        if drawn:
            shown = {path: found[path] for path in read if path in tables}
            figures[Path(drawn[0]).stem] = _figure(drawn, shown)
        # A table that only collects claims is compared with those that it collects.
        collects = any(found[path][0] is CLAIMS for path in read if path in found)
        for output in record["outputs"]:
            if output in found and found[output][0] is CLAIMS and not collects:
                claims[output] = {"held": _compared_as(run, name), "numbers": packed(found[output][1])}
    compared = {*found, *(path for figure in figures.values() for path in figure["files"])}
    through = _through(chosen, compared)
    return {
        "format": FORMAT,
        "configuration": common((record["configuration"] or {}).get("digest") for record in chosen.values()),
        **machine(chosen.values()),
        "families": replicates,
        "outputs": {
            output: {
                "sha256": digest,
                "recipe_id": record["recipe_id"],
                "code_digest": record["code_digest"],
                **({"through": through[output]} if output in through else {}),
            }
            for record in chosen.values()
            for output, digest in record["outputs"].items()
        },
        "tables": dict(sorted(tables.items())),
        "figures": figures,
        "claims": claims,
    }


def machine(records: Iterable[Record]) -> dict[str, Any]:
    """Kernels and processor that some jobs have in common; None where they differ."""
    jobs = list(records)
    return {
        "kernels": common(kernels_of(record) for record in jobs),
        "processor": common(record["environment"].get("processor") for record in jobs),
    }


def common(values: Iterable[Any]) -> Any:
    """What all jobs have in common; None where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _through(records: Mapping[str, Record], compared: Iterable[str]) -> dict[str, str]:
    """Of each output that is not compared itself, such as weights, the first compared one made from it."""
    readers = defaultdict(list)
    for record in records.values():
        for path, _ in inputs(record):
            for part in (path, *map(str, Path(path).parents)):
                readers[part].append(record["outputs"])
    found, known = {}, set(compared)
    for output in (output for record in records.values() for output in record["outputs"]):
        pending, seen = [output], {output}
        while pending and output not in known and output not in found:
            made = sorted(path for outputs in readers[pending.pop(0)] for path in outputs)
            if reached := [path for path in made if path in known]:
                found[output] = reached[0]
            pending += [path for path in made if path not in seen]
            seen.update(made)
    return found


def _figure(files: list[str], tables: Mapping[str, tuple[Table, pl.DataFrame]]) -> dict[str, Any]:
    """A figure as the lock holds it: its picture, or the digest of its page without the data."""
    pictures = [path for path in files if path.endswith(".png")]
    rows = drawn_rows(Path(pictures[0])) if pictures else {}
    narrowed: dict[str, dict[str, list[Any]]] = {}
    for path, (table, frame) in tables.items():
        columns = {
            name: values
            for name, values in rows.get(path, {}).items()
            # Replicates of a network are one cell, whichever of them is drawn.
            if name in table.tolerance.cells and name != MODEL and not set(frame[name]) <= set(values)
        }
        narrowed |= {path: columns} if columns else {}
    entry = {"files": files, "tables": list(tables), "rows": narrowed}
    if pictures:
        return {**entry, "picture": picture(Path(pictures[0]))}
    return {**entry, "picture": None, "text": skeleton(files)}


def families(run: Run, names: Iterable[str]) -> dict[str, str]:
    """One name for the networks that were trained here alike but for their seed, by the name of each."""
    alike: dict[str, list[str]] = {}
    for name in names:
        recipe = run.records[name]["recipe"]
        if recipe["stage"] == "language pretrain" and "model" in recipe["wildcards"]:
            parameters = {key: value for key, value in recipe["parameters"].items() if key != "seed"}
            alike.setdefault(digest_of(parameters), []).append(recipe["wildcards"]["model"])
    return {model: sorted(group)[0] for group in alike.values() for model in sorted(group)}


def _compared_as(run: Run, record: str) -> str:
    """How the numbers of a job are compared: as loosely as any table that it is computed from."""
    made = (output for name in run.chain([record]) for output in run.records[name]["outputs"])
    tables = (table_of(Path(output)) for output in made)
    return "consistent" if any(found and found[0].tolerance.cells for found in tables) else "equivalent"


def _locked(table: Table, frame: pl.DataFrame, replicates: Mapping[str, str]) -> dict[str, Any]:
    """A table as the lock holds it: its numbers, or its cells as base85 of compressed JSON."""
    if not table.tolerance.cells:
        return {"numbers": packed(frame)}
    parts = cells(frame, table.tolerance, replicates)
    content = canonical([[list(key), values] for key, values in parts.items()])
    text = base64.b85encode(zlib.compress(content, 9)).decode()
    return {"columns": list(table.tolerance.cells), "cells": text}


def packed(frame: pl.DataFrame) -> str:
    """A table as text: base85 of a parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=19, statistics=False)
    return base64.b85encode(buffer.getvalue()).decode()


def unpacked_cells(text: str) -> Cells:
    """Cells from the text of a lock; BadInput if they cannot be read."""

    def read(data: bytes) -> Cells:
        return {tuple(key): values for key, values in json.loads(zlib.decompress(data))}

    return _unpacked(text, read, "cells")


def unpacked(text: str) -> pl.DataFrame:
    """A table from the text of a lock; BadInput if it cannot be read."""
    return _unpacked(text, lambda data: pl.read_parquet(io.BytesIO(data)), "a table")


def _unpacked(text: str, read: Callable[[bytes], Packed], what: str) -> Packed:
    try:
        return read(base64.b85decode(text))
    except (ValueError, TypeError, OSError, zlib.error, pl.exceptions.PolarsError):
        raise BadInput(f"{lock_path()}: holds {what} that cannot be read") from None
