"""What Feldman's paper claims of the long tail, beside what the tables of this study say.

Where the paper prints a number, ours must agree to a unit of its last digit, whatever the noise of ours.
Identities of the theory stand in `checks`.
"""

import json as json_format
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from memgen.jobs.stage import Input, Inputs, Output, command, stage
from memgen.longtail.summary import numbers
from memgen.longtail.tables import COSTS, MEMORIZATION, SUBGROUPS
from memgen.tables.claims import THIS_STUDY, Claim, shell_command, write_claims

PAPER = "Feldman, Does Learning Require Memorization?, arXiv 1906.05271"
ERROR = 0.01
"""By how much a trained classifier's excess error may miss the bound: one point of error."""

LIMIT = 0.01
"""Margin of a limit of large samples, relative."""

SCORE = 0.05
"""Margin of a memorization score."""

#: Of (domain, samples): the paper's numbers, each with a unit of its last digit.
PUBLISHED = {
    (50000, 50000): {
        "tau_1_n": (0.47, 0.01, "n tau_1 = .47"),
        "singleton_fraction": (0.17, 0.01, "17% of the sample are singletons"),
        "optimal_error": (0.15, 0.01, "the optimal error is 15%"),
        "ignore_singletons_cost": (0.07, 0.01, "not fitting singletons costs about 7%"),
    },
    (5000, 50000): {
        "optimal_error": (0.018, 0.001, "the optimal error is .018"),
        "limited_cost": (0.015, 0.001, "memorization limited to 1/2 costs .015"),
    },
    (5000, 10000): {
        "optimal_error": (0.113, 0.001, "the optimal error is .113"),
        "limited_cost": (0.035, 0.001, "memorization limited to 1/2 costs .035"),
    },
    (25000, 50000): {
        "optimal_error": (0.107, 0.001, "the optimal error is .107"),
        "limited_cost": (0.031, 0.001, "memorization limited to 1/2 costs .031"),
    },
}

#: Of (domain and weight of the group, samples of the mixture): the paper's cost of limited memorization.
PUBLISHED_GROUPS = {
    (5000, 5 / 6, 60000): (0.015, "5/6 of the mixture, 5,000 points"),
    (5000, 1 / 6, 60000): (0.035, "1/6 of the mixture, 5,000 points"),
    (5000, 1 / 2, 100000): (0.015, "1/2 of the mixture, 5,000 points"),
    (25000, 1 / 2, 100000): (0.031, "1/2 of the mixture, 25,000 points"),
}


@stage
def claims(
    *, costs: Input, scaling: Input, subgroups: Inputs, curves: Input, memorization: Inputs, out: Output
) -> None:
    """Write the claims of the long-tail theory with the values of this study's tables.

    Parameters
    ----------
    costs
        Costs table.
    scaling
        Scaling table.
    subgroups
        Subgroups tables.
    curves
        Curves table.
    memorization
        Memorization tables.
    out
        Claims table.
    """
    found = [
        *_paper_numbers(costs),
        *_paper_groups(subgroups),
        _limit(scaling),
        *_bound(curves),
        *_memorization(memorization),
    ]
    write_claims(found, out)


@command
def paper_numbers(*, costs: Input, json: bool = False) -> None:
    """Print every number that the paper states for Zipf's law beside ours, and how many agree.

    Parameters
    ----------
    costs
        Costs table.
    json
        Print JSON.
    """
    rows = list(_stated(COSTS.read(costs)))
    found = {"agree": sum(row["agrees"] for row in rows), "of": len(rows), "numbers": rows}
    if json:
        print(json_format.dumps(found))
        return
    for row in rows:
        print(f"{row['words']:<50} {row['found']:.4g}{'' if row['agrees'] else ', which differs'}")
    print(f"{found['agree']} of {found['of']} agree to a unit of the last digit")


def _stated(costs: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """The paper's numbers whose sizes are in the table, beside ours."""
    for (domain, samples), stated in PUBLISHED.items():
        match = costs.filter((pl.col("domain") == domain) & (pl.col("samples") == samples))
        for column, (value, unit, words) in stated.items() if match.height else ():
            ours = match[column][0]
            yield {
                "words": f"{domain:,} points, {samples:,} samples: {words}",
                "stated": value,
                "found": ours,
                "agrees": abs(ours - value) <= unit,
            }


def _paper_numbers(path: Path) -> list[Claim]:
    rows = list(_stated(COSTS.read(path)))
    return [
        Claim(
            study="longtail",
            id="numbers-stated",
            claim="The numbers that the paper states for Zipf's law and 10 labels are found again, to a unit "
            "of their last digit (how many)",
            paper=PAPER,
            figure="longtail_scaling",
            sense="equal",
            threshold=float(len(rows)),
            margin=0.5,
            published_value=float(len(rows)),
            ours=float(sum(row["agrees"] for row in rows)) if rows else None,
            would_fail="A number further than one unit of its last digit.",
            command=shell_command("longtail", "paper-numbers", "--costs", path, "--json"),
        )
    ]


def _paper_groups(paths: list[Path]) -> list[Claim]:
    rows = []
    for place, ((domain, weight, samples), (value, words)) in enumerate(PUBLISHED_GROUPS.items()):
        # Without such a mixture there is no value of ours: the subgroup alone comes closest.
        ours, error, repeats, shown = None, None, 0, _priced(domain, round(weight * samples))
        for path in paths:
            match = SUBGROUPS.read(path).filter(
                (pl.col("domain") == domain)
                & (pl.col("samples") == samples)
                & ((pl.col("weight") - weight).abs() < 1e-4)
                & (pl.col("memorization_limit") == 0.5)
            )
            if match.height:
                ours, error = match["cost_simulated"][0], match["standard_error"][0]
                repeats, shown = match["repeats"][0], _shown(path)
        rows.append(
            Claim(
                study="longtail",
                id="subgroups-pay",
                leads=place == 1,
                claim=f"Limiting memorization to 1/2 costs the subgroup ({words}; n = {samples:,}) {value}",
                paper=PAPER,
                figure="longtail_subgroups",
                sense="equal",
                threshold=value,
                margin=0.001,
                published_value=value,
                ours=ours,
                standard_error=error,
                unit="simulated draws",
                n_units=repeats,
                would_fail=f"A 95% interval wholly further than .001, one last digit, from {value:g}.",
                command=shown,
            )
        )
    return rows


def _priced(domain: int, samples: int) -> str:
    """Command that prints the errors of one domain in closed form."""
    size = ("--domain", domain, "--samples", samples)
    return shell_command("longtail", "error", "--prior", "zipf", *size, "--json")


def _shown(path: Path) -> str:
    """Command that prints the numbers of a table."""
    return shell_command("longtail", "summary", "--table", path, "--json")


def _limit(scaling: Path) -> Claim:
    """That the frequency of a singleton follows the limit of large samples."""
    return Claim(
        study="longtail",
        id="singletons-limit",
        claim="Zipf: n tau_1 approaches exp(-x) / E1(x), x = n / (N H_N) (largest relative deviation, from "
        "10,000 points on)",
        paper=THIS_STUDY,
        figure="longtail_scaling",
        sense="equal",
        threshold=0.0,
        margin=LIMIT,
        ours=numbers(scaling)["largest_relative_deviation"],
        would_fail=f"A sample size at which the two differ by more than {LIMIT:.0%}.",
        command=_shown(scaling),
    )


def _bound(curves: Path) -> list[Claim]:
    """That trained classifiers err by at least what the theory says of those they leave unfitted."""
    found = numbers(curves)
    bound = "Trained classifiers on clustered data err by at least opt + sum_l tau_l errn_l"
    return [
        Claim(
            study="longtail",
            id="bound-holds",
            claim=f"{bound} ({words})",
            paper=PAPER,
            figure="longtail_classifiers",
            sense="above",
            threshold=0.0,
            margin=ERROR,
            ours=found[f"{prefix}slack"],
            standard_error=found[f"{prefix}standard_error"],
            unit="training seeds",
            n_units=int(found["seeds"] or 0),
            leads=not prefix,
            would_fail=f"An excess error below the bound by more than {ERROR:g}, beyond what seeds explain.",
            command=_shown(curves),
        )
        for prefix, words in (
            ("", "excess error minus the bound, mean over learners and settings"),
            ("worst_", "excess error minus the bound, of the setting whose interval reaches lowest"),
        )
    ]


def _memorization(paths: list[Path]) -> list[Claim]:
    rows: list[Claim] = []
    for path in paths:
        table = MEMORIZATION.read(path)
        if table["learner"][0] != "neighbours" or table["setting"].min() != 1:
            continue
        found = numbers(path)
        rows.append(
            Claim(
                study="longtail",
                id="neighbour-memorizes",
                leads=not rows,
                claim=f"Nearest neighbour memorizes singletons by 1 - 1/m ({table['structure'][0]} clusters)",
                paper=THIS_STUDY,
                figure="longtail_memorization",
                sense="equal",
                threshold=found["expected"] or 0.0,
                margin=SCORE,
                ours=found["score"],
                standard_error=found["standard_error"],
                unit="training seeds",
                n_units=int(found["seeds"] or 0),
                possible=(-1.0, 1.0),
                would_fail=f"A 95% interval of the score wholly further than {SCORE:g} from 1 - 1/m.",
                command=_shown(path),
            )
        )
    return rows
