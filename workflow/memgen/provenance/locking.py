"""The lock: what a complete run gave, so that a stranger can tell whether theirs gave the same.

It holds nothing about machine, time or commit, so that an honest run elsewhere can equal it: digests of
recipes, sources and outputs; of each table that a figure or a claim reads, its numbers or the means of its
cells, whichever it can be held to (`memgen.tables.Held`); of each figure, a small picture; and every claim.
"""

import base64
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from memgen.digests import digest_of
from memgen.errors import BadInput
from memgen.own_folder import lock_path
from memgen.provenance.cells import cells
from memgen.provenance.known_tables import SUFFIXES, table_of
from memgen.provenance.lock_file import FORMAT, root_of
from memgen.provenance.run import Record, Run, inputs
from memgen.stability import STABILITY

#: Columns that name a claim, and those that are compared.
CLAIM = ("study", "claim", "model", "items", "method")
FOUND = ("verdict", "ours", "standard_error")
#: What `make stability` writes.
COMPARED = Path("results/stability.csv")
#: Size in pixels of the picture that stands for a figure, which is grey.
PICTURE = (48, 32)


def lock_of(run: Run, records: Iterable[str]) -> dict[str, Any]:
    """The lock of a run.

    Parameters
    ----------
    run : Run
    records : iterable of str
        Records that belong to it.
    """
    names = sorted(records)
    replicates = families(run, names)
    tables: dict[str, dict[str, Any] | None] = {}
    figures, claims = {}, {}
    undecided = kernel_dependent()
    for name in names:
        record = run.records[name]
        shown = {path: None for path, _ in inputs(record) if Path(path).suffix in SUFFIXES}
        drawn = sorted(output for output in record["outputs"] if output.startswith("figures/"))
        made = sorted(output for output in record["outputs"] if is_claims(output))
        if drawn:
            pictures = [output for output in drawn if output.endswith(".png")]
            figures[Path(drawn[0]).stem] = {
                "files": drawn,
                "tables": list(shown),
                "picture": picture(Path(pictures[0])) if pictures else None,
            }
        if (drawn or made) and not all(is_claims(path) for path in shown):
            tables |= {path: _locked(Path(path), replicates) for path in shown if path not in tables}
        for output in made:
            if not any(is_claims(path) for path in shown):  # not the table of all studies
                rows = [_settled(row, undecided) for row in claim_rows(Path(output))]
                claims[output] = {"held": held_through(run, name), "rows": rows}
    body = {
        "format": FORMAT,
        "configuration": _configuration(run.records[name] for name in names),
        "families": replicates,
        "outputs": {
            output: {"sha256": digest, "recipe_id": record["recipe_id"], "code_digest": record["code_digest"]}
            for record in (run.records[name] for name in names)
            for output, digest in record["outputs"].items()
        },
        "tables": {path: table for path, table in sorted(tables.items()) if table is not None},
        "figures": figures,
        "claims": claims,
    }
    return {**body, "root": root_of(body)}


def _configuration(records: Iterable[Record]) -> str | None:
    """Digest of the configuration that all jobs ran with; None where they ran with several."""
    found = {(record["configuration"] or {"digest": None})["digest"] for record in records}
    return found.pop() if len(found) == 1 else None


def families(run: Run, names: Iterable[str]) -> dict[str, str]:
    """One name for the networks that were trained here alike but for their seed, by the name of each."""
    alike: dict[str, list[str]] = {}
    for name in names:
        recipe = run.records[name]["recipe"]
        if recipe["stage"] == "language pretrain" and "model" in recipe["wildcards"]:
            parameters = {key: value for key, value in recipe["parameters"].items() if key != "seed"}
            alike.setdefault(digest_of(parameters), []).append(recipe["wildcards"]["model"])
    return {model: sorted(group)[0] for group in alike.values() for model in sorted(group)}


def is_claims(path: str) -> bool:
    """Whether an output is a table of claims, by its name."""
    return Path(path).stem.endswith("claims") and path.endswith(".csv")


def held_through(run: Run, record: str) -> str:
    """What the numbers of a job can be held to: no more than any table that it stands on."""
    for name in run.chain([record]):
        for output in run.records[name]["outputs"]:
            found = None if is_claims(output) else table_of(Path(output))
            if found is not None and found[0].held.cells:
                return "consistent"
    return "equivalent"


def claim_rows(path: Path) -> list[list[Any]]:
    """What names each claim of a table, and what is compared; its other columns may be any.

    Raises
    ------
    BadInput
        If the file is no table of claims.
    """
    try:
        frame = pl.read_csv(path, infer_schema=False).select(
            *CLAIM, FOUND[0], *(pl.col(name).cast(pl.Float64) for name in FOUND[1:])
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{path}: no table of claims ({str(error).splitlines()[0]})") from None
    return [list(row) for row in frame.iter_rows()]


def kernel_dependent(path: Path = COMPARED) -> set[tuple[Any, ...]]:
    """Claims whose verdict differs between two sets of kernels, where `make stability` has looked."""
    if not path.exists():
        return set()
    return set(STABILITY.read(path).filter(~pl.col("same")).select(CLAIM).iter_rows())


def _settled(row: list[Any], undecided: set[tuple[Any, ...]]) -> list[Any]:
    """A claim without its verdict where that depends on the kernels, as README shows it."""
    key = tuple(row[: len(CLAIM)])
    return [*key, None, *row[len(CLAIM) + 1 :]] if key in undecided else row


def _locked(path: Path, replicates: Mapping[str, str]) -> dict[str, Any] | None:
    """A table as the lock holds it; None for a file that is no table."""
    found = table_of(path)
    if found is None:
        return None
    table, frame = found
    if not table.held.cells:
        return {"held": "equivalent", "numbers": packed(frame)}
    parts = cells(frame, table.held, replicates)
    return {
        "held": "consistent",
        "columns": list(table.held.cells),
        "cells": [[list(key), values] for key, values in parts.items()],
    }


def packed(frame: pl.DataFrame) -> str:
    """A table as text: base64 of a parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=19, statistics=False)
    return base64.b64encode(buffer.getvalue()).decode()


def unpacked(text: str) -> pl.DataFrame:
    """The table that `packed` wrote.

    Raises
    ------
    BadInput
    """
    try:
        return pl.read_parquet(io.BytesIO(base64.b64decode(text, validate=True)))
    except (ValueError, pl.exceptions.PolarsError, OSError):
        raise BadInput(f"{lock_path()}: holds a table that cannot be read") from None


def picture(path: Path) -> str | None:
    """A figure in grey and very small, as base64; None where the file is no picture."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            small = image.convert("RGB").convert("L").resize(PICTURE, Image.Resampling.BOX)
            return base64.b64encode(small.tobytes()).decode()
    except (OSError, UnidentifiedImageError, ValueError):
        return None
