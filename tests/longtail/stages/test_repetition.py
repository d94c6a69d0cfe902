"""The stages write the same bytes each time."""

from pathlib import Path
from typing import Any


def files(paths: dict[str, Any]) -> list[Path]:
    return [path for value in paths.values() for path in (value if isinstance(value, list) else [value])]


def test_tables_repeat_byte_for_byte(written: dict[str, Any], written_again: dict[str, Any]) -> None:
    for one, other in zip(files(written), files(written_again), strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
