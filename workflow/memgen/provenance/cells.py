"""Means of cells, and whether those of two runs agree.

A cell's mean is taken over what differs between runs by chance: the seeds of finetuning, or, where a
network itself was trained here, its replicates, which differ by the seed of pretraining. Replicates are then
one cell.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import polars as pl

from memgen.tables import Held

#: Standard errors of the difference within which two means of many units agree.
LIMIT = 4.0
#: Column whose replicates are trained here.
MODEL = "model"

Verdict = Literal["identical", "equivalent", "consistent", "different", "missing"]
#: From best to worst.
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

#: Mean, its standard error and the number of units, by value, of each cell, by the values that name it.
Cells = dict[tuple[Any, ...], dict[str, list[float | int | None]]]


def cells(frame: pl.DataFrame, held: Held, families: Mapping[str, str]) -> Cells:
    """Mean, standard error and count of every value in every cell of a table.

    Parameters
    ----------
    frame : polars.DataFrame
    held : Held
        Names the columns; see `memgen.tables.Held`.
    families : mapping of str to str
        One name for the replicates of a network that is trained here, by the name of each.

    Returns
    -------
    dict
        ``[mean, standard error, units]`` by cell and value; the error is None where there is but one unit.
    """
    names = list(held.cells)
    if MODEL in names:
        frame = frame.with_columns(pl.col(MODEL).alias("_replicate"))
        frame = frame.with_columns(pl.col(MODEL).replace(dict(families)))
    else:
        frame = frame.with_columns(pl.lit("").alias("_replicate"))
    found: Cells = {}
    for value, error in held.values.items():
        part = frame.with_columns(pl.col(value).cast(pl.Float64).fill_nan(None).alias("_value"))
        replicated = part.group_by(names).agg(pl.col("_replicate").n_unique() > 1)
        part = part.join(replicated.rename({"_replicate": "_pooled"}), on=names, nulls_equal=True)
        rows = [_over_replicates(part.filter("_pooled"), names)]
        alone = part.filter(~pl.col("_pooled"))
        if held.unit is not None:
            units = alone.group_by([*names, held.unit]).agg(pl.col("_value").mean())
            rows.append(_over(units, names))
        else:
            spread = pl.lit(None, pl.Float64) if error is None else pl.col(error).fill_nan(None)
            rows.append(
                alone.group_by(names).agg(
                    pl.col("_value").mean().alias("mean"),
                    spread.first().alias("error"),
                    pl.len().alias("units"),
                )
            )
        for row in pl.concat([part.select(*names, "mean", "error", "units") for part in rows]).iter_rows():
            mean, spread_found, units_found = row[-3:]
            found.setdefault(row[:-3], {})[value] = [_short(mean), _short(spread_found), int(units_found)]
    return dict(sorted(found.items(), key=lambda item: [(part is None, str(part)) for part in item[0]]))


def _over_replicates(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    return _over(frame.group_by([*names, "_replicate"]).agg(pl.col("_value").mean()), names)


def _over(units: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Mean of units in each cell, its standard error, and how many they are."""
    value = pl.col("_value").drop_nulls()
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


def limit(one: tuple[float, int], other: tuple[float, int], known: float = LIMIT) -> float:
    """Standard errors of a difference that chance exceeds as rarely as `known` where the errors are known.

    With few units the errors themselves are estimates: of three networks against three, one cell in sixty
    is more than four of them apart. So it is the quantile of Student's t, by Welch's degrees of freedom.

    Parameters
    ----------
    one, other : (float, int)
        Standard error of a mean, and the units that it is over; below 2 the error came with the table.
    known : float
        The limit where the errors are known.
    """
    from scipy import stats

    parts = [(error**2, units - 1) for error, units in (one, other) if error > 0]
    if not parts or any(free < 1 for _, free in parts):
        return known
    free = sum(part for part, _ in parts) ** 2 / sum(part**2 / free for part, free in parts)
    return float(stats.t.isf(stats.norm.sf(known), free))


def compare_cells(
    locked: Cells, present: Cells, names: Iterable[str], tolerance: float
) -> tuple[Verdict, str]:
    """Verdict on two runs' cells, and the first that is different.

    Parameters
    ----------
    locked, present : Cells
    names : iterable of str
        Columns that name a cell.
    tolerance : float
        As in `memgen.tables.Held`.

    Returns
    -------
    verdict : {"equivalent", "consistent", "different"}
    text : str
        Where and by how much; of a consistent table the largest deviation.
    """
    if not locked and not present:
        return "consistent", "it has no means to compare: the claims alone can tell"
    columns = list(names)
    equal, largest = True, 0.0
    for key, values in locked.items():
        where = ", ".join(
            f"{name} {part}" for name, part in zip(columns, key, strict=True) if part is not None
        )
        if key not in present:
            return "different", f"there is no cell {where}"
        for value, (mean, error, units) in values.items():
            mean_here, error_here, units_here = present[key][value]
            if close(mean, mean_here, tolerance):
                equal &= close(error, error_here, tolerance) and units == units_here
                continue
            equal = False
            if mean is None or mean_here is None:
                return "different", f"{value} at {where}: {mean_here}, locked {mean}"
            if error is None or error_here is None:
                continue  # one unit: its spread is not known, so the claims alone can tell
            spread = math.hypot(error, error_here)
            if (
                abs(mean - mean_here)
                > limit((error, int(units or 0)), (error_here, int(units_here or 0))) * spread
            ):
                size = f"{abs(mean - mean_here) / spread:.1f}" if spread else "infinitely many"
                return (
                    "different",
                    f"{value} at {where}: {mean_here:.6g}, locked {mean:.6g}: {size} standard errors apart",
                )
            largest = max(largest, abs(mean - mean_here) / spread)
    if more := [key for key in present if key not in locked]:
        return "different", f"has the cell {', '.join(map(str, more[0]))}, which the lock has not"
    return ("equivalent", "") if equal else ("consistent", f"at most {largest:.1f} standard errors apart")
