"""Response tables of any length, read lazily: the columns are checked before a row is read."""

from pathlib import Path

import polars as pl

from memgen.errors import BadInput
from memgen.language.responses.rows import KEY, RESPONSES

NEEDED = (
    *KEY,
    "seed",
    "reverse",
    "phase",
    "first",
    "second",
    "pair_class",
    "logit_difference",
    "correct",
)


def scan(path: Path, columns: tuple[str, ...] = NEEDED) -> pl.LazyFrame:
    """Lazy frame of a response table, its columns checked but not yet read.

    Parameters
    ----------
    path : Path
        Parquet or csv.
    columns : tuple of str, default=NEEDED
        Those to scan.

    Returns
    -------
    polars.LazyFrame

    Raises
    ------
    BadInput
        If the file is missing, unreadable or not a response table.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; expected a {RESPONSES.name} table (.parquet or .csv)")
    try:
        if path.suffix == ".csv":
            frame = pl.scan_csv(path, schema_overrides=RESPONSES.schema)
        else:
            frame = pl.scan_parquet(path)
        schema = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{path}: cannot be read as a {RESPONSES.name} table ({reason})") from None
    for name in columns:
        if name not in schema:
            raise BadInput(f"{path}: column {name} is missing; allowed: a {RESPONSES.name} table")
        if schema[name] != RESPONSES.schema[name]:
            raise BadInput(f"{path}: column {name} is {schema[name]}; allowed: {RESPONSES.schema[name]}")
    return frame.select(columns)
