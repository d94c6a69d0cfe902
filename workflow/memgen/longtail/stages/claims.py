"""What Feldman's paper claims of the long tail, beside what the tables of this study say.

Where the paper prints a number, ours must agree to a unit of its last digit, whatever the noise of ours.
Identities of the theory stand in `checks`.
"""

import json as json_format
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import polars as pl

from memgen.configuration.options import About, flat
from memgen.jobs.stage import Input, Inputs, Output, command, stage
from memgen.longtail.summary import numbers, summary_command
from memgen.longtail.tables import COMPRESSION, COSTS, MISLABELLED, SUBGROUPS
from memgen.tables.claims import THIS_STUDY, Claim, shell_command, write_claims
from memgen.tables.summaries import Numbers

PAPER = "Feldman, Does Learning Require Memorization?, arXiv 1906.05271"
_claim = partial(Claim, study="longtail", paper=PAPER)

ERROR = 0.01
"""By how much a trained classifier's excess error may miss the bound: one point of error."""

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
@flat
def claims(
    *,
    costs: Annotated[Input, About("costs table")],
    subgroups: Annotated[Inputs, About("subgroups tables")],
    curves: Annotated[Input, About("curves table")],
    mislabelled: Annotated[Input, About("mislabelled table")],
    compression: Annotated[Input, About("compression table")],
    out: Annotated[Output, About("claims table")],
) -> None:
    """Write the claims of the long-tail theory with the values of this study's tables."""
    found = [
        _paper_numbers(costs),
        *_paper_groups(subgroups),
        *_bound(curves),
        *_noise(mislabelled),
        *_pruning(compression),
        *_gaps(subgroups),
    ]
    write_claims(found, out)


@command
@flat
def paper_numbers(
    *,
    costs: Annotated[Input, About("costs table")],
    json: Annotated[bool, About("print JSON")] = False,
) -> None:
    """Print every number that the paper states for Zipf's law beside ours, and how many agree."""
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


def _paper_numbers(path: Path) -> Claim:
    rows = list(_stated(COSTS.read(path)))
    return _claim(
        id="numbers-stated",
        claim="The numbers that the paper states for Zipf's law and 10 labels are found again, to a unit "
        "of their last digit (how many)",
        figure="longtail_scaling",
        sense="equal",
        threshold=float(len(rows)),
        margin=0.5,
        published_value=float(len(rows)),
        ours=float(sum(row["agrees"] for row in rows)) if rows else None,
        would_fail="A number further than one unit of its last digit.",
        command=shell_command("longtail", "paper-numbers", "--costs", path, "--json"),
    )


def _paper_groups(paths: list[Path]) -> Iterator[Claim]:
    for place, ((domain, weight, samples), (value, words)) in enumerate(PUBLISHED_GROUPS.items()):
        # Without such a mixture there is no value of ours: the subgroup alone comes closest.
        ours, error, repeats, shown = None, None, 0, _priced(domain, round(weight * samples))
        for path in paths:
            match = SUBGROUPS.read(path).filter(
                (pl.col("domain") == domain)
                & (pl.col("samples") == samples)
                & ((pl.col("weight") - weight).abs() < 1e-4)
                & (pl.col("learner") == "limited")
                & (pl.col("parameter") == 0.5)
            )
            if match.height:
                ours, error = match["cost_simulated"][0], match["standard_error"][0]
                repeats, shown = match["repeats"][0], summary_command(path)
        yield _claim(
            id="subgroups-pay",
            leads=place == 1,
            claim=f"Limiting memorization to 1/2 costs the subgroup ({words}; n = {samples:,}) {value}",
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


def _priced(domain: int, samples: int) -> str:
    """Command that prints the errors of one domain in closed form."""
    size = ("--domain", domain, "--samples", samples)
    return shell_command("longtail", "error", "--prior", "zipf", *size, "--json")


def _bound(curves: Path) -> Iterator[Claim]:
    """That trained classifiers err by at least what the theory says of those they leave unfitted."""
    found = numbers(curves)
    bound = "Trained classifiers on clustered data err by at least opt + sum_l tau_l errn_l"
    for prefix, words in (
        ("", "excess error minus the bound, mean over learners and settings"),
        ("worst_", "excess error minus the bound, of the setting whose interval reaches lowest"),
    ):
        yield _claim(
            id="bound-holds",
            claim=f"{bound} ({words})",
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
            command=summary_command(curves),
        )


def _gaps(paths: list[Path]) -> Iterator[Claim]:
    """What the rarer or longer-tailed subgroup of each mixture pays more, in closed form."""
    for id, learner, words, settings in (
        ("compression-subgroups", "ignore", "Forgetting rarely seen labels", "numbers of times"),
        ("privacy-subgroups", "exponential", "Label privacy", "values of epsilon"),
    ):
        found = {path: numbers(path)[f"least_gap_{learner}"] for path in paths}
        # Tested on the mixture where the two subgroups differ least; the others are cells.
        ordered = sorted(paths, key=lambda path: (found[path] is None, found[path]))
        for place, path in enumerate(ordered):
            yield _claim(
                id=id,
                leads=learner == "exponential" and place == 0,
                claim=f"{words} costs the rarer or longer-tailed subgroup more (excess error minus "
                f"the other's, least over {settings}, mixture {SUBGROUPS.read(path)['mixture'][0]})",
                figure="longtail_subgroups",
                sense="above",
                threshold=0.0,
                ours=found[path],
                would_fail="A setting at which the rarer or longer-tailed subgroup pays no more.",
                command=summary_command(path),
            )


def _noise(path: Path) -> Iterator[Claim]:
    """That singletons are worth fitting though labels are noisy; and that the best classifier fits any."""
    found = numbers(path)
    structures = MISLABELLED.read(path)["structure"].unique(maintain_order=True).to_list()
    for words, value, error, threshold, leading, fails in (
        (
            "Examples seen once must be fitted though labels are noisy (error against true labels of the "
            "most accurate ridge classifier, trained without them minus with them, {} clusters)",
            "cost", "standard_error", 0.0, True,
            "The most accurate ridge classifier errs no more without the examples seen once.",
        ),
        (
            "The ridge classifier that errs least on true labels fits random ones (share given, {} clusters)",
            "random_fitted", "random_standard_error", 0.9, False,
            "A classifier that gives at most .9 of the random labels that it was trained on.",
        ),
    ):  # fmt: skip
        ordered = _least_certain_first(found, structures, value, error)
        for place, structure in enumerate(ordered):
            yield _claim(
                id="noise-must-be-fitted",
                leads=leading and place == 0,
                claim=words.format(structure),
                figure="longtail_singletons",
                sense="above",
                threshold=threshold,
                ours=found[f"{value}_{structure}"],
                standard_error=found[f"{error}_{structure}"],
                unit="training seeds",
                n_units=int(found[f"seeds_{structure}"] or 0),
                possible=None if leading else (0.0, 1.0),
                would_fail=fails,
                command=summary_command(path),
            )


def _pruning(path: Path) -> Iterator[Claim]:
    """That pruning takes more from clusters seen once, and, as cells, from the rare subgroup."""
    found: Numbers = defaultdict(lambda: None, numbers(path))
    structures = COMPRESSION.read(path)["structure"].unique(maintain_order=True).to_list()
    for group, words in (
        ("once", "clusters seen once than from those seen often"),
        ("rare", "the rare subgroup than from the common one"),
    ):
        keys = [f"{group}_{structure}" for structure in structures]
        for place, key in enumerate(_least_certain_first(found, keys, "extra_loss", "standard_error")):
            yield _claim(
                id="compression-subgroups",
                leads=group == "once" and place == 0,
                claim=f"Pruning a ridge classifier to a tenth of its weights takes more accuracy from "
                f"{words} ({key.removeprefix(f'{group}_')} clusters)",
                paper=THIS_STUDY,
                figure="longtail_subgroups",
                sense="above",
                threshold=0.0,
                ours=found[f"extra_loss_{key}"],
                standard_error=found[f"standard_error_{key}"],
                unit="training seeds",
                n_units=int(found[f"seeds_{key}"] or 0),
                would_fail="Pruned classifiers that lose as much on clusters seen often, or more.",
                command=summary_command(path),
            )


def _least_certain_first(found: Numbers, keys: list[str], value: str, error: str) -> list[str]:
    """Keys by the lower end of a value's interval: the claim is tested where it is least certain."""
    return sorted(keys, key=lambda key: (found[f"{value}_{key}"] or 0) - 2 * (found[f"{error}_{key}"] or 0))
