"""How well a table of a study bears out its theory, in a few named numbers, and how they are printed.

A study lists its kinds of table, each with the function that summarizes it; a file is known by its columns.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from memgen.errors import BadInput
from memgen.tables.schema import Table

Numbers = dict[str, float | None]

Kinds = Sequence[tuple[Table, Callable[[pl.DataFrame], Numbers]]]


def summarize(path: Path, kinds: Kinds, folder: str) -> Numbers:
    """The numbers of one table, each None where the table cannot tell.

    Parameters
    ----------
    path : pathlib.Path
        A table of one of the kinds; BadInput is raised if it is none.
    kinds : sequence of (Table, callable)
        Tables that can be summarized, each with its summary.
    folder : str
        Where such tables stand, for the message.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; allowed: a table in {folder}")
    columns = _columns(path)
    for table, summary in kinds:
        if columns == list(table.columns):
            return summary(table.read(path))
    names = ", ".join(table.name for table, _ in kinds)
    raise BadInput(f"{path}: not a table that can be summarized; allowed: {names}")


def text(numbers: Numbers, as_json: bool) -> str:
    """The numbers as JSON with every digit, or one a line with nine of them and a dash for None."""
    if as_json:
        return json.dumps(numbers, allow_nan=False)
    width = max(28, *(len(name) + 2 for name in numbers))
    return "\n".join(
        f"{name:<{width}}{'-' if value is None else f'{value:.9g}'}" for name, value in numbers.items()
    )


def _columns(path: Path) -> list[str]:
    try:
        scan = pl.scan_csv(path) if path.suffix == ".csv" else pl.scan_parquet(path)
        return scan.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})") from None
