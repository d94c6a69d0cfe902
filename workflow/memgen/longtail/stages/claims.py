"""What Feldman's paper and its theory claim of the long tail, beside what the tables of this study say."""

from pathlib import Path

import polars as pl

from memgen.claims import Claim, shell_command, write_claims
from memgen.longtail.agreement import numbers
from memgen.longtail.tables import COSTS, MEMORIZATION, SUBGROUPS
from memgen.stage import Input, Inputs, Output, stage

PAPER = "Feldman, Does Learning Require Memorization?, arXiv 1906.05271"
THEORY = f"{PAPER}; closed forms of this study"

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


def _claim(
    claim: str,
    figure: str,
    published: float | None,
    ours: float | None,
    tolerance: float,
    command: str,
    standard_error: float | None = None,
    paper: str = PAPER,
) -> Claim:
    """One claim of this study."""
    return Claim(
        study="longtail",
        claim=claim,
        paper=paper,
        figure=figure,
        published_value=published,
        ours=ours,
        standard_error=standard_error,
        tolerance=tolerance,
        command=command,
    )


@stage
def claims(
    *,
    costs: Input,
    scaling: Input,
    simulation: Input,
    tradeoff: Input,
    privacy: Input,
    noise: Input,
    subgroups: Inputs,
    curves: Input,
    memorization: Inputs,
    out: Output,
) -> None:
    """Write the claims of the long-tail theory with the values of this study's tables.

    Parameters
    ----------
    costs
        Costs table.
    scaling
        Scaling table.
    simulation
        Simulation table.
    tradeoff
        Trade-off table.
    privacy
        Privacy table.
    noise
        Noise table.
    subgroups
        Subgroups tables.
    curves
        Curves table.
    memorization
        Memorization tables.
    out
        Claims table.
    """
    paths = {
        "scaling": scaling,
        "simulation": simulation,
        "tradeoff": tradeoff,
        "privacy": privacy,
        "noise": noise,
        "curves": curves,
    }
    found = [
        *_paper_numbers(COSTS.read(costs)),
        *_paper_groups(subgroups),
        *_theory(paths),
        *_memorization(memorization),
    ]
    write_claims(found, out)


def _paper_numbers(costs: pl.DataFrame) -> list[Claim]:
    rows = []
    for (domain, samples), stated in PUBLISHED.items():
        match = costs.filter((pl.col("domain") == domain) & (pl.col("samples") == samples))
        command = _priced(domain, samples)
        for column, (value, unit, words) in stated.items():
            ours = match[column][0] if match.height else None
            text = f"Zipf, {domain:,} points, {samples:,} samples, 10 labels: {words}"
            rows.append(_claim(text, "longtail_scaling", value, ours, unit, command))
    return rows


def _paper_groups(paths: list[Path]) -> list[Claim]:
    rows = []
    for (domain, weight, samples), (value, words) in PUBLISHED_GROUPS.items():
        # Without such a mixture there is no value of ours: the subgroup alone comes closest.
        ours, error, command = None, None, _priced(domain, round(weight * samples))
        for path in paths:
            match = SUBGROUPS.read(path).filter(
                (pl.col("domain") == domain)
                & (pl.col("samples") == samples)
                & ((pl.col("weight") - weight).abs() < 1e-4)
                & (pl.col("memorization_limit") == 0.5)
            )
            if match.height:
                ours, error, command = match["cost_simulated"][0], match["standard_error"][0], _shown(path)
        text = f"Limiting memorization to 1/2 costs the subgroup ({words}; n = {samples:,}) {value}"
        rows.append(_claim(text, "longtail_subgroups", value, ours, 0.001, command, error))
    return rows


def _priced(domain: int, samples: int) -> str:
    """Command that prints the errors of one domain in closed form."""
    size = ("--domain", domain, "--samples", samples)
    return shell_command("longtail", "error", "--prior", "zipf", *size, "--json")


def _shown(path: Path) -> str:
    """Command that prints the numbers of a table."""
    return shell_command("longtail", "summary", "--table", path, "--json")


def _theory(paths: dict[str, Path]) -> list[Claim]:
    """Claims that the closed forms, and the bounds, hold in the tables."""
    simulated = (
        ("simulation", "Every learner's error is sum_l e_l M_l"),
        ("tradeoff", "Excess error falls with the share of singletons fitted on a line of slope tau_1 K_1"),
        ("noise", "Even noisy labels must be fitted: guessing singletons costs label_keep (1 - 1/m) M_1"),
    )
    rows = [
        _claim(
            f"{words} (largest deviation of simulations in standard errors)",
            f"longtail_{table}",
            0.0,
            numbers(paths[table])["largest_deviation"],
            4.0,
            _shown(paths[table]),
            paper=THEORY,
        )
        for table, words in simulated
    ]
    bounds = (
        (
            "privacy",
            "share_above_bounds",
            1.0,
            0.0,
            "Label differential privacy costs at least tau_1 K_1 (1 - 1/m - (e^eps - 1)) (share of rows)",
        ),
        (
            "scaling",
            "share_above_bound",
            1.0,
            0.0,
            "tau_1 is at least weight([1/3n, 2/n]) / 5n (share of priors and sample sizes)",
        ),
        (
            "scaling",
            "largest_relative_deviation",
            0.0,
            0.01,
            "Zipf: n tau_1 approaches exp(-x) / E1(x), x = n / (N H_N) (largest relative deviation)",
        ),
        (
            "curves",
            "largest_shortfall",
            0.0,
            4.0,
            "Trained classifiers on clustered data err by at least opt + sum_l tau_l errn_l (largest "
            "shortfall in standard errors)",
        ),
    )
    figures = {"curves": "longtail_classifiers"}
    rows += [
        _claim(
            words,
            figures.get(table, f"longtail_{table}"),
            value,
            numbers(paths[table])[key],
            tolerance,
            _shown(paths[table]),
        )
        for table, key, value, tolerance, words in bounds
    ]
    return rows


def _memorization(paths: list[Path]) -> list[Claim]:
    rows = []
    for path in paths:
        table = MEMORIZATION.read(path)
        if table["learner"][0] != "neighbours" or table["setting"].min() != 1:
            continue
        found = numbers(path)
        rows.append(
            _claim(
                f"Nearest neighbour on {table['structure'][0]} clusters memorizes singletons by 1 - 1/m",
                "longtail_memorization",
                found["expected"],
                found["score"],
                0.0,
                _shown(path),
                found["standard_error"],
                paper=THEORY,
            )
        )
    return rows
