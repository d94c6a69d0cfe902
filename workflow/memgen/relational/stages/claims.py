"""What the theory says of each hierarchy, beside what this study's tables hold.

Every value of ours is read from the tables. A claim whose hierarchy or grid point they lack is written down
as not tested.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from memgen.claims import Claim, shell_command, write_claims
from memgen.relational.agreement import numbers
from memgen.relational.sources import CHAIN, EXACT, EXCEPTIONS
from memgen.relational.tables import CRITICAL
from memgen.stage import Input, Output, stage

SPREAD = "Additive limit, one exception: all items of the loop share one rank (largest spread)"
UNFITTED = "Additive limit, one exception: the exception is not fitted (largest absolute margin)"
OUTSIDE = (
    "Additive limit, one exception: a cross pair's margin is its number of chain steps outside the loop "
    "(largest deviation)"
)
CLOSED_FORM = "Without exception, untrained pairs follow the published closed form (largest deviation)"
REFERENCE = "9 items, 5 beats 3, gamma 1: ranks .6 .2 0 -.2 0 .2 0 -.2 -.6 (largest deviation)"
TURNING = (
    "One exception: {} the critical gamma the cross pair next to the loop is answered {} (share of the grid)"
)


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
    swept, ranked = numbers(margins), numbers(ranks, critical)
    sweep_summary, ranks_summary = (
        shell_command("relational", "summary", "--table", margins, "--json"),
        shell_command("relational", "summary", "--table", ranks, "--critical", critical, "--json"),
    )
    profiles = "rank_profiles"
    rows: tuple[tuple[str, str, str | None, float, float | None, str], ...] = (
        (REFERENCE, EXCEPTIONS, profiles, 0.0, ranked["largest_reference_deviation"], ranks_summary),
        (SPREAD, EXCEPTIONS, profiles, 0.0, ranked["largest_loop_spread"], ranks_summary),
        (UNFITTED, EXCEPTIONS, profiles, 0.0, swept["largest_exception_margin"], sweep_summary),
        (OUTSIDE, EXCEPTIONS, profiles, 0.0, swept["largest_cross_deviation"], sweep_summary),
        (
            TURNING.format("beyond", "wrong"),
            EXCEPTIONS,
            None,
            1.0,
            ranked["share_wrong_beyond_critical"],
            ranks_summary,
        ),
        (
            TURNING.format("below", "right"),
            EXCEPTIONS,
            None,
            1.0,
            ranked["share_right_below_critical"],
            ranks_summary,
        ),
        (CLOSED_FORM, CHAIN, profiles, 0.0, swept["largest_closed_form_deviation"], sweep_summary),
    )
    found = [
        Claim(
            study="relational",
            claim=words,
            paper=paper,
            figure=figure,
            published_value=published,
            ours=ours,
            tolerance=EXACT,
            command=command,
        )
        for words, paper, figure, published, ours, command in rows
    ]
    write_claims([*_critical_claims(critical), *found], out)


def _critical_claims(critical: Path) -> list[Claim]:
    rows = CRITICAL.read(critical).filter((pl.col("n") == 9) & (pl.col("exceptions") == "5:3"))
    return [
        Claim(
            study="relational",
            claim=f"9 items, 5 beats 3: the critical {name} is {spelled}",
            paper=EXCEPTIONS,
            published_value=value,
            ours=rows[column][0] if rows.height else None,
            tolerance=EXACT,
            command=shell_command("relational", "critical", "--n", 9, "--exception", "5:3", "--json"),
        )
        for name, spelled, column, value in (
            ("gamma", "1", "gamma", 1.0),
            ("conjunctivity", "1/3", "alpha", 1 / 3),
        )
    ]
