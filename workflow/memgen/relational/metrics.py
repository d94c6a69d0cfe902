"""Summary metrics: how far the tables of the theory are from what is known in closed form.

Each is read from one table; only whether the answers turn wrong where they should needs two, the ranks and
the critical gammas.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from memgen.errors import BadInput
from memgen.relational.hierarchy import HIGHER, LOWER, PAPER
from memgen.relational.tables import (
    CRITICAL,
    CRITICAL_PLACEMENT,
    DEPTH,
    FINITE_WIDTH_SLOPES,
    FINITE_WIDTH_SUMMARY,
    MECHANISM,
    RANKS,
    SWEEP,
)
from memgen.tables.claims import shell_command
from memgen.tables.summaries import Kinds, Numbers, summarize

EXCEPTIONS = "Cheng & Lippl 2026, arXiv 2605.22972"
CHAIN = "Lippl, Kay, Jensen, Ferrera, Abbott, PNAS 2024"
WIDE = "Jacot, Gabriel, Hongler, NeurIPS 2018"
"""Sources of claims and checks."""

EXACT = 1e-9
"""Largest deviation from an exact value that is rounding."""
ROUNDED = 1e-6
"""One unit of the last digit, where the source gives six."""

REFERENCE_RANKS = (0.6, 0.2, 0.0, -0.2, 0.0, 0.2, 0.0, -0.2, -0.6)
"""Ranks of the paper's hierarchy at gamma = 1 (theory: What it predicts)."""

REFERENCE_CONJUNCTIVITY = {
    "nngp": (0.0, 0.147155, 0.248721, 0.325348),
    "ntk": (0.0, 0.257864, 0.424643, 0.539084),
}
"""Conjunctivity of ReLU networks of 1 to 4 layers (theory: Kernel family), to six digits."""

LONG = 200
"""Chains from this length on are taken for long."""


def numbers(path: Path, critical: Path | None = None) -> Numbers:
    """The numbers that say whether a table bears out the theory; None where the table cannot tell.

    Largest deviations, shares of rows for which a statement holds, and exponents. With a ranks table the
    critical table tells where answers should turn wrong. Raises `BadInput` of any other file.
    """
    found = summarize(path, _KINDS, "results/relational")
    if critical is None:
        return found
    if "largest_loop_spread" not in found:
        raise BadInput(f"{path}: --critical goes with a ranks table; allowed here: none")
    return {**found, **_turning(RANKS.read(path), CRITICAL.read(critical))}


def summary_command(table: Path, *more: object) -> str:
    """Command that prints the numbers of a table."""
    return shell_command("relational", "summary", "--table", table, *more, "--json")


def _sweep(table: pl.DataFrame) -> Numbers:
    additive = _additive(table)
    of_exceptions = additive.filter(pair_class="exception")
    # In the additive limit a cross pair's margin is its number of chain steps outside the loop.
    steps = pl.col("lower") - pl.col("higher") - (pl.col("winner") - pl.col("loser"))
    outside = additive.filter(pair_class="cross").select(pl.col("margin") - steps)
    return {
        "largest_exception_margin": _largest(of_exceptions["margin"]),
        "largest_cross_deviation": _largest(outside.to_series()),
        "largest_closed_form_deviation": _largest(_closed_form(table)),
        **_mistakes(table),
    }


def _mistakes(table: pl.DataFrame) -> Numbers:
    """Of the paper's hierarchy, and without exception: where pairs are answered wrong, without ridge."""
    rows = table.filter(pl.col("alpha").is_between(0, 1), n=PAPER.n, ridge=0)
    spread: list[float | None] = []
    for label in (PAPER.label, ""):
        untrained = rows.filter(~pl.col("pair_class").is_in(["train", "exception", "loop"]), exceptions=label)
        right = untrained.group_by("alpha").agg((pl.col("margin") > EXACT).mean())["margin"].to_numpy()
        spread.append(float(np.ptp(right)) if len(right) > 1 else None)
    pair = rows.filter(exceptions=PAPER.label, higher=HIGHER, lower=LOWER)
    # At each conjunctivity and ridge: the exception is answered by its winner, all else by rank.
    answered = pl.when(pair_class="exception").then(-pl.col("margin")).otherwise("margin") > EXACT
    of_paper = table.filter(pl.col("pair_class") != "loop", n=PAPER.n, exceptions=PAPER.label)
    balanced = of_paper.group_by("hierarchy", "alpha", "ridge").agg(right=answered.all())
    with_exception, without = spread
    known = with_exception is not None and without is not None
    return {
        f"share_wrong_{HIGHER}_v_{LOWER}": _share(pair["margin"] < 0),
        "spread_over_conjunctivity": with_exception - without if known else None,  # type: ignore[operator]
        "share_balanced": _share(balanced["right"]),
    }


def _closed_form(table: pl.DataFrame) -> np.ndarray:
    """Margins without exception minus those of the published formula (1-based j < k)."""
    rows = table.filter(pl.col("gamma") > 0, exceptions="", pair_class="test")
    n = rows["n"].to_numpy()
    one, other = rows["higher"].to_numpy() + 1, rows["lower"].to_numpy() + 1
    cosh = (1 + rows["ridge"].to_numpy()) / (1 - rows["alpha"].to_numpy())
    decay = np.arccosh(cosh)
    middle = (n + 1) / 2
    with np.errstate(over="ignore", invalid="ignore"):
        top = np.sinh((other - middle) * decay) - np.sinh((one - middle) * decay)
        expected = top / (np.sinh(middle * decay) - np.sinh((middle - 1) * decay))
    usable = np.isfinite(expected)
    return np.asarray(rows["margin"].to_numpy()[usable] - expected[usable])


def _ranks(table: pl.DataFrame) -> Numbers:
    rows = table.filter((pl.col("gamma") - 1).abs() < 1e-12, n=PAPER.n, exceptions=PAPER.label)
    expected = np.array(REFERENCE_RANKS)[rows["item"].to_numpy()]
    loops = _additive(table).filter(pl.col("item").is_between("loser", "winner"))
    spreads = loops.group_by("hierarchy").agg(pl.col("rank").max() - pl.col("rank").min())
    return {
        "largest_reference_deviation": _largest(rows["rank"].to_numpy() - expected),
        "largest_loop_spread": _largest(spreads["rank"]),
    }


def _turning(profiles: pl.DataFrame, crossings: pl.DataFrame) -> Numbers:
    """Share of the grid on which the sign of the pair around the loop is as the critical gamma says."""
    single = _of_one_exception(crossings).drop_nulls("gamma")
    single = single.select("hierarchy", "winner", "loser", critical="gamma")
    rank, item = pl.col("rank"), pl.col("item")
    above, below = rank.filter(item == pl.col("loser") - 1), rank.filter(item == pl.col("winner") + 1)
    key = ["hierarchy", "alpha", "ridge", "gamma", "critical"]
    found = profiles.join(single, on="hierarchy").group_by(key).agg(margin=above.first() - below.first())
    margin, gamma, critical = (pl.col(name) for name in ("margin", "gamma", "critical"))
    return {
        "share_wrong_beyond_critical": _share(
            found.filter(gamma > critical * (1 + EXACT)).select(margin < 0).to_series()
        ),
        "share_right_below_critical": _share(
            found.filter(gamma < critical * (1 - EXACT)).select(margin > 0).to_series()
        ),
    }


def _critical_placement(table: pl.DataFrame) -> Numbers:
    """Where there is a crossing, and how it falls with n."""
    loser, winner = pl.col("position"), pl.col("position") + pl.col("span")
    room = (loser >= 2) & (winner <= pl.col("n") - 3)
    expected = room & ~((loser == 2) & (winner == pl.col("n") - 3))
    long = table.filter(pl.col("centred") & (pl.col("n") >= LONG) & (pl.col("span") == table["span"].min()))
    slope = None
    if long["n"].n_unique() > 1:
        slope = float(np.polyfit(np.log(long["n"].to_numpy()), np.log(long["gamma"].to_numpy()), 1)[0])
    return {
        "share_crossing_as_stated": table.select((pl.col("gamma").is_not_null() == expected).mean()).item(),
        "exponent_of_n": slope,
    }


def _mechanism(parts: pl.DataFrame) -> Numbers:
    """Ranks minus the sum of their parts, relative to the largest rank of the chain alone."""
    key = ["hierarchy", "alpha", "ridge"]
    value, part = pl.col("value"), pl.col("part")
    off = parts.group_by([*key, "item"]).agg(
        off=value.filter(part == "ranks").sum() - value.filter(part != "ranks").sum()
    )
    scale = parts.filter(part == "chain").group_by(key).agg(scale=value.abs().max())
    worst = off.join(scale, on=key).select((pl.col("off").abs() / pl.col("scale")).max()).item()
    return {"largest_relative_deviation": worst}


def _depth(networks: pl.DataFrame) -> Numbers:
    """Conjunctivity of deep networks."""
    found = networks.select("kernel", "depth", "rho", "alpha").unique().sort("kernel", "rho", "depth")
    deviations = [
        found.filter(kernel=kernel, depth=layers, rho=1)["alpha"].to_numpy() - value
        for kernel, values in REFERENCE_CONJUNCTIVITY.items()
        for layers, value in enumerate(values, start=1)
    ]
    nonlinear = found.filter(pl.col("rho") > 0)
    rises = nonlinear.select(pl.col("alpha").diff().over("kernel", "rho")).drop_nulls()["alpha"]
    return {
        "largest_reference_deviation": _largest(np.concatenate(deviations)),
        "smallest_step_of_depth": float(rises.min()) if rises.len() else None,  # type: ignore[arg-type]
    }


def _widths(summary: pl.DataFrame) -> Numbers:
    """How much worse the widest rich networks generalize than lazy ones of their width."""
    found: Numbers = {}
    for (name,), group in summary.group_by("hierarchy", maintain_order=True):
        widest = group.filter(pl.col("width") == group.filter(regime="rich")["width"].max())
        of = {row["regime"]: row for row in widest.iter_rows(named=True)}
        if {"lazy", "rich"} <= set(of):
            difference, error = _rich_minus_lazy(of, "accuracy", "accuracy_standard_error")
            found[f"rich_accuracy_{name}"] = difference
            found[f"rich_accuracy_standard_error_{name}"] = error
            found[f"rich_accuracy_seeds_{name}"] = float(min(of[kind]["seeds"] for kind in ("rich", "lazy")))
    return found


def _slopes(slopes: pl.DataFrame) -> Numbers:
    """Exponents by which finite networks approach the theory, lazy and rich, and their difference."""
    found: Numbers = {}
    deviations = slopes.filter(pl.col("quantity") == "deviation")
    for (name,), group in deviations.group_by("hierarchy", maintain_order=True):
        of = {row["regime"]: row for row in group.iter_rows(named=True)}
        for regime, row in of.items():
            found[f"{regime}_exponent_{name}"] = row["slope"]
            found[f"{regime}_standard_error_{name}"] = row["standard_error"]
            found[f"{regime}_seeds_{name}"] = float(row["seeds"])
        if {"lazy", "rich"} <= set(of):
            difference, error = _rich_minus_lazy(of, "slope", "standard_error")
            found[f"difference_{name}"] = difference
            found[f"difference_standard_error_{name}"] = error
    return found


def _rich_minus_lazy(of: Mapping[str, Mapping[str, Any]], value: str, error: str) -> tuple[float, float]:
    """Difference of the two regimes' rows in a column, and its standard error."""
    rich, lazy = of["rich"], of["lazy"]
    return rich[value] - lazy[value], float(np.hypot(rich[error], lazy[error]))


def _of_one_exception(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of hierarchies with one exception, with its winner and loser."""
    pair = pl.col("exceptions").str.split(":").list
    one = table.filter(pl.col("exceptions").str.count_matches(":") == 1)
    return one.with_columns(winner=pair.get(0).cast(pl.Int64), loser=pair.get(1).cast(pl.Int64))


def _additive(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of hierarchies with one exception in the additive, ridgeless limit."""
    return _of_one_exception(table.filter(alpha=0, ridge=0))


def _largest(deviations: ArrayLike) -> float | None:
    """Largest absolute deviation, None of nothing."""
    values = np.abs(np.asarray(deviations))
    return float(values.max()) if values.size else None


def _share(holds: pl.Series) -> float | None:
    """Share of true values, None of nothing."""
    return float(holds.mean()) if holds.len() else None  # type: ignore[arg-type]


_KINDS: Kinds = (
    (SWEEP, _sweep),
    (RANKS, _ranks),
    (CRITICAL_PLACEMENT, _critical_placement),
    (MECHANISM, _mechanism),
    (DEPTH, _depth),
    (FINITE_WIDTH_SUMMARY, _widths),
    (FINITE_WIDTH_SLOPES, _slopes),
)
