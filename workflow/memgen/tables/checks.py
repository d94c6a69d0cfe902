"""The table of checks: identities of the theory that the tables must obey, and that only a bug can break.

A check says nothing about the world, so it is no claim and stands in a table of its own: ``memgen checks``
puts those of all studies into one file.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from memgen.tables.schema import Column, ReproductionTolerance, Table

OUTCOMES = ("holds", "broken", "not tested")

CHECKS = Table(
    "checks",
    {
        "study": Column(pl.String, "study whose tables are checked"),
        "check": Column(pl.String, "what must hold, in one sentence"),
        "source": Column(pl.String, "where the identity comes from"),
        "expected": Column(pl.Float64, "value that must be found"),
        "allowed": Column(pl.Float64, "largest deviation: rounding, or of simulations the noise stated"),
        "found": Column(pl.Float64, "value found", nullable=True),
        "outcome": Column(pl.String, "whether it holds", allowed=OUTCOMES),
        "command": Column(pl.String, "command that prints it"),
    },
    ReproductionTolerance(
        "what is found is rounding, or noise within the deviation allowed: the outcome is compared",
        cells=("study", "check", "source", "expected", "allowed", "outcome", "command"),
        values={"found": None},
    ),
)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check: the value that must be found, the largest deviation, and what is found, if anything is."""

    study: str
    check: str
    source: str
    command: str
    expected: float
    allowed: float
    found: float | None

    @property
    def outcome(self) -> str:
        """Whether it holds."""
        if self.found is None or not math.isfinite(self.found):
            return "not tested"
        return "holds" if abs(self.found - self.expected) <= self.allowed else "broken"


def write_checks(found: Iterable[Check], path: Path) -> None:
    """Write checks as a table (`CHECKS`), one row each, in their order."""
    rows = [[getattr(check, column) for column in CHECKS.columns] for check in found]
    CHECKS.write(pl.DataFrame(rows, schema=CHECKS.schema, orient="row"), path)
