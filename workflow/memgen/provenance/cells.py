"""Means of cells, and whether those of two runs agree.

A cell's mean is taken over what differs between runs by chance: the seeds of finetuning, or, where a
network itself was trained here, its replicates, which differ by the seed of pretraining. Replicates are then
one cell.

Two honest runs draw the units of a cell from one distribution, so their means differ by Student's t with the
variance pooled over both runs (`chance`). A lock holds thousands of cells. The limit is set for all of them
together: an honest run has a difference beyond it anywhere with a probability of 1% at most (`Limits`).
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import polars as pl
from scipy.special import stdtr

from memgen.tables.schema import ReproductionTolerance

#: Probability that an honest run has a difference anywhere: the familywise error, over everything compared.
FAMILYWISE = 0.01
#: Largest difference, relative to the larger number and 1, that counts as none in answers of trained models.
TOLERANCE = 1e-5
#: Column whose replicates are trained here.
MODEL = "model"

Verdict = Literal[
    "identical", "equivalent", "consistent", "at the edge", "not compared", "different", "missing"
]
#: From best to worst.
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

#: Mean, its standard error and the number of units, by value, of each cell, by the values that name it.
Cells = dict[tuple[Any, ...], dict[str, list[float | int | None]]]


def cells(frame: pl.DataFrame, tolerance: ReproductionTolerance, families: Mapping[str, str]) -> Cells:
    """``[mean, standard error, units]`` by cell and value of a table; no error where the spread is unknown.

    `tolerance` names the columns (`memgen.tables.schema`). `families` gives the replicates of a network that
    is trained here one name, by the name of each.
    """
    names = list(tolerance.cells)
    replicate = pl.col(MODEL) if MODEL in names else pl.lit("")
    frame = frame.with_columns(replicate.alias("_replicate"))
    if MODEL in names:
        frame = frame.with_columns(pl.col(MODEL).replace(dict(families)))
    found: Cells = {}
    for value, error in tolerance.values.items():
        part = frame.with_columns(pl.col(value).cast(pl.Float64).fill_nan(None).alias("_value"))
        # One network that was trained here says nothing of how such networks differ, however many its seeds.
        trained_here = pl.col("_replicate").is_in(list(families))
        alone = part.filter(~trained_here)
        if tolerance.unit is not None:
            single = _over(alone, names, tolerance.unit)
        else:
            # The table brings its errors: each is over as many units as the table says, and over one is none.
            count = pl.lit(1) if error is None else pl.col(tolerance.units or "")
            spread = pl.lit(None, pl.Float64) if error is None else pl.col(error).fill_nan(None)
            single = alone.group_by(names).agg(
                pl.col("_value").mean().alias("mean"),
                pl.when(count.first() > 1).then(spread.first()).alias("error"),
                count.first().cast(pl.UInt32).alias("units"),
            )
        rows = [_over(part.filter(trained_here), names, "_replicate"), single]
        for row in pl.concat([part.select(*names, "mean", "error", "units") for part in rows]).iter_rows():
            mean, spread_found, units_found = row[-3:]
            found.setdefault(row[:-3], {})[value] = [_short(mean), _short(spread_found), int(units_found)]
    return dict(sorted(found.items(), key=lambda item: [(part is None, str(part)) for part in item[0]]))


def _over(frame: pl.DataFrame, names: list[str], unit: str) -> pl.DataFrame:
    """Mean over units in each cell, its standard error, and how many units there are."""
    value = pl.col("_value").drop_nulls()
    units = frame.group_by([*names, unit]).agg(pl.col("_value").mean())
    return units.group_by(names).agg(
        value.mean().alias("mean"),
        (value.std() / value.count().cast(pl.Float64).sqrt()).alias("error"),
        value.count().cast(pl.UInt32).alias("units"),
    )


def _short(number: float | None) -> float | None:
    """Nine digits: enough to see that nothing but rounding differs."""
    return None if number is None or not math.isfinite(number) else float(f"{number:.9g}")


def close(one: float | None, other: float | None, tolerance: float) -> bool:
    """Whether two numbers, or two empty values, are the same but for a tolerance."""
    if one is None or other is None or math.isnan(one) or math.isnan(other):
        return (one is None or math.isnan(one)) == (other is None or math.isnan(other))
    size = max(1.0, abs(one), abs(other))
    return one == other or (math.isfinite(size) and abs(one - other) <= tolerance * size)


@dataclass(frozen=True)
class Mean:
    """A mean, its standard error, and the number of units behind it; see `chance`."""

    mean: float
    error: float
    units: int

    @property
    def spread(self) -> bool:
        """Whether the units differ by more than rounding."""
        # Far less than what counts as a difference of means, so that none comes from what is left out here.
        return self.error * math.sqrt(self.units) > 0.1 * TOLERANCE * max(1.0, abs(self.mean))


def estimate(mean: float | None, error: float | None, units: float | None) -> Mean | None:
    """A mean with a known spread; None for a single unit, whose spread is unknown."""
    if mean is None or error is None or units is None or units < 2:
        return None
    return Mean(mean, error, int(units))


def chance(one: Mean, other: Mean) -> float:
    """Probability that the means of two honest runs are at least so far apart.

    Student's t with the variance pooled over both runs, which is exact for normal units, since both runs
    draw from one distribution. Where all units of a run agree, and all of the other, there is no spread to
    go by: the answer is then the largest probability, over all distributions, that one value is drawn in
    the whole of one run, and the other value in the whole of the other.
    """
    count = one.units + other.units
    if not (one.spread or other.spread):
        shares = [(run.units / count) ** run.units for run in (one, other)]
        return min(1.0, 2 * shares[0] * shares[1])
    squares = sum((run.units - 1) * run.units * run.error**2 for run in (one, other))
    error = math.sqrt(squares / (count - 2) * (1 / one.units + 1 / other.units))
    return float(2 * stdtr(count - 2, -abs(one.mean - other.mean) / error))


@dataclass(frozen=True)
class Limits:
    """Probability below which chance does not explain a difference, for everything that is compared together.

    By Bonferroni, whatever depends on what. Half of the familywise error is for Student's t, over all means;
    the other half is for means whose units all agree, over those that have units enough to differ at all
    (Tarone 1990). Ten units that agree on one value and ten on another could otherwise not be told from
    chance. `count` means are compared, and `agreeing` among them have units that all agree and are enough.
    """

    count: int
    agreeing: int

    @classmethod
    def of(cls, reference: Iterable[Mean]) -> "Limits":
        """The limits for comparing another run with all means of a reference."""
        compared = list(reference)
        least = Counter(chance(mean, mean) for mean in compared if not mean.spread)
        agreeing = 1
        while sum(least[p] for p in least if p < FAMILYWISE / 2 / agreeing) > agreeing:
            agreeing += 1
        return cls(len(compared), agreeing)

    def exceeded(self, reference: Mean, present: Mean) -> bool:
        """Whether two means are further apart than chance explains."""
        if close(reference.mean, present.mean, TOLERANCE):
            return False
        count = self.count if reference.spread or present.spread else self.agreeing
        return chance(reference, present) < FAMILYWISE / 2 / count


def means(parts: Cells) -> list[Mean]:
    """Every mean of some cells that has a known spread."""
    found = [estimate(*numbers) for values in parts.values() for numbers in values.values()]
    return [mean for mean in found if mean is not None]


@dataclass(frozen=True)
class Apart:
    """A difference between two runs: the cell, by the columns that name it, and what differs there."""

    cell: Mapping[str, Any]
    text: str

    def __str__(self) -> str:
        """One line."""
        where = ", ".join(f"{name} {part}" for name, part in self.cell.items() if part is not None)
        return f"{self.text} at {where}" if where else self.text


def compare_cells(
    locked: Cells, present: Cells, names: Iterable[str], limits: Limits | None = None
) -> tuple[Verdict, str, list[Apart]]:
    """Verdict on two runs' cells, a text, and every cell that is different.

    `names` are the columns that name a cell; `limits` are by default those of comparing this table alone. The
    text is the first difference of a different table, and the least likely one of a consistent table.
    """
    limits = limits or Limits.of(means(locked))
    columns = list(names)
    apart, equal, least = [], True, 1.0
    for key, values in locked.items():
        cell = dict(zip(columns, key, strict=True))
        if key not in present:
            apart.append(Apart(cell, "no cell"))
            continue
        for value, (mean, error, units) in values.items():
            mean_here, error_here, units_here = present[key][value]
            if close(mean, mean_here, TOLERANCE):
                equal &= close(error, error_here, TOLERANCE) and units == units_here
                continue
            equal = False
            if mean is None or mean_here is None:
                apart.append(Apart(cell, f"{value} {mean_here}, locked {mean},"))
                continue
            one, other = estimate(mean, error, units), estimate(mean_here, error_here, units_here)
            if one is None or other is None:
                continue  # its spread is not known, so the claims alone can tell
            least = min(least, chance(one, other))
            if limits.exceeded(one, other):
                numbers = f"{mean_here:.6g} over {units_here}, locked {mean:.6g} over {units},"
                apart.append(Apart(cell, f"{value} {numbers} p = {chance(one, other):.1g},"))
    for key in present.keys() - locked.keys():
        apart.append(Apart(dict(zip(columns, key, strict=True)), "a cell that the lock lacks"))
    if apart:
        more = f" and {len(apart) - 1} more" if len(apart) > 1 else ""
        return "different", f"{apart[0]}{more}", apart
    if not locked:
        return "consistent", "it has no means to compare: the claims alone can tell", []
    return ("equivalent", "", []) if equal else ("consistent", f"least likely p = {least:.2g}", [])
