"""What the theory says of each hierarchy, beside what this study's tables hold.

Every value of ours is read from the tables. A claim whose hierarchy or grid point they lack is written down
as not tested.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from memgen.claims import CLAIMS
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.sources import CHAIN, EXACT, EXCEPTIONS, Claim
from memgen.relational.tables import CRITICAL, RANKS, SWEEP
from memgen.stage import Input, Output, stage

REFERENCE_RANKS = (0.6, 0.2, 0.0, -0.2, 0.0, 0.2, 0.0, -0.2, -0.6)
"""Ranks of 9 items with exception 5:3 at gamma = 1 (theory: What it predicts)."""


@stage
def claims(*, margins: Input, ranks: Input, critical: Input, out: Output) -> None:
    """Write the claims of the theory with the values of this study's tables.

    Parameters
    ----------
    margins
        Sweep table.
    ranks
        Ranks table.
    critical
        Critical table.
    out
        Claims table.
    """
    sweep, profiles, crossings = SWEEP.read(margins), RANKS.read(ranks), CRITICAL.read(critical)
    found = [
        *_critical_claims(crossings),
        _reference_ranks(profiles),
        _shared_rank(profiles),
        _exception_unfitted(sweep),
        _steps_outside(sweep),
        *_errors_beyond(profiles, crossings),
        _closed_form(sweep),
    ]
    CLAIMS.write(pl.DataFrame([claim.row() for claim in found], schema=CLAIMS.schema), out)


def _critical_claims(crossings: pl.DataFrame) -> list[Claim]:
    rows = crossings.filter((pl.col("n") == 9) & (pl.col("exceptions") == "5:3"))
    command = "memgen relational critical --n 9 --exception 5:3 --json"
    return [
        Claim(
            f"9 items, 5 beats 3: the critical {name} is {spelled}",
            EXCEPTIONS,
            None,
            value,
            rows[column][0] if rows.height else None,
            command,
        )
        for name, spelled, column, value in (
            ("gamma", "1", "gamma", 1.0),
            ("conjunctivity", "1/3", "alpha", 1 / 3),
        )
    ]


def _reference_ranks(profiles: pl.DataFrame) -> Claim:
    rows = profiles.filter(
        (pl.col("n") == 9) & (pl.col("exceptions") == "5:3") & ((pl.col("gamma") - 1).abs() < 1e-12)
    )
    expected = np.array(REFERENCE_RANKS)[rows["item"].to_numpy()]
    return Claim(
        "9 items, 5 beats 3, gamma 1: ranks .6 .2 0 -.2 0 .2 0 -.2 -.6 (largest deviation)",
        EXCEPTIONS,
        "rank_profiles",
        0.0,
        _largest(rows["rank"].to_numpy() - expected),
        "memgen relational ranks --n 9 --exception 5:3 --alpha 0.3 --ridge 0.05 --json",
    )


def _shared_rank(profiles: pl.DataFrame) -> Claim:
    spreads = []
    for (label,), rows in _additive(profiles).group_by("exceptions", maintain_order=True):
        for first, last in Hierarchy.of(rows["n"][0], label).components:
            loop = rows.filter(pl.col("item").is_between(first, last))
            for _, profile in loop.group_by("hierarchy", maintain_order=True):
                ranks = profile["rank"].to_numpy()
                spreads.append(ranks.max() - ranks.min())
    return Claim(
        "Additive limit, one exception: all items of the loop share one rank (largest spread)",
        EXCEPTIONS,
        "rank_profiles",
        0.0,
        _largest(np.array(spreads)),
        "memgen relational ranks --n 9 --exception 5:3 --alpha 0 --json",
    )


def _exception_unfitted(sweep: pl.DataFrame) -> Claim:
    rows = _additive(sweep).filter(pl.col("pair_class") == "exception")
    return Claim(
        "Additive limit, one exception: the exception is not fitted (largest absolute margin)",
        EXCEPTIONS,
        "rank_profiles",
        0.0,
        _largest(rows["margin"].to_numpy()),
        "memgen relational ranks --n 9 --exception 5:3 --alpha 0 --json",
    )


def _steps_outside(sweep: pl.DataFrame) -> Claim:
    rows = _additive(sweep).filter(pl.col("pair_class") == "cross")
    deviations = []
    for n, label, higher, lower, margin in rows.select(
        "n", "exceptions", "higher", "lower", "margin"
    ).iter_rows():
        ((first, last),) = Hierarchy.of(n, label).components
        deviations.append(margin - (lower - higher - (last - first)))
    return Claim(
        "Additive limit, one exception: a cross pair's margin is its number of chain steps outside the loop "
        "(largest deviation)",
        EXCEPTIONS,
        "rank_profiles",
        0.0,
        _largest(np.array(deviations)),
        "memgen relational ranks --n 9 --exception 5:3 --alpha 0 --json",
    )


def _errors_beyond(profiles: pl.DataFrame, crossings: pl.DataFrame) -> list[Claim]:
    """Share of the grid on which the sign of the pair around the loop is as the critical gamma says."""
    beyond, below = [], []
    single = crossings.filter(pl.col("gamma").is_not_null() & ~pl.col("exceptions").str.contains(" "))
    for name, n, label, critical in single.select("hierarchy", "n", "exceptions", "gamma").iter_rows():
        ((first, last),) = Hierarchy.of(n, label).components
        key = ["alpha", "ridge", "gamma"]
        rows = profiles.filter(pl.col("hierarchy") == name)
        above = rows.filter(pl.col("item") == first - 1).sort(key)
        under = rows.filter(pl.col("item") == last + 1).sort(key)
        margin, gamma = (above["rank"] - under["rank"]).to_numpy(), above["gamma"].to_numpy()
        beyond.extend(margin[gamma > critical * (1 + EXACT)] < 0)
        below.extend(margin[gamma < critical * (1 - EXACT)] > 0)
    return [
        Claim(
            f"One exception: {side} the critical gamma the cross pair next to the loop is answered {how} "
            "(share of the grid)",
            EXCEPTIONS,
            None,
            1.0,
            float(np.mean(signs)) if signs else None,
            f"memgen relational ranks --n 9 --exception 5:3 --alpha {alpha} --json",
        )
        for side, how, signs, alpha in (("beyond", "wrong", beyond, 0.5), ("below", "right", below, 0.2))
    ]


def _closed_form(sweep: pl.DataFrame) -> Claim:
    """Deviation from the published formula (1-based j < k) without exception."""
    rows = sweep.filter(
        (pl.col("exceptions") == "") & (pl.col("pair_class") == "test") & (pl.col("gamma") > 0)
    )
    n = rows["n"].to_numpy()
    one, other = rows["higher"].to_numpy() + 1, rows["lower"].to_numpy() + 1
    cosh = (1 + rows["ridge"].to_numpy()) / (1 - rows["alpha"].to_numpy())
    decay = np.arccosh(cosh)
    middle = (n + 1) / 2
    with np.errstate(over="ignore", invalid="ignore"):
        top = np.sinh((other - middle) * decay) - np.sinh((one - middle) * decay)
        expected = top / (np.sinh(middle * decay) - np.sinh((middle - 1) * decay))
    usable = np.isfinite(expected)
    return Claim(
        "Without exception, untrained pairs follow the published closed form (largest deviation)",
        CHAIN,
        "rank_profiles",
        0.0,
        _largest(rows["margin"].to_numpy()[usable] - expected[usable]),
        "memgen relational ranks --n 9 --alpha 0.25 --ridge 0.01 --json",
    )


def _additive(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of hierarchies with one exception in the additive, ridgeless limit."""
    one = (pl.col("exceptions") != "") & ~pl.col("exceptions").str.contains(" ")
    return table.filter(one & (pl.col("alpha") == 0) & (pl.col("ridge") == 0))


def _largest(deviations: np.ndarray) -> float | None:
    """Largest absolute deviation, None of nothing."""
    return float(np.abs(deviations).max()) if deviations.size else None
