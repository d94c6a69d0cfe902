"""The table that these tests print; they run the smoke study many times."""

from collections.abc import Callable, Iterator

import pytest

Row = Callable[[str, str, float], None]


@pytest.fixture(scope="session")
def row() -> Iterator[Row]:
    """Print a row of the table: the fault, what was lost, and how long recovery took."""
    rows: list[str] = []

    def add(fault: str, lost: str, seconds: float) -> None:
        rows.append(f"| {fault} | {lost} | {seconds:.0f} s |")
        print(f"\n{rows[-1]}", flush=True)

    yield add
    print("\n| fault | what was lost | recovery |\n|---|---|---|", *rows, sep="\n")
