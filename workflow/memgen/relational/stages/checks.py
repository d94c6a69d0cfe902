"""Identities of the theory that the tables must obey, and that only a bug can break.

Every value is read from the tables; a check whose hierarchy or grid point they lack is not tested.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from memgen.jobs.stage import Input, Output, stage
from memgen.relational.agreement import numbers
from memgen.relational.sources import CHAIN, EXACT, ROUNDED
from memgen.relational.tables import CRITICAL, CRITICAL_PLACEMENT
from memgen.tables.checks import Check, write_checks
from memgen.tables.claims import THIS_STUDY, shell_command


@stage
def checks(
    *,
    margins: Input,
    ranks: Input,
    critical: Input,
    placement: Input,
    mechanism: Input,
    depth: Input,
    out: Output,
) -> None:
    """Write the checks of the theory with the values of this study's tables.

    Parameters
    ----------
    margins
        Sweep table.
    ranks
        Ranks table.
    critical
        Critical table.
    placement
        Critical placement table.
    mechanism
        Mechanism table.
    depth
        Depth table.
    out
        Checks table.
    """
    swept, ranked, crossings = numbers(margins), numbers(ranks, critical), numbers(placement)
    of_sweep = _summary(margins)
    of_ranks = shell_command("relational", "summary", "--table", ranks, "--critical", critical, "--json")
    rows: tuple[tuple[str, str, float, float, float | None, str], ...] = (
        ("9 items, 5 beats 3, gamma 1: ranks .6 .2 0 -.2 0 .2 0 -.2 -.6 (largest deviation)",
         THIS_STUDY, 0.0, EXACT, ranked["largest_reference_deviation"], of_ranks),
        ("Additive limit, one exception: all items of the loop share one rank (largest spread)",
         THIS_STUDY, 0.0, EXACT, ranked["largest_loop_spread"], of_ranks),
        ("Additive limit, one exception: the exception is not fitted (largest absolute margin)",
         THIS_STUDY, 0.0, EXACT, swept["largest_exception_margin"], of_sweep),
        ("Additive limit, one exception: a cross pair's margin is its number of chain steps outside the loop "
         "(largest deviation)",
         THIS_STUDY, 0.0, EXACT, swept["largest_cross_deviation"], of_sweep),
        ("One exception: beyond the critical gamma the cross pair next to the loop is answered wrong (share "
         "of the grid)",
         THIS_STUDY, 1.0, EXACT, ranked["share_wrong_beyond_critical"], of_ranks),
        ("One exception: below the critical gamma the cross pair next to the loop is answered right (share "
         "of the grid)",
         THIS_STUDY, 1.0, EXACT, ranked["share_right_below_critical"], of_ranks),
        ("Without exception, untrained pairs follow the published closed form (largest deviation)",
         CHAIN, 0.0, EXACT, swept["largest_closed_form_deviation"], of_sweep),
        ("One exception: there is a crossing exactly if l >= 2, w <= n - 3 and (l, w) != (2, n - 3) (share "
         "of the hierarchies tabulated)",
         THIS_STUDY, 1.0, EXACT, crossings["share_crossing_as_stated"], _summary(placement)),
        ("Ranks are those of plain transitive inference plus a dipole at each exception (largest relative "
         "deviation)",
         THIS_STUDY, 0.0, EXACT, numbers(mechanism)["largest_relative_deviation"], _summary(mechanism)),
        ("ReLU networks of 1 to 4 layers, NNGP and NTK: conjunctivity as stated (largest deviation)",
         THIS_STUDY, 0.0, ROUNDED, numbers(depth)["largest_reference_deviation"], _summary(depth)),
    )  # fmt: skip
    found = [
        Check(
            study="relational", check=words, source=source, expected=expected, allowed=allowed,
            found=value, command=command,
        )
        for words, source, expected, allowed, value, command in rows
    ]  # fmt: skip
    write_checks([*_critical_points(critical), _no_crossing(placement), *found], out)


def _summary(table: Path) -> str:
    """Command that prints the numbers of a table."""
    return shell_command("relational", "summary", "--table", table, "--json")


def _critical_points(critical: Path) -> list[Check]:
    rows = CRITICAL.read(critical).filter((pl.col("n") == 9) & (pl.col("exceptions") == "5:3"))
    return [
        Check(
            study="relational",
            check=f"9 items, 5 beats 3: the critical {name} is {spelled}",
            source=THIS_STUDY,
            expected=value,
            allowed=EXACT,
            found=rows[column][0] if rows.height else None,
            command=shell_command("relational", "critical", "--n", 9, "--exception", "5:3", "--json"),
        )
        for name, spelled, column, value in (
            ("gamma", "1", "gamma", 1.0),
            ("conjunctivity", "1/3", "alpha", 1 / 3),
        )
    ]


def _no_crossing(critical: Path) -> Check:
    one = CRITICAL_PLACEMENT.read(critical).filter((pl.col("n") == 7) & (pl.col("exceptions") == "4:2"))
    return Check(
        study="relational",
        check="7 items, 4 beats 2: there is no crossing (number of crossings)",
        source=THIS_STUDY,
        expected=0.0,
        allowed=EXACT,
        found=float(one["gamma"].is_not_null().sum()) if one.height else None,
        command=shell_command("relational", "critical", "--n", 7, "--exception", "4:2", "--json"),
    )
