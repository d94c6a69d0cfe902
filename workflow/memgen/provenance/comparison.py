"""Did another run give the same? Every figure and claim of the lock, and what became of it here.

identical: the same bytes. equivalent: the same numbers within the tolerance of the table. consistent: means
of cells within four standard errors of the difference, claims with the same verdict. different; missing.
"""

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from memgen.digests import file_digest
from memgen.errors import BadInput
from memgen.provenance.cells import LIMIT, VERDICTS, Cells, Verdict, cells, close, compare_cells
from memgen.provenance.known_tables import table_of
from memgen.provenance.locking import CLAIM, claim_rows, picture, unpacked

#: Largest mean difference of two small pictures, of 255, that show the same.
_SHADE = 2.0


@dataclass(frozen=True)
class Judged:
    """A figure, claim or table, its verdict, and what was found."""

    kind: Literal["figure", "claim", "table"]
    name: str
    verdict: Verdict
    text: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{self.verdict:<10}  {self.kind:<6}  {self.name}{f': {self.text}' if self.text else ''}"


@dataclass
class Comparison:
    """The study in the present folder held against a lock.

    Parameters
    ----------
    lock : mapping
        As `memgen.provenance.locking.read_lock` gives it.
    """

    lock: Mapping[str, Any]
    _tables: dict[str, Judged] = field(default_factory=dict)

    def judged(self) -> list[Judged]:
        """Every figure and claim of the lock."""
        figures = [self.figure(name) for name in sorted(self.lock["figures"])]
        return [*figures, *(claim for path in sorted(self.lock["claims"]) for claim in self.claims(path))]

    def tables(self) -> list[Judged]:
        """Every table of the lock."""
        return [self.table(path) for path in sorted(self.lock["tables"])]

    def _same(self, path: str) -> bool | None:
        """Whether a file has the locked bytes; None where it is not there."""
        here = Path(path)
        return file_digest(here) == self.lock["outputs"][path]["sha256"] if here.exists() else None

    def table(self, path: str) -> Judged:
        """A table held to what its definition says."""
        if path not in self._tables:
            try:
                verdict, text = self._table(path)
            except BadInput as problem:
                verdict, text = "different", str(problem)
            self._tables[path] = Judged("table", path, verdict, text)
        return self._tables[path]

    def _table(self, path: str) -> tuple[Verdict, str]:
        same = self._same(path)
        if same is not False:
            return ("missing", "no such file") if same is None else ("identical", "")
        locked, found = self.lock["tables"].get(path), table_of(Path(path))
        if locked is None or found is None:
            return "different", "its bytes differ, and it is no table that can be held to more"
        table, frame = found
        if not table.held.cells:
            if "numbers" not in locked:
                return "different", "its definition is another one now"
            return compare_numbers(unpacked(locked["numbers"]), frame, table.held.tolerance)
        if locked.get("columns") != list(table.held.cells):
            return "different", "its definition is another one now"
        before: Cells = {tuple(key): values for key, values in locked["cells"]}
        after = cells(frame, table.held, self.lock["families"])
        return compare_cells(before, after, table.held.cells, table.held.tolerance)

    def figure(self, name: str) -> Judged:
        """A figure: its bytes, or else the tables that it shows and the picture that they give."""
        entry = self.lock["figures"][name]
        same = [self._same(path) for path in entry["files"]]
        if None in same:
            return Judged("figure", name, "missing", f"{entry['files'][same.index(None)]}: no such file")
        if all(same):
            return Judged("figure", name, "identical")
        shown = [self.table(path) for path in entry["tables"]]
        worst = max(shown, key=lambda one: VERDICTS.index(one.verdict), default=None)
        if worst is not None and worst.verdict in ("consistent", "different", "missing"):
            verdict: Verdict = "consistent" if worst.verdict == "consistent" else "different"
            return Judged("figure", name, verdict, f"{worst.name}: {worst.text}")
        away = self._shade(entry)
        if away is None or away > _SHADE:
            text = "shows the same tables otherwise"
            return Judged("figure", name, "different", f"{text}: {away} of 255 in the mean" if away else text)
        return Judged("figure", name, "equivalent", "other bytes, the same picture")

    def _shade(self, entry: Mapping[str, Any]) -> float | None:
        """Mean difference of a figure's small picture from the locked one, of 255."""
        paths = [path for path in entry["files"] if path.endswith(".png")]
        now = picture(Path(paths[0])) if paths else None
        if now is None or entry["picture"] is None:
            return None
        one, other = (base64.b64decode(text) for text in (now, entry["picture"]))
        if len(one) != len(other):
            return None
        return round(sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one), 2)

    def claims(self, path: str) -> list[Judged]:
        """Every claim of a table: the same number, or at least the same verdict."""
        entry = self.lock["claims"][path]
        try:
            here = {tuple(row[: len(CLAIM)]): row[len(CLAIM) :] for row in claim_rows(Path(path))}
        except BadInput as problem:
            return [Judged("claim", _claim(row), "missing", str(problem)) for row in entry["rows"]]
        return [_judge(row, here.get(tuple(row[: len(CLAIM)])), entry["held"]) for row in entry["rows"]]


def _claim(row: list[Any]) -> str:
    study, claim, *rest = row[: len(CLAIM)]
    where = ", ".join(str(part) for part in rest if part is not None)
    return f"{study}: {claim}{f' [{where}]' if where else ''}"


def _judge(row: list[Any], here: list[Any] | None, held: str) -> Judged:
    verdict, ours, error = row[len(CLAIM) :]
    if here is None:
        return Judged("claim", _claim(row), "missing", "no such claim")
    verdict_here, ours_here, error_here = here
    if verdict is None and abs((ours_here or 0) - (ours or 0)) <= LIMIT * math.hypot(
        error or 0, error_here or 0
    ):
        # Its verdict depends on the kernels; its value may differ no further than any mean.
        verdict = verdict_here
    if verdict != verdict_here:
        text = f"{verdict_here} ({_short(ours_here)}), locked {verdict or 'any'} ({_short(ours)})"
        return Judged("claim", _claim(row), "different", text)
    if (ours, error) == (ours_here, error_here):
        return Judged("claim", _claim(row), "identical")
    tolerance = 1e-9 if held == "equivalent" else 1e-5
    if close(ours, ours_here, tolerance) and close(error, error_here, tolerance):
        return Judged("claim", _claim(row), "equivalent")
    text = f"{_short(ours_here)}, locked {_short(ours)}"
    found: Verdict = "consistent" if held == "consistent" else "different"
    return Judged("claim", _claim(row), found, f"{verdict_here} with {text}")


def _short(number: float | None) -> str:
    return "no value" if number is None else f"{number:.6g}"


def compare_numbers(locked: pl.DataFrame, present: pl.DataFrame, tolerance: float) -> tuple[Verdict, str]:
    """Verdict on two tables of the same kind: every number within a tolerance, all else the same.

    Parameters
    ----------
    locked, present : polars.DataFrame
    tolerance : float
        Largest difference of two numbers, relative to the larger of them and 1.
    """
    if locked.columns != present.columns:
        return "different", "has other columns"
    if locked.height != present.height:
        return "different", f"has {present.height} rows, locked {locked.height}"
    for name in locked.columns:
        one, other = locked[name], present[name]
        if one.dtype != other.dtype:
            return "different", f"column {name} has type {other.dtype}, locked {one.dtype}"
        if one.dtype.is_float():
            one, other = one.fill_nan(None), other.fill_nan(None)
            size = pl.max_horizontal(pl.lit(1.0), pl.col("one").abs(), pl.col("other").abs())
            pair = pl.DataFrame({"one": one, "other": other})
            beyond = ((pl.col("one") - pl.col("other")).abs() > tolerance * size) | size.is_infinite()
            apart = (beyond & (pl.col("one") != pl.col("other"))).fill_null(False)
            away = pair.select(apart | (pl.col("one").is_null() != pl.col("other").is_null())).to_series()
        else:
            away = one.ne_missing(other)
        if away.any():
            row = int(away.arg_max() or 0)
            return "different", f"row {row + 1}, column {name}: {other[row]}, locked {one[row]}"
    return "equivalent", ""
