"""What a table is: named, typed, documented columns, checked whenever a file is written.

This module knows no study. Each study documents its own tables in ``memgen/<study>/tables.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from memgen.errors import BadInput


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    dtype : polars data type
        Exact type in the file.
    description : str
        What the column holds, with its unit.
    nullable : bool, default=False
        Whether a row may leave it empty.
    allowed : tuple, optional
        The only values allowed.
    """

    dtype: Any
    description: str
    nullable: bool = False
    allowed: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Table:
    """A kind of table: its name and its columns in order.

    Parameters
    ----------
    name : str
        Name used in error messages and documentation.
    columns : mapping of str to Column
        Columns in the order in which they are written.
    """

    name: str
    columns: Mapping[str, Column]

    @property
    def schema(self) -> dict[str, Any]:
        """Polars schema, in column order."""
        return {name: column.dtype for name, column in self.columns.items()}

    def check(self, frame: pl.DataFrame, where: str) -> pl.DataFrame:
        """Return `frame` with its columns in order, or refuse it.

        Parameters
        ----------
        frame : polars.DataFrame
        where : str
            Name of the file, for the message.

        Raises
        ------
        BadInput
            If a column is missing, unexpected, of another type, empty where it must not be, or holds a
            value that is not allowed.
        """
        missing = [name for name in self.columns if name not in frame.columns]
        extra = [name for name in frame.columns if name not in self.columns]
        if missing or extra:
            raise BadInput(
                f"{where}: not a {self.name} table: missing columns {missing}, unexpected columns {extra}; "
                f"allowed: {', '.join(self.columns)}"
            )
        frame = frame.select(list(self.columns))
        for name, column in self.columns.items():
            values = frame[name]
            if values.dtype != column.dtype:
                raise BadInput(f"{where}: column {name} has type {values.dtype}; allowed: {column.dtype}")
            if not column.nullable and values.null_count():
                raise BadInput(f"{where}: column {name} has {values.null_count()} empty rows; allowed: none")
            if column.allowed is not None:
                others = values.drop_nulls().filter(~values.drop_nulls().is_in(list(column.allowed)))
                if len(others):
                    raise BadInput(
                        f"{where}: column {name} holds {others[0]!r}; "
                        f"allowed: {', '.join(map(str, column.allowed))}"
                    )
        return frame

    def write(self, frame: pl.DataFrame, path: Path) -> None:
        """Check `frame` and write it as parquet or csv, by suffix.

        The bytes depend only on the rows and the polars version.

        Raises
        ------
        BadInput
            If the frame does not fit the table, or the suffix is neither ``.parquet`` nor ``.csv``.
        """
        frame = self.check(frame, str(path))
        if path.suffix == ".parquet":
            frame.write_parquet(path, compression="zstd", compression_level=3, row_group_size=1 << 18)
        elif path.suffix == ".csv":
            frame.write_csv(path)
        else:
            raise BadInput(f"{path}: a table cannot be written there; allowed suffixes: .parquet, .csv")

    def read(self, path: Path) -> pl.DataFrame:
        """Read a parquet or csv file of this table.

        Raises
        ------
        BadInput
            If the file is missing, is not such a file, or does not fit the table.
        """
        if not path.is_file():
            raise BadInput(f"{path}: no such file; expected a {self.name} table (.parquet or .csv)")
        try:
            if path.suffix == ".csv":
                frame = pl.read_csv(path, schema_overrides=self.schema)
            else:
                frame = pl.read_parquet(path)
        except (pl.exceptions.PolarsError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise BadInput(f"{path}: cannot be read as a {self.name} table ({reason})") from None
        return self.check(frame, str(path))
