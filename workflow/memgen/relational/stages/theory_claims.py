"""What the theory says of its mechanism, critical points, deep and finite networks, beside the tables.

Continues `claims` with the tables of wider sweeps. Every value of ours is read from the tables; a claim whose
rows they lack is written down as not tested.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from memgen.claims import CLAIMS
from memgen.relational.sources import CHAIN, EXACT, EXCEPTIONS, Claim
from memgen.relational.tables import CRITICAL_GEOMETRY, DEPTH, FINITE_WIDTH_SLOPES, MECHANISM
from memgen.stage import Input, Output, stage

WIDE = "Jacot, Gabriel, Hongler, NeurIPS 2018"
REFERENCE = {"nngp": (0.0, 0.147155, 0.248721, 0.325348), "ntk": (0.0, 0.257864, 0.424643, 0.539084)}
"""Conjunctivity of ReLU networks of 1 to 4 layers (theory: Kernel family), to six digits."""

ROUNDED = 1e-6
"""One unit of the last digit that the source gives."""

LONG = 200
"""Chains from this length on are taken for long."""


@stage
def theory_claims(*, critical: Input, mechanism: Input, depth: Input, slopes: Input, out: Output) -> None:
    """Write further claims of the theory with the values of this study's tables.

    Parameters
    ----------
    critical
        Critical geometry table.
    mechanism
        Mechanism table.
    depth
        Depth table.
    slopes
        Slopes of finite networks over width.
    out
        Claims table.
    """
    crossings, networks = CRITICAL_GEOMETRY.read(critical), DEPTH.read(depth)
    rows = [
        *(claim.row() for claim in _critical(crossings)),
        _sum(MECHANISM.read(mechanism)).row(),
        *(claim.row() for claim in _depth(networks)),
        *_widths(FINITE_WIDTH_SLOPES.read(slopes)),
    ]
    CLAIMS.write(pl.DataFrame(rows, schema=CLAIMS.schema), out)


def _critical(crossings: pl.DataFrame) -> list[Claim]:
    """Where there is a crossing, and how it falls with n."""
    one = crossings.filter((pl.col("n") == 7) & (pl.col("exceptions") == "4:2"))
    loser, winner = pl.col("position"), pl.col("position") + pl.col("span")
    room = (loser >= 2) & (winner <= pl.col("n") - 3)
    expected = room & ~((loser == 2) & (winner == pl.col("n") - 3))
    right = crossings.select((pl.col("gamma").is_not_null() == expected).mean()).item()
    long = crossings.filter(
        pl.col("centred") & (pl.col("n") >= LONG) & (pl.col("span") == crossings["span"].min())
    )
    slope = None
    if long["n"].n_unique() > 1:
        slope = float(np.polyfit(np.log(long["n"].to_numpy()), np.log(long["gamma"].to_numpy()), 1)[0])
    return [
        Claim(
            "7 items, 4 beats 2: there is no crossing (number of crossings)",
            EXCEPTIONS,
            "critical_geometry",
            0.0,
            float(one["gamma"].is_not_null().sum()) if one.height else None,
            "memgen relational critical --n 7 --exception 4:2 --json",
        ),
        Claim(
            "One exception: there is a crossing exactly if l >= 2, w <= n - 3 and (l, w) != (2, n - 3) "
            "(share of the hierarchies tabulated)",
            EXCEPTIONS,
            "critical_geometry",
            1.0,
            right,
            "make figure NAME=critical_geometry",
        ),
        Claim(
            "The critical gamma falls as about 1 / n^2 (exponent of n, long chains)",
            EXCEPTIONS,
            "critical_geometry",
            -2.0,
            slope,
            "make figure NAME=critical_geometry",
            tolerance=0.05,
        ),
    ]


def _sum(parts: pl.DataFrame) -> Claim:
    """Ranks minus the sum of their parts, relative to the largest rank of the chain alone."""
    key = ["hierarchy", "alpha", "ridge"]
    value, part = pl.col("value"), pl.col("part")
    off = parts.group_by([*key, "item"]).agg(
        off=value.filter(part == "ranks").sum() - value.filter(part != "ranks").sum()
    )
    scale = parts.filter(part == "chain").group_by(key).agg(scale=value.abs().max())
    worst = off.join(scale, on=key).select((pl.col("off").abs() / pl.col("scale")).max()).item()
    return Claim(
        "Ranks are those of plain transitive inference plus a dipole at each exception "
        "(largest relative deviation)",
        EXCEPTIONS,
        "mechanism",
        0.0,
        worst,
        "make figure NAME=mechanism",
    )


def _depth(networks: pl.DataFrame) -> list[Claim]:
    """Conjunctivity of deep networks."""
    found = networks.select("kernel", "depth", "rho", "alpha").unique().sort("kernel", "rho", "depth")
    deviations = [
        found.filter((pl.col("kernel") == kernel) & (pl.col("depth") == layers) & (pl.col("rho") == 1))[
            "alpha"
        ].to_numpy()
        - value
        for kernel, values in REFERENCE.items()
        for layers, value in enumerate(values, start=1)
    ]
    nonlinear = found.filter(pl.col("rho") > 0)
    rises = nonlinear.select(pl.col("alpha").diff().over("kernel", "rho")).drop_nulls()["alpha"]
    known = np.concatenate(deviations)
    return [
        Claim(
            "ReLU networks of 1 to 4 layers, NNGP and NTK: conjunctivity as stated (largest deviation)",
            EXCEPTIONS,
            "depth",
            0.0,
            float(np.abs(known).max()) if known.size else None,
            "memgen relational conjunctivity --kernel ntk --depth 2 --json",
            tolerance=ROUNDED,
        ),
        Claim(
            "Conjunctivity rises strictly with depth in nonlinear networks (share of the steps)",
            CHAIN,
            "depth",
            1.0,
            float((rises > 0).mean()) if rises.len() else None,  # type: ignore[arg-type]
            "memgen relational conjunctivity --kernel nngp --depth 3 --json",
            tolerance=EXACT,
        ),
    ]


def _widths(slopes: pl.DataFrame) -> list[dict[str, object]]:
    """Lazy networks approach the theory by the inverse root of the width, rich ones more slowly."""
    rows = []
    deviations = slopes.filter(pl.col("quantity") == "deviation")
    for (name,), group in deviations.group_by("hierarchy", maintain_order=True):
        fit = {row["regime"]: row for row in group.iter_rows(named=True)}
        lazy, rich = fit["lazy"], fit["rich"]
        rows.append(
            Claim(
                "Lazy networks approach the kernel theory as the inverse root of the width "
                f"({name}, exponent)",
                WIDE,
                "finite_width",
                -0.5,
                lazy["slope"],
                "make figure NAME=finite_width",
                tolerance=0.0,
                standard_error=lazy["standard_error"],
            ).row()
        )
        apart = rich["low"] > lazy["high"]
        rows.append(
            {
                "claim": "Rich networks do not approach it as lazy ones do: their exponent is larger, "
                f"the two 95 % intervals do not overlap ({name}; difference)",
                "paper": CHAIN,
                "figure": "finite_width",
                "published_value": None,
                "ours": rich["slope"] - lazy["slope"],
                "standard_error": float(np.hypot(rich["standard_error"], lazy["standard_error"])),
                "tolerance": None,
                "verdict": "agrees" if apart else "differs",
                "command": "make figure NAME=finite_width",
            }
        )
    return rows
