"""What a table is: named, typed, documented columns, checked whenever a file is written or read.

A `Schema` names and types the columns; a `Table` also says what each of them holds, and how two runs compare.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    description : str, optional
        What the column holds, with its unit; every column of a `Table` has one.
    nullable : bool, default=False
        Whether a row may leave it empty.
    allowed : tuple, optional
        The only values allowed.
    nan : bool, default=False
        Whether a number may be NaN in a file that is read, as where training diverged; so it may in a column
        that is nullable.
    """

    dtype: Any
    description: str = ""
    nullable: bool = False
    allowed: tuple[Any, ...] | None = None
    nan: bool = False


@dataclass(frozen=True)
class ReproductionTolerance:
    """How the table of another honest run is compared with this one, and why.

    A table without cells is compared number by number. A table with cells is compared by their means, which
    are estimates: see `memgen.provenance.cells`.

    Parameters
    ----------
    why : str
        Why in this way.
    relative : float, default=1e-9
        Largest difference of two numbers that counts as none, relative to the larger of the number and 1.
    cells : tuple of str, optional
        Columns that name a cell.
    values : mapping of str to (str or None), optional
        Columns whose means are compared, each with the column of its standard error; None where the error
        is computed over `unit`. Without either the spread is unknown, and the mean is not tested.
    unit : str, optional
        Column that numbers what differs between runs by chance, such as a seed.
    units : str, optional
        Column that counts the units behind each row's standard errors. Required where there are such errors:
        an error over three seeds is itself an estimate.
    """

    why: str
    relative: float = 1e-9
    cells: tuple[str, ...] = ()
    values: Mapping[str, str | None] = field(default_factory=dict)
    unit: str | None = None
    units: str | None = None


EXACT = ReproductionTolerance(
    "closed forms, or counts under named random numbers, in double precision: another processor may change "
    "the last digits"
)


def trained(
    cells: Iterable[str],
    values: Mapping[str, str | None],
    *,
    unit: str | None = None,
    units: str | None = None,
    why: str = "",
) -> ReproductionTolerance:
    """How a table of answers of trained models is compared; `why` is what is particular to the table."""
    reason = (
        "another processor changes the last digits, and training turns them into other answers: a study "
        "claims means over seeds"
    )
    return ReproductionTolerance(
        f"{reason}; {why}" if why else reason, 1e-5, tuple(cells), dict(values), unit, units
    )


@dataclass(frozen=True)
class Schema:
    """A kind of table as a program sees it: its name in messages, and its columns in their order.

    A file without rows is refused when it is read, unless the table may be empty.
    """

    name: str
    columns: Mapping[str, Column]
    may_be_empty: bool = field(default=False, kw_only=True)

    @property
    def schema(self) -> dict[str, Any]:
        """Polars schema, in column order."""
        return {name: column.dtype for name, column in self.columns.items()}

    def check(self, frame: pl.DataFrame, where: str) -> pl.DataFrame:
        """Return `frame` with its columns in order, or refuse it; `where` names it in the message.

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
            values, at = frame[name], f"{where}: column {name}"
            if values.dtype != column.dtype:
                raise BadInput(f"{at} has type {values.dtype}; allowed: {column.dtype}")
            if not column.nullable and values.null_count():
                raise BadInput(f"{at} has {values.null_count()} empty rows; allowed: none")
            if column.allowed is not None:
                others = values.drop_nulls().filter(~values.drop_nulls().is_in(list(column.allowed)))
                if len(others):
                    allowed = ", ".join(map(str, column.allowed))
                    raise BadInput(f"{at} holds {others[0]!r}; allowed: {allowed}")
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
            If the file is missing, is not such a file, does not fit the table, holds no row, or NaN where a
            number is needed.
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
        frame = self.check(frame, str(path))
        if frame.is_empty() and not self.may_be_empty:
            raise BadInput(f"{path}: holds no rows; allowed: one row or more of a {self.name} table")
        for name, column in self.columns.items():
            needed = frame[name].dtype.is_float() and not column.nullable and not column.nan
            if needed and frame[name].is_nan().any():
                raise BadInput(f"{path}: column {name} holds NaN; allowed: numbers")
        return frame


@dataclass(frozen=True)
class Table(Schema):
    """A kind of table as a reader needs it: a schema, what each column holds, and how two runs are compared.

    Raises
    ------
    ValueError
        If a column has no description, `tolerance` names a column that does not exist, or has standard errors
        without the number of units behind them.
    """

    tolerance: ReproductionTolerance = EXACT

    def __post_init__(self) -> None:
        bare = [name for name, column in self.columns.items() if not column.description]
        if bare:
            raise ValueError(f"table {self.name}: columns without description: {', '.join(bare)}")
        errors = [name for name in self.tolerance.values.values() if name is not None]
        if errors and self.tolerance.units is None:
            raise ValueError(f"table {self.name}: {errors[0]} needs a column that counts its units")
        counts = [name for name in (self.tolerance.unit, self.tolerance.units) if name is not None]
        named = {*self.tolerance.cells, *self.tolerance.values, *errors, *counts}
        if unknown := sorted(named - set(self.columns)):
            raise ValueError(f"table {self.name}: held to columns that it has not: {', '.join(unknown)}")
