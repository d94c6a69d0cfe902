"""What the theory says of its mechanism, critical points, deep and finite networks, beside the tables.

Continues `claims` with the tables of wider sweeps. Every value of ours is read from the tables; a claim whose
rows they lack is written down as not tested.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from memgen.claims import Claim, shell_command, write_claims
from memgen.relational.agreement import numbers
from memgen.relational.sources import CHAIN, EXACT, EXCEPTIONS, ROUNDED, WIDE
from memgen.relational.tables import CRITICAL_GEOMETRY, FINITE_WIDTH_SLOPES
from memgen.stage import Input, Output, stage


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
    crossings, deep = numbers(critical), numbers(depth)
    found = [
        _no_crossing(critical),
        Claim(
            study="relational",
            claim="One exception: there is a crossing exactly if l >= 2, w <= n - 3 and (l, w) != (2, n - 3) "
            "(share of the hierarchies tabulated)",
            paper=EXCEPTIONS,
            figure="critical_geometry",
            published_value=1.0,
            ours=crossings["share_crossing_as_stated"],
            tolerance=EXACT,
            command=_summary(critical),
        ),
        Claim(
            study="relational",
            claim="The critical gamma falls as about 1 / n^2 (exponent of n, long chains)",
            paper=EXCEPTIONS,
            figure="critical_geometry",
            published_value=-2.0,
            ours=crossings["exponent_of_n"],
            tolerance=0.05,
            command=_summary(critical),
        ),
        Claim(
            study="relational",
            claim="Ranks are those of plain transitive inference plus a dipole at each exception "
            "(largest relative deviation)",
            paper=EXCEPTIONS,
            figure="mechanism",
            published_value=0.0,
            ours=numbers(mechanism)["largest_relative_deviation"],
            tolerance=EXACT,
            command=_summary(mechanism),
        ),
        Claim(
            study="relational",
            claim="ReLU networks of 1 to 4 layers, NNGP and NTK: conjunctivity as stated (largest deviation)",
            paper=EXCEPTIONS,
            figure="depth",
            published_value=0.0,
            ours=deep["largest_reference_deviation"],
            tolerance=ROUNDED,
            command=_summary(depth),
        ),
        Claim(
            study="relational",
            claim="Conjunctivity rises strictly with depth in nonlinear networks (share of the steps)",
            paper=CHAIN,
            figure="depth",
            published_value=1.0,
            ours=deep["share_rising_with_depth"],
            tolerance=EXACT,
            command=_summary(depth),
        ),
        *_widths(slopes),
    ]
    write_claims(found, out)


def _summary(table: Path) -> str:
    """Command that prints the numbers of a table."""
    return shell_command("relational", "summary", "--table", table, "--json")


def _no_crossing(critical: Path) -> Claim:
    one = CRITICAL_GEOMETRY.read(critical).filter((pl.col("n") == 7) & (pl.col("exceptions") == "4:2"))
    return Claim(
        study="relational",
        claim="7 items, 4 beats 2: there is no crossing (number of crossings)",
        paper=EXCEPTIONS,
        figure="critical_geometry",
        published_value=0.0,
        ours=float(one["gamma"].is_not_null().sum()) if one.height else None,
        tolerance=EXACT,
        command=shell_command("relational", "critical", "--n", 7, "--exception", "4:2", "--json"),
    )


def _widths(path: Path) -> list[Claim]:
    """Lazy networks approach the theory by the inverse root of the width, rich ones more slowly."""
    found = []
    summary = numbers(path)
    deviations = FINITE_WIDTH_SLOPES.read(path).filter(pl.col("quantity") == "deviation")
    for (name,), group in deviations.group_by("hierarchy", maintain_order=True):
        fit = {row["regime"]: row for row in group.iter_rows(named=True)}
        found += [
            Claim(
                study="relational",
                claim="Lazy networks approach the kernel theory as the inverse root of the width "
                f"({name}, exponent)",
                paper=WIDE,
                figure="finite_width",
                published_value=-0.5,
                ours=summary[f"lazy_exponent_{name}"],
                standard_error=summary[f"lazy_standard_error_{name}"],
                tolerance=0.0,
                command=_summary(path),
            ),
            Claim(
                study="relational",
                claim="Rich networks do not approach it as lazy ones do: their exponent is larger, "
                f"the two 95 % intervals do not overlap ({name}; difference)",
                paper=CHAIN,
                figure="finite_width",
                ours=summary[f"difference_{name}"],
                standard_error=summary[f"difference_standard_error_{name}"],
                judged="agrees" if fit["rich"]["low"] > fit["lazy"]["high"] else "differs",
                command=_summary(path),
            ),
        ]
    return found
