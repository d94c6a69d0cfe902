"""The lock: what a complete run gave, so that a stranger can tell whether theirs gave the same.

It holds nothing about host, time or commit, so that an honest run elsewhere can equal it: digests of recipes,
sources and outputs; of each table its numbers or the means of its cells, by which it is compared
(`memgen.tables.schema.Held`); of each figure a small picture and the rows that it draws; and every claim.
Which
kernels and which processor it ran with are there to be told to a reader, and are not compared.
"""

import base64
import io
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from memgen.configuration.own_folder import lock_path
from memgen.errors import BadInput
from memgen.jobs.digests import bytes_digest, canonical, digest_of
from memgen.provenance.cells import MODEL, Cells, cells
from memgen.provenance.known_tables import table_of
from memgen.provenance.lock_file import FORMAT, root_of
from memgen.provenance.record import kernels_of
from memgen.provenance.run import Record, Run, inputs
from memgen.tables.claims import CLAIMS
from memgen.tables.schema import Table

#: Size in pixels of the picture that stands for a figure, which is grey.
PICTURE = (48, 32)
#: Entry of a PNG that names the rows that are drawn; see `memgen.figures.style.save`.
DRAWN = "Rows"
#: What a page holds of the tables that it was made from, and the recipe that made it.
_MADE_FROM = re.compile(
    rb'(?<=<script type="application/json" id="fitted">).*?(?=</script>)|(?<=sha256:)[0-9a-f]{64}', re.S
)


def lock_of(run: Run, records: Iterable[str]) -> dict[str, Any]:
    """The lock of a run.

    Parameters
    ----------
    run : Run
    records : iterable of str
        Records that belong to it.
    """
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
        for output in record["outputs"]:
            # A table that only collects claims is compared with those that it collects.
            if output in found and found[output][0] is CLAIMS and not collects(read, found):
                claims[output] = {"held": held_through(run, name), "numbers": packed(found[output][1])}
    compared = {*found, *(path for figure in figures.values() for path in figure["files"])}
    through = _through(chosen, compared)
    body = {
        "format": FORMAT,
        "configuration": common((record["configuration"] or {}).get("digest") for record in chosen.values()),
        "kernels": common(kernels_of(record) for record in chosen.values()),
        "processor": common(record["environment"].get("processor") for record in chosen.values()),
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
    return {**body, "root": root_of(body)}


def common(values: Iterable[Any]) -> Any:
    """What all jobs have in common; None where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def collects(read: Iterable[str], tables: Mapping[str, tuple[Table, pl.DataFrame]]) -> bool:
    """Whether a job reads claims."""
    return any(tables[path][0] is CLAIMS for path in read if path in tables)


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
            if name in table.held.cells and name != MODEL and not set(frame[name]) <= set(values)
        }
        narrowed |= {path: columns} if columns else {}
    entry = {"files": files, "tables": list(tables), "rows": narrowed}
    if pictures:
        return {**entry, "picture": picture(Path(pictures[0]))}
    return {**entry, "picture": None, "text": skeleton(files)}


def skeleton(files: Iterable[str]) -> str:
    """Digest of some pages without the data and the recipe in them."""
    return bytes_digest(b"".join(_MADE_FROM.sub(b"", Path(path).read_bytes()) for path in files))


def drawn_rows(path: Path) -> dict[str, dict[str, list[Any]]]:
    """Values of the columns that name what a figure draws, by table; empty where the figure does not say."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return dict(json.loads(image.info.get(DRAWN, "{}")))
    except (OSError, UnidentifiedImageError, ValueError):
        return {}


def families(run: Run, names: Iterable[str]) -> dict[str, str]:
    """One name for the networks that were trained here alike but for their seed, by the name of each."""
    alike: dict[str, list[str]] = {}
    for name in names:
        recipe = run.records[name]["recipe"]
        if recipe["stage"] == "language pretrain" and "model" in recipe["wildcards"]:
            parameters = {key: value for key, value in recipe["parameters"].items() if key != "seed"}
            alike.setdefault(digest_of(parameters), []).append(recipe["wildcards"]["model"])
    return {model: sorted(group)[0] for group in alike.values() for model in sorted(group)}


def held_through(run: Run, record: str) -> str:
    """How the numbers of a job are compared: as loosely as any table that it is computed from."""
    for name in run.chain([record]):
        for output in run.records[name]["outputs"]:
            found = table_of(Path(output))
            if found is not None and found[0].held.cells:
                return "consistent"
    return "equivalent"


def _locked(table: Table, frame: pl.DataFrame, replicates: Mapping[str, str]) -> dict[str, Any]:
    """A table as the lock holds it."""
    if not table.held.cells:
        return {"numbers": packed(frame)}
    return {
        "columns": list(table.held.cells),
        "cells": packed_cells(cells(frame, table.held, replicates)),
    }


def packed_cells(parts: Cells) -> str:
    """Cells as text: base85 of compressed JSON."""
    content = canonical([[list(key), values] for key, values in parts.items()])
    return base64.b85encode(zlib.compress(content, 9)).decode()


def unpacked_cells(text: str) -> Cells:
    """The cells that `packed_cells` wrote.

    Raises
    ------
    BadInput
    """
    try:
        parts = json.loads(zlib.decompress(base64.b85decode(text)))
        return {tuple(key): values for key, values in parts}
    except (ValueError, TypeError, zlib.error):
        raise BadInput(f"{lock_path()}: holds cells that cannot be read") from None


def packed(frame: pl.DataFrame) -> str:
    """A table as text: base85 of a parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=19, statistics=False)
    return base64.b85encode(buffer.getvalue()).decode()


def unpacked(text: str) -> pl.DataFrame:
    """The table that `packed` wrote.

    Raises
    ------
    BadInput
    """
    try:
        return pl.read_parquet(io.BytesIO(base64.b85decode(text)))
    except (ValueError, pl.exceptions.PolarsError, OSError):
        raise BadInput(f"{lock_path()}: holds a table that cannot be read") from None


def picture(path: Path) -> str | None:
    """A figure in grey and very small, as base64; None where the file is no picture.

    Parameters
    ----------
    path : pathlib.Path
        PNG, or PDF, whose first page is drawn.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with _page(path) if path.suffix == ".pdf" else Image.open(path) as image:
            small = image.convert("RGB").convert("L").resize(PICTURE, Image.Resampling.BOX)
            return base64.b64encode(small.tobytes()).decode()
    except (OSError, UnidentifiedImageError, ValueError, RuntimeError):
        return None


def _page(path: Path) -> Any:
    """First page of a PDF, as large as the PNG beside it."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        return document[0].render(scale=200 / 72).to_pil()
    finally:
        document.close()
