"""How well a table agrees with the theory, in a few numbers."""

import math
from pathlib import Path

import polars as pl

from memgen.longtail.tables import (
    CURVES,
    MEMORIZATION,
    NOISE,
    PRIVACY,
    SCALING,
    SIMULATION,
    SUBGROUPS,
    TRADEOFF,
)
from memgen.tables.statistics import student_factor
from memgen.tables.summaries import Kinds, Numbers, summarize


def _share(held: pl.Series) -> float | None:
    return float(held.sum()) / len(held) if len(held) else None


def _simulated(table: pl.DataFrame, quantity: str) -> Numbers:
    """Largest |simulated - closed| in standard errors; differences of rounding count as none."""
    columns = table.select(f"{quantity}_simulated", f"{quantity}_closed", "standard_error")
    scores = []
    for one, other, unit in columns.iter_rows():
        gap = abs(one - other)
        scores.append(0.0 if gap < 1e-12 else gap / unit if unit > 0 else math.inf)
    worst = max(scores, default=math.inf)
    return {"largest_deviation": worst if math.isfinite(worst) else None, "rows": float(table.height)}


def _scaling(table: pl.DataFrame) -> Numbers:
    bounded = table.filter(pl.col("lower_bound").is_not_null())
    limit = table.filter(pl.col("asymptotic").is_not_null() & (pl.col("domain") >= 10000))
    deviations = [abs(ratio - 1) for ratio in limit["tau_n"] / limit["asymptotic"]]
    return {
        "share_above_bound": _share(bounded["tau_n"] >= bounded["lower_bound"]),
        "largest_relative_deviation": max(deviations, default=None),
    }


def _privacy(table: pl.DataFrame) -> Numbers:
    excess = table["excess_closed"] + 1e-12
    held = (excess >= table["bound"]) & (excess >= table["optimum"])
    return {**_simulated(table, "excess"), "share_above_bounds": _share(held)}


def _curves(table: pl.DataFrame) -> Numbers:
    """How far trained classifiers stay above the bound: on average and in the worst setting."""
    error = pl.col("slack_standard_error")
    usable = table.filter(error.is_not_nan() & (error > 0)).with_columns(
        slack=pl.col("excess") - pl.col("bound_excess")
    )
    if not usable.height:
        return dict.fromkeys(("slack", "standard_error", "seeds", "worst_slack", "worst_standard_error"))
    # Settings share their seeds, so their errors may not average out: at the most they add up.
    reach = pl.Series(student_factor(usable["seeds"].to_numpy()))
    worst = usable.sort(pl.col("slack") - reach * error, maintain_order=True).row(0, named=True)
    return {
        "slack": float(usable["slack"].mean()),  # type: ignore[arg-type]
        "standard_error": float(usable["slack_standard_error"].mean()),  # type: ignore[arg-type]
        "seeds": float(usable["seeds"].min()),  # type: ignore[arg-type]
        "worst_slack": worst["slack"],
        "worst_standard_error": worst["slack_standard_error"],
    }


def _memorization(table: pl.DataFrame) -> Numbers:
    once = table.filter(multiplicity=1, method="subsampling").sort("setting")
    names = ("setting", "score", "standard_error", "expected", "seeds")
    return {name: float(once[name][0]) if once.height else None for name in names}


def _subgroups(table: pl.DataFrame) -> Numbers:
    numbers = _simulated(table, "cost")
    for row in table.iter_rows(named=True):
        numbers[f"cost_{row['group']}"] = row["cost_simulated"]
        numbers[f"standard_error_{row['group']}"] = row["standard_error"]
    return numbers


_KINDS: Kinds = (
    (SIMULATION, lambda table: _simulated(table, "error")),
    (TRADEOFF, lambda table: _simulated(table, "excess")),
    (NOISE, lambda table: _simulated(table, "excess")),
    (PRIVACY, _privacy),
    (SUBGROUPS, _subgroups),
    (SCALING, _scaling),
    (CURVES, _curves),
    (MEMORIZATION, _memorization),
)


def numbers(path: Path) -> Numbers:
    """The numbers that say whether a table of the study agrees with the theory; None where it cannot tell.

    These are deviations in standard errors, shares of rows for which a bound holds, or, for memorization, the
    singletons' score at the weakest regularization. A file that is no such table is refused.
    """
    return summarize(path, _KINDS, "results/longtail")
