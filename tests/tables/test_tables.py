"""Tables refuse what does not fit, and write the same bytes for the same rows."""

import contextlib
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
        (GOOD.with_columns(other=1), r"unexpected columns \['other'\]"),
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
    with pytest.raises(BadInput, match="no such file"):
        TABLE.read(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("not parquet")
    with pytest.raises(BadInput, match="cannot be read as a demo table"):
        TABLE.read(tmp_path / "text.parquet")
    TABLE.write(GOOD.clear(), tmp_path / "empty.csv")
    with pytest.raises(BadInput, match=r"empty.csv: holds no rows; allowed: one row or more of a demo table"):
        TABLE.read(tmp_path / "empty.csv")
    strict = Table(
        "strict", {"value": Column(pl.Float64, "a value"), "loss": Column(pl.Float64, "x", nan=True)}
    )
    for value, loss, refused in ((1.0, math.nan, False), (math.nan, 1.0, True)):
        strict.write(pl.DataFrame({"value": [value], "loss": [loss]}), tmp_path / "nan.parquet")
        with pytest.raises(BadInput, match="column value holds NaN") if refused else contextlib.nullcontext():
            strict.read(tmp_path / "nan.parquet")
    with pytest.raises(BadInput, match="allowed suffixes"):
        TABLE.write(GOOD, tmp_path / "demo.xlsx")


def test_a_table_says_what_every_column_holds():
    with pytest.raises(ValueError, match="columns without description: value"):
        Table("demo", {"name": Column(pl.String, "a name"), "value": Column(pl.Float64)})
