"""How well a table agrees with the theory, in a few numbers."""

import math
from pathlib import Path

import polars as pl

from memgen.longtail.tables import (
    COMPRESSION,
    CURVES,
    MISLABELLED,
    NOISE,
    PRIVACY,
    SCALING,
    SIMULATION,
    SUBGROUPS,
    TRADEOFF,
)
from memgen.tables.claims import shell_command
from memgen.tables.statistics import student_factor
from memgen.tables.summaries import Kinds, Numbers, summarize

KEPT = 0.1
"""Share of the weights at which pruned classifiers are compared, stated beforehand."""


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


def _subgroups(table: pl.DataFrame) -> Numbers:
    """Deviation of the simulation, costs of limited memorization, and what the rarer subgroup pays more."""
    found = _simulated(table, "cost")
    for row in table.filter(learner="limited").iter_rows(named=True):
        found[f"cost_{row['group']}"] = row["cost_simulated"]
        found[f"standard_error_{row['group']}"] = row["standard_error"]
    # The subgroup of which most is unseen, minus that of which least is; the least over a learner's settings.
    by_unseen = table.sort("optimal_error", maintain_order=True)
    gaps = by_unseen.group_by("learner", "parameter").agg(
        gap=pl.last("cost_closed") - pl.first("cost_closed")
    )
    for learner in ("exponential", "ignore"):
        found[f"least_gap_{learner}"] = gaps.filter(learner=learner)["gap"].min()  # type: ignore[assignment]
    return found


def _mislabelled(table: pl.DataFrame) -> Numbers:
    """Of each kind of cluster, at the least noise: what leaving out singletons costs the best classifier.

    And, at the ridge that is best without noise, the share of entirely random labels that it gives.
    """
    found: Numbers = {}
    noisy = table.filter(pl.col("label_keep") < 1)["label_keep"].max()
    for (structure,), rows in table.group_by("structure", maintain_order=True):
        best, clean = (rows.filter(pl.col("best") & (pl.col("label_keep") == keep)) for keep in (noisy, 1))
        random = rows.filter(label_keep=0).join(clean.select("setting"), on="setting")
        for name, part, column in (
            ("cost", best, "cost"),
            ("standard_error", best, "cost_standard_error"),
            ("seeds", best, "seeds"),
            ("random_fitted", random, "fitted"),
            ("random_standard_error", random, "fitted_standard_error"),
        ):
            found[f"{name}_{structure}"] = float(part[column][0]) if part.height else None
    return found


def _compression(table: pl.DataFrame) -> Numbers:
    """Of each kind of cluster and group: its loss beyond the group that it is compared with."""
    found: Numbers = {}
    at_share = table.filter((pl.col("kept") - KEPT).abs() < 1e-9).drop_nulls("extra_loss")
    for row in at_share.iter_rows(named=True):
        of = f"{row['group']}_{row['structure']}"
        found[f"extra_loss_{of}"] = row["extra_loss"]
        found[f"standard_error_{of}"] = row["extra_loss_standard_error"]
        found[f"seeds_{of}"] = float(row["seeds"])
    return found


_KINDS: Kinds = (
    (SIMULATION, lambda table: _simulated(table, "error")),
    (TRADEOFF, lambda table: _simulated(table, "excess")),
    (NOISE, lambda table: _simulated(table, "excess")),
    (PRIVACY, _privacy),
    (SUBGROUPS, _subgroups),
    (SCALING, _scaling),
    (CURVES, _curves),
    (MISLABELLED, _mislabelled),
    (COMPRESSION, _compression),
)


def numbers(path: Path) -> Numbers:
    """The numbers that say whether a table of the study agrees with the theory; None where it cannot tell.

    These are deviations in standard errors, shares of rows for which a bound holds, costs of singletons, and
    differences between subgroups. A file that is no such table is refused.
    """
    return summarize(path, _KINDS, "results/longtail")


def summary_command(table: Path) -> str:
    """Command that prints the numbers of a table."""
    return shell_command("longtail", "summary", "--table", table, "--json")
