"""Tables refuse what does not fit, and write the same bytes for the same rows."""

import math

import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.tables.schema import Column, Table

TABLE = Table(
    "demo",
    {
        "name": Column(pl.String, "a name", allowed=("a", "b")),
        "value": Column(pl.Float64, "a value, unitless", nullable=True),
    },
)
GOOD = pl.DataFrame({"value": [1.5, None], "name": ["a", "b"]}, schema_overrides={"value": pl.Float64})


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_round_trip_in_column_order(tmp_path, suffix):
    path = tmp_path / f"demo{suffix}"
    TABLE.write(GOOD, path)
    first = path.read_bytes()
    assert TABLE.read(path).equals(GOOD.select("name", "value"))
    TABLE.write(GOOD, path)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (GOOD.drop("value"), r"missing columns \['value'\]"),
        (
            GOOD.with_columns(pl.col("value").cast(pl.Float32)),
            "column value has type Float32; allowed: Float64",
        ),
        (GOOD.with_columns(name=pl.Series(["a", None])), "column name has 1 empty rows"),
        (GOOD.with_columns(name=pl.Series(["a", "c"])), "column name holds 'c'; allowed: a, b"),
    ],
)
def test_refuses_what_does_not_fit(tmp_path, frame, message):
    with pytest.raises(BadInput, match=message):
        TABLE.write(frame, tmp_path / "demo.parquet")
    assert not list(tmp_path.iterdir())


def test_refuses_files_that_are_no_table(tmp_path):
    (tmp_path / "text.parquet").write_text("not parquet")
    TABLE.write(GOOD.clear(), tmp_path / "empty.csv")
    strict = Table("strict", {"name": Column(pl.String, "a name"), "value": Column(pl.Float64, "a value")})
    strict.write(GOOD.select("name", value=pl.lit(math.nan)), tmp_path / "nan.parquet")
    for table, name, message in (
        (TABLE, "none.parquet", "no such file"),
        (TABLE, "text.parquet", "cannot be read as a demo table"),
        (TABLE, "empty.csv", "holds no rows; allowed: one row or more of a demo table"),
        (strict, "nan.parquet", "column value holds NaN"),
    ):
        with pytest.raises(BadInput, match=f"{name}: {message}"):
            table.read(tmp_path / name)
