"""Which kind of table a file is, by its columns: every ``tables.py`` of the package is asked."""

import functools
import importlib
from pathlib import Path

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.closure import PACKAGE, ROOT
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS
from memgen.tables.schema import Table

#: Suffixes of files that hold a table.
SUFFIXES = frozenset({".csv", ".parquet"})


@functools.cache
def known_tables() -> dict[tuple[str, ...], Table]:
    """Every kind of table that a stage writes, by the names of its columns."""
    found: dict[tuple[str, ...], Table] = {tuple(table.columns): table for table in (CLAIMS, CHECKS)}
    for path in sorted((ROOT / PACKAGE).rglob("*/tables.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for value in vars(module).values():
            if isinstance(value, Table):
                found[tuple(value.columns)] = value
    return found


def table_of(path: Path) -> tuple[Table, pl.DataFrame] | None:
    """Kind and content of a table; None where a file is no table that the study knows.

    Raises
    ------
    BadInput
        If it has the columns of a table and does not fit it.
    """
    if path.suffix not in SUFFIXES or not path.is_file():
        return None
    try:
        if path.suffix == ".csv":
            columns = pl.read_csv(path, n_rows=0).columns
        else:
            columns = list(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})") from None
    table = known_tables().get(tuple(columns))
    return None if table is None else (table, table.read(path))
