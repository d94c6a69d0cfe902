"""Did another run give the same? Everything that the lock holds, and what became of it here.

`memgen provenance compare --help` says what the verdicts mean; `memgen.provenance.cells` compares means.
"""

import base64
import functools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.provenance.cells import (
    VERDICTS,
    Apart,
    Cells,
    Limits,
    Mean,
    Verdict,
    cells,
    close,
    compare_cells,
    estimate,
    means,
)
from memgen.provenance.judging import TABLES, compare_numbers, picture, skeleton, table_of
from memgen.provenance.reference import unpacked, unpacked_cells
from memgen.tables.claims import CLAIMS, KEY, LEVEL
from memgen.tables.statistics import student_factor

#: Largest mean difference of two small pictures, of 255, that show the same, and the same with other means.
SAME, ALIKE = 2.0, 5.0
#: Columns of a claim that follow from its value and error.
_DERIVED = ("lower", "upper", "p_value", "p_holm", "seeds_to_decide")
_ESTIMATED = ("ours", "standard_error", "n_units", "verdict", *_DERIVED)

#: Verdicts of a run that did not reproduce the lock.
FAILURES: tuple[Verdict, ...] = ("different", "missing")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """A figure, claim, table or other file, its verdict, and what was found.

    `cause` is the table by which a figure or claim is different or missing; empty for what is so itself.
    """

    kind: Literal["figure", "claim", "table", "file"]
    name: str
    verdict: Verdict
    text: str = ""
    cause: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{self.verdict:<10}  {self.kind:<6}  {self.name}{f': {self.text}' if self.text else ''}"


@dataclass
class Comparison:
    """The study in the present folder, compared with a lock as `memgen.provenance.reference` reads it."""

    lock: Mapping[str, Any]
    _judged: dict[str, Judged] = field(default_factory=dict)
    _apart: dict[str, list[Apart]] = field(default_factory=lambda: defaultdict(list))

    def judged(self) -> list[Judged]:
        """Every figure, claim and other output of the lock."""
        figures = [self.figure(name) for name in sorted(self.lock["figures"])]
        claims = [claim for path in sorted(self.lock["claims"]) for claim in self.claims(path)]
        shown = {path for figure in self.lock["figures"].values() for path in figure["files"]}
        others = sorted(set(self.lock["outputs"]) - shown - set(self.lock["claims"]))
        return [*figures, *claims, *(self.output(path) for path in others)]

    @functools.cached_property
    def means(self) -> list[Mean]:
        """All means and values of claims in the lock that have a known spread."""
        locked = [mean for parts in self._locked_cells.values() for mean in means(parts)]
        for path in self.lock["claims"]:
            values = [_estimate(row) for row in self._locked_claims(path)]
            locked += [mean for mean in values if mean is not None]
        return locked

    @functools.cached_property
    def limits(self) -> Limits:
        """The limits for all of them together."""
        return Limits.of(self.means)

    @functools.cached_property
    def _locked_cells(self) -> dict[str, Cells]:
        tables = self.lock["tables"]
        return {path: unpacked_cells(table["cells"]) for path, table in tables.items() if "cells" in table}

    def _locked_claims(self, path: str) -> list[dict[str, Any]]:
        return CLAIMS.check(unpacked(self.lock["claims"][path]["numbers"]), path).rows(named=True)

    def _same(self, path: str) -> bool | None:
        """Whether a file has the locked bytes; None where it is not there."""
        here = Path(path)
        return file_digest(here) == self.lock["outputs"][path]["sha256"] if here.exists() else None

    def output(self, path: str) -> Judged:
        """A table, compared as its definition says, or another file."""
        if path not in self._judged:
            kind: Literal["table", "file"] = "table" if Path(path).suffix in TABLES else "file"
            try:
                verdict, text = self._output(path)
            except BadInput as problem:
                verdict, text = "different", str(problem)
            self._judged[path] = Judged(kind, path, verdict, text)
        return self._judged[path]

    def _output(self, path: str) -> tuple[Verdict, str]:
        same = self._same(path)
        if same:
            return "identical", ""
        if through := self.lock["outputs"][path].get("through"):
            if self._same(through) is not None:
                return "not compared", f"{through}, which is computed from it, is"
            return "missing" if same is None else "different", f"so is {through}, by which it is compared"
        if same is None:
            return "missing", "no such file"
        found = table_of(Path(path))
        if found is not None and found[0] is CLAIMS:
            return self._collected(found[1])
        locked = self.lock["tables"].get(path)
        if locked is None or found is None:
            return "different", "other bytes"
        table, frame = found
        if list(table.tolerance.cells) != locked.get("columns", []):
            return "different", "its definition is another one now"
        if not table.tolerance.cells:
            return compare_numbers(unpacked(locked["numbers"]), frame, table.tolerance.relative)
        after = cells(frame, table.tolerance, self.lock["families"])
        verdict, text, self._apart[path] = compare_cells(
            self._locked_cells.get(path, {}), after, table.tolerance.cells, self.limits
        )
        return verdict, text

    def _collected(self, frame: pl.DataFrame) -> tuple[Verdict, str]:
        """The claims of all studies: those of the tables that they were collected from."""
        tables = [CLAIMS.read(Path(path)) for path in self.lock["claims"]]
        verdict, text = compare_numbers(pl.concat(tables).sort(KEY), frame.sort(KEY), 0.0)
        if verdict == "different":
            return verdict, f"the claims of the studies and these differ, sorted: {text}"
        claims = [claim for path in self.lock["claims"] for claim in self.claims(path)]
        worst = max(claims, key=lambda one: VERDICTS.index(one.verdict))
        return worst.verdict, f"as its claims, of which {worst.name}" if worst.verdict == "different" else ""

    def figure(self, name: str) -> Judged:
        """A figure: its bytes, or else the rows of tables that it draws, and what it looks like."""
        entry = self.lock["figures"][name]
        same = {path: self._same(path) for path in entry["files"]}
        if gone := [path for path, found in same.items() if found is None]:
            return Judged("figure", name, "missing", f"{gone[0]}: no such file")
        if all(same.values()):
            return Judged("figure", name, "identical")
        shown = [self._drawn(path, entry["rows"].get(path, {})) for path in entry["tables"]]
        worst = max(shown, key=lambda one: VERDICTS.index(one.verdict), default=None)
        if worst is not None and worst.verdict in ("different", "missing"):
            return Judged("figure", name, "different", f"{worst.name}: {worst.text}", worst.name)
        moved = worst is not None and worst.verdict == "consistent"
        if entry["picture"] is None and worst is not None and worst.verdict == "identical":
            return Judged("figure", name, "different", "another page of the same tables")
        for path in (path for path, found in same.items() if not found):
            if text := self._looks_different(entry, path, ALIKE if moved else SAME):
                return Judged("figure", name, "different", f"{path} {text}")
        if moved and worst is not None:
            return Judged("figure", name, "consistent", f"{worst.name}: {worst.text}")
        return Judged("figure", name, "equivalent", "other bytes, the same picture")

    def _drawn(self, path: str, rows: Mapping[str, list[Any]]) -> Judged:
        """A table as far as a figure draws it."""
        judged = self.output(path)
        if judged.verdict != "different" or not self._apart[path]:
            return judged
        for apart in self._apart[path]:
            if all(apart.cell.get(name) in values for name, values in rows.items()):
                return Judged("table", path, "different", str(apart))
        return Judged("table", path, "consistent", "what differs is not drawn here")

    def _looks_different(self, entry: Mapping[str, Any], path: str, limit: float) -> str:
        """How a file of a figure looks different from the locked one; empty where it does not."""
        if entry["picture"] is None:
            return "" if skeleton(entry["files"]) == entry.get("text") else "has another text"
        now = picture(Path(path))
        if now is None:
            return "cannot be drawn"
        one, other = (np.frombuffer(base64.b64decode(text), np.uint8) for text in (now, entry["picture"]))
        if one.shape != other.shape:
            return "has another size"
        away = float(np.abs(one.astype(float) - other).mean())
        return f"looks different: by {away:.1f} of 255 in the mean" if away > limit else ""

    def claims(self, path: str) -> list[Judged]:
        """Every claim of a table: its value and interval as any mean, and its verdict."""
        locked, held = self._locked_claims(path), self.lock["claims"][path]["held"]
        try:
            here = {_key(row): row for row in CLAIMS.read(Path(path)).rows(named=True)}
        except BadInput as problem:
            return [Judged("claim", _name(row), "missing", str(problem), path) for row in locked]
        found = []
        for row in locked:
            verdict, text = self._claim(row, here.pop(_key(row), None), held)
            found.append(Judged("claim", _name(row), verdict, text))
        return [
            *found,
            *(Judged("claim", _name(row), "different", "not in the lock") for row in here.values()),
        ]

    def _claim(self, locked: Row, here: Row | None, held: str) -> tuple[Verdict, str]:
        if here is None:
            return "missing", "no such claim"
        if dict(locked) == dict(here):
            return "identical", ""
        tolerance = 1e-9 if held == "equivalent" else 1e-5
        changed = [name for name in locked if not _close(locked[name], here[name], tolerance)]
        if not changed:
            return "equivalent", ""
        for name in changed:
            if held == "equivalent" or name not in _ESTIMATED:
                return "different", f"{name} {_short(here[name])}, locked {_short(locked[name])}"
        text = " ".join(
            f"{row['verdict']} with {_short(row['ours'])}{word}"
            for row, word in ((here, ", locked"), (locked, ""))
        )
        decided, before = (row["verdict"] in ("agrees", "contradicts") for row in (here, locked))
        one, other = _estimate(locked), _estimate(here)
        judged = here["leads"] and here["ours"] is not None and here["verdict"] != "exploratory"
        if judged and decided != (here["n_units"] is None or (here["p_holm"] or 0.0) < LEVEL):
            return "different", f"{text}: the verdict does not follow from its p"
        if one is not None and other is not None:
            if self.limits.exceeded(one, other):
                return "different", text
        elif one is not None or (locked["n_units"] is None and "ours" in changed):
            return "different", text
        if not {"ours", "standard_error", "n_units"} & set(changed) and not _follows(locked, here, tolerance):
            return "different", f"{text}: interval or p do not follow from the value"
        if locked["verdict"] == here["verdict"]:
            return "consistent", text
        return ("different" if decided and before else "at the edge"), text


def _estimate(row: Row) -> Mean | None:
    """Value of a claim with its error, by as many units as its interval was computed from."""
    found = estimate(row["ours"], row["standard_error"], row["n_units"])
    if found is None or not found.error or row["upper"] is None:
        return found
    # The degrees of freedom, which a slope has fewer of than a mean, are those of the interval.
    factors = student_factor(np.arange(2, found.units + 1))
    reach = (row["upper"] - row["ours"]) / found.error
    return Mean(found.mean, found.error, 2 + int(np.abs(factors - reach).argmin()))


def _follows(locked: Row, here: Row, tolerance: float) -> bool:
    """Whether interval and p-value changed by no more than value and error can have, which are close."""
    error = here["standard_error"]
    if not error:
        return all(_close(locked[name], here[name], tolerance) for name in _DERIVED[:3])
    slack = tolerance * max(1.0, abs(here["ours"]))
    # An interval is at most some 13 errors wide on each side, and a p-value's slope in t is at most 2/3.
    reach = {"lower": 15 * slack, "upper": 15 * slack, "p_value": 2 * slack / error}
    return all(
        (locked[name] is None) == (here[name] is None)
        and abs((here[name] or 0.0) - (locked[name] or 0.0)) <= most
        for name, most in reach.items()
    )


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEY)


def _name(row: Row) -> str:
    study, claim, *rest = _key(row)
    where = ", ".join(str(part) for part in rest if part is not None)
    return f"{study}: {claim}{f' [{where}]' if where else ''}"


def _close(one: Any, other: Any, tolerance: float) -> bool:
    numbers = all(isinstance(part, float) for part in (one, other))
    return close(one, other, tolerance) if numbers else one == other


def _short(value: Any) -> str:
    return "no value" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
