"""What the papers say of the theory, beside what this study's tables hold.

Every value of ours is read from the tables; a claim whose hierarchy or grid point they lack is written down
as not tested. Identities of the theory stand in `checks`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import polars as pl

from memgen.jobs.stage import Input, Output, stage
from memgen.relational.hierarchy import HIGHER, LOWER, PAPER
from memgen.relational.metrics import CHAIN, EXCEPTIONS, WIDE, numbers
from memgen.relational.tables import FINITE_WIDTH_SLOPES
from memgen.tables.claims import THIS_STUDY, Claim, shell_command, write_claims

EXPONENT = 0.05
"""Margin of an exponent, specified in advance: a tenth of the exponents that are claimed."""


@stage
def claims(
    *, margins: Input, critical: Input, depth: Input, widths: Input, slopes: Input, out: Output
) -> None:
    """Write the claims about the theory with the values of this study's tables.

    Parameters
    ----------
    margins
        Sweep table.
    critical
        Critical placement table.
    depth
        Depth table.
    widths
        Finite networks by width.
    slopes
        Slopes of finite networks over width.
    out
        Claims table.
    """
    write_claims([*_representations(margins, critical, depth), *_networks(widths, slopes)], out)


def _exact(
    id: str,
    claim: str,
    paper: str,
    figure: str,
    table: Path,
    name: str,
    sense: Literal["above", "below", "equal"],
    threshold: float,
    would_fail: str,
    margin: float | None = None,
) -> Claim:
    """A claim about one number of a table that the theory gives exactly."""
    return Claim(
        study="relational",
        id=id,
        claim=claim,
        paper=paper,
        figure=figure,
        sense=sense,
        threshold=threshold,
        margin=margin,
        ours=numbers(table)[name],
        would_fail=would_fail,
        command=_summary(table),
    )


def _representations(margins: Path, critical: Path, depth: Path) -> list[Claim]:
    """What depends on the representation alone."""
    return [
        _exact(
            "mistakes-exist",
            f"Some representations answer {HIGHER} v {LOWER} wrong with the exception {PAPER.label} (share "
            "of the grid of conjunctivity, no ridge)",
            EXCEPTIONS,
            "phase_representation",
            margins,
            f"share_wrong_{HIGHER}_v_{LOWER}",
            "above",
            0.0,
            f"No conjunctivity of the grid answers {HIGHER} v {LOWER} wrong.",
        ),
        _exact(
            "balance-exists",
            f"Some representations remember the exception {PAPER.label} and answer every other pair right "
            "(share of the grid of conjunctivity and ridge)",
            EXCEPTIONS,
            "phase_representation",
            margins,
            "share_balanced",
            "above",
            0.0,
            "At every conjunctivity and ridge of the grid the exception is forgotten, or another pair wrong.",
        ),
        _exact(
            "representation-matters",
            f"Generalization depends on the representation more with the exception {PAPER.label} than "
            "without (range over conjunctivity of the share of untrained pairs answered right, with "
            "minus without)",
            EXCEPTIONS,
            "rank_profiles",
            margins,
            "spread_over_conjunctivity",
            "above",
            0.0,
            "The share answered right varies as much without the exception.",
        ),
        _exact(
            "critical-falls",
            "The critical gamma falls as about 1 / n^2 (exponent of n, long chains)",
            THIS_STUDY,
            "critical_placement",
            critical,
            "exponent_of_n",
            "equal",
            -2.0,
            f"An exponent further than {EXPONENT:g} from -2.",
            EXPONENT,
        ),
        _exact(
            "depth-conjunctive",
            "Conjunctivity rises strictly with depth in nonlinear networks (smallest step of one layer)",
            CHAIN,
            "depth",
            depth,
            "smallest_step_of_depth",
            "above",
            0.0,
            "One layer more that leaves conjunctivity as it is, or lowers it, at any nonlinearity.",
        ),
    ]


def _networks(widths: Path, slopes: Path) -> list[Claim]:
    """What networks of finite width do, over their seeds."""
    found = []
    summary, accuracies = numbers(slopes), numbers(widths)
    deviations = FINITE_WIDTH_SLOPES.read(slopes).filter(pl.col("quantity") == "deviation")
    for name in deviations["hierarchy"].unique(maintain_order=True):
        seeds = int(summary[f"lazy_seeds_{name}"] or 0)
        common = {
            "study": "relational",
            "figure": "finite_width",
            "unit": "training seeds",
            "family": "networks",
        }
        found += [
            Claim(
                **common,  # type: ignore[arg-type]
                id=f"width-lazy-{name}",
                claim=f"Lazy networks approach the kernel theory as the inverse root of the width ({name}, "
                "exponent)",
                paper=WIDE,
                sense="equal",
                threshold=-0.5,
                margin=EXPONENT,
                published_value=-0.5,
                ours=summary[f"lazy_exponent_{name}"],
                standard_error=summary[f"lazy_standard_error_{name}"],
                n_units=seeds,
                would_fail=f"A 95% interval of the exponent wholly further than {EXPONENT:g} from -1/2.",
                command=_summary(slopes),
            ),
            Claim(
                **common,  # type: ignore[arg-type]
                id=f"width-rich-{name}",
                leads=False,
                claim=f"Rich networks do not approach it as lazy ones do ({name}, exponent minus theirs)",
                paper=CHAIN,
                sense="above",
                threshold=0.0,
                ours=summary.get(f"difference_{name}"),
                standard_error=summary.get(f"difference_standard_error_{name}"),
                n_units=seeds,
                would_fail="An exponent of rich networks at or below that of lazy ones.",
                command=_summary(slopes),
            ),
            Claim(
                **common,  # type: ignore[arg-type]
                id=f"rich-worse-{name}",
                claim=f"Rich networks generalize worse than lazy ones ({name}, accuracy on untrained pairs "
                "at the largest width, minus theirs)",
                paper=CHAIN,
                sense="below",
                threshold=0.0,
                ours=accuracies.get(f"rich_accuracy_{name}"),
                standard_error=accuracies.get(f"rich_accuracy_standard_error_{name}"),
                n_units=int(accuracies.get(f"rich_accuracy_seeds_{name}") or 0),
                would_fail="Rich networks that answer as many untrained pairs right, or more.",
                command=_summary(widths),
            ),
        ]
    return found


def _summary(table: Path) -> str:
    """Command that prints the numbers of a table."""
    return shell_command("relational", "summary", "--table", table, "--json")
