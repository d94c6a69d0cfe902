"""What the papers say of the theory, beside what this study's tables hold.

Every value of ours is read from the tables; a claim whose hierarchy or grid point they lack is written down
as not tested. Identities of the theory stand in `checks`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import polars as pl

from memgen.configuration.options import About, flat
from memgen.jobs.stage import Input, Output, stage
from memgen.relational.hierarchy import HIGHER, LOWER, PAPER
from memgen.relational.metrics import CHAIN, EXCEPTIONS, WIDE, numbers, summary_command
from memgen.relational.tables import FINITE_WIDTH_SLOPES
from memgen.tables.claims import THIS_STUDY, Claim, write_claims

EXPONENT = 0.05
"""Margin of an exponent, specified in advance: a tenth of the exponents that are claimed."""


@stage
@flat
def claims(
    *,
    margins: Annotated[Input, About("sweep table")],
    critical: Annotated[Input, About("critical placement table")],
    depth: Annotated[Input, About("depth table")],
    widths: Annotated[Input, About("finite networks by width")],
    slopes: Annotated[Input, About("slopes of finite networks over width")],
    out: Annotated[Output, About("claims table")],
) -> None:
    """Write the claims about the theory with the values of this study's tables."""
    write_claims([*_representations(margins, critical, depth), *_networks(widths, slopes)], out)


def _representations(margins: Path, critical: Path, depth: Path) -> Iterator[Claim]:
    """What depends on the representation alone: each claim is about one number, which the theory gives."""
    above: dict[str, Any] = {"sense": "above", "threshold": 0.0}
    square: dict[str, Any] = {"sense": "equal", "threshold": -2.0, "margin": EXPONENT}
    for id, claim, paper, figure, table, name, bound, would_fail in (
        ("mistakes-exist",
         f"Some representations answer {HIGHER} v {LOWER} wrong with the exception {PAPER.label} (share "
         "of the grid of conjunctivity, no ridge)",
         EXCEPTIONS, "phase_representation", margins, f"share_wrong_{HIGHER}_v_{LOWER}", above,
         f"No conjunctivity of the grid answers {HIGHER} v {LOWER} wrong."),
        ("balance-exists",
         f"Some representations remember the exception {PAPER.label} and answer every other pair right "
         "(share of the grid of conjunctivity and ridge)",
         EXCEPTIONS, "phase_representation", margins, "share_balanced", above,
         "At every conjunctivity and ridge of the grid the exception is forgotten, or another pair wrong."),
        ("representation-matters",
         f"Generalization depends on the representation more with the exception {PAPER.label} than "
         "without (range over conjunctivity of the share of untrained pairs answered right, with "
         "minus without)",
         EXCEPTIONS, "rank_profiles", margins, "spread_over_conjunctivity", above,
         "The share answered right varies as much without the exception."),
        ("critical-falls",
         "The critical gamma falls as about 1 / n^2 (exponent of n, long chains)",
         THIS_STUDY, "critical_placement", critical, "exponent_of_n", square,
         f"An exponent further than {EXPONENT:g} from -2."),
        ("depth-conjunctive",
         "Conjunctivity rises strictly with depth in nonlinear networks (smallest step of one layer)",
         CHAIN, "depth", depth, "smallest_step_of_depth", above,
         "One layer more that leaves conjunctivity as it is, or lowers it, at any nonlinearity."),
    ):  # fmt: skip
        yield Claim(
            study="relational",
            id=id,
            claim=claim,
            paper=paper,
            figure=figure,
            ours=numbers(table)[name],
            would_fail=would_fail,
            command=summary_command(table),
            **bound,
        )


def _networks(widths: Path, slopes: Path) -> Iterator[Claim]:
    """What networks of finite width do, over their seeds."""
    summary, accuracies = numbers(slopes), numbers(widths)
    deviations = FINITE_WIDTH_SLOPES.read(slopes).filter(pl.col("quantity") == "deviation")
    common: dict[str, Any] = {
        "study": "relational", "figure": "finite_width", "unit": "training seeds", "family": "networks"
    }  # fmt: skip
    for name in deviations["hierarchy"].unique(maintain_order=True):
        seeds = int(summary[f"lazy_seeds_{name}"] or 0)
        of_slopes = common | {"n_units": seeds, "command": summary_command(slopes)}
        yield Claim(
            **of_slopes,
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
            would_fail=f"A 95% interval of the exponent wholly further than {EXPONENT:g} from -1/2.",
        )
        yield Claim(
            **of_slopes,
            id=f"width-rich-{name}",
            leads=False,
            claim=f"Rich networks do not approach it as lazy ones do ({name}, exponent minus theirs)",
            paper=CHAIN,
            sense="above",
            threshold=0.0,
            ours=summary.get(f"difference_{name}"),
            standard_error=summary.get(f"difference_standard_error_{name}"),
            would_fail="An exponent of rich networks at or below that of lazy ones.",
        )
        yield Claim(
            **common,
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
            command=summary_command(widths),
        )
