"""Averages of trained classifiers over seeds, and how well the tables of the study agree with the theory."""

from typing import Annotated

import polars as pl

from memgen.configuration.options import About, flat
from memgen.jobs.stage import Input, Inputs, Output, command, stage
from memgen.longtail.learners import Risk
from memgen.longtail.priors import frequencies
from memgen.longtail.summary import numbers, summary_command
from memgen.longtail.tables import CLASSIFIERS, CURVES
from memgen.tables.checks import Check, write_checks
from memgen.tables.claims import THIS_STUDY
from memgen.tables.statistics import standard_error
from memgen.tables.summaries import text

PAPER = "Feldman, Does Learning Require Memorization?, arXiv 1906.05271"

DEVIATION = 4.0
"""Standard errors by which the worst of some hundred simulated settings may be off: .006 a hundred."""

LIMIT = 0.01
"""Relative deviation from a limit of large samples."""


@stage
@flat
def curves(
    *, runs: Annotated[Inputs, About("classifiers tables")], out: Annotated[Output, About("curves table")]
) -> None:
    """Average the runs of every classifier and setting over seeds."""
    table = pl.concat([CLASSIFIERS.read(path) for path in runs]).with_columns(
        excess=pl.col("test_error") - pl.col("optimum"),
        bound_excess=pl.col("lower_bound") - pl.col("optimum"),
    )
    size = ["prior", "domain", "samples", "labels"]
    masses = {
        key: Risk(frequencies(key[0], key[1]), key[2], key[3]).mass(1)
        for key in table.select(size).unique().iter_rows()
    }

    def error(values: str | pl.Expr) -> pl.Expr:
        return standard_error(values).fill_null(float("nan"))

    grouped = table.group_by(["structure", "learner", "setting", *size], maintain_order=True).agg(
        pl.col("epsilon", "delta").first(),
        pl.col("fitted_singletons", "test_error", "excess", "bound_excess").mean(),
        seeds=pl.len().cast(pl.Int64),
        fitted_standard_error=error("fitted_singletons"),
        test_standard_error=error("test_error"),
        excess_standard_error=error("excess"),
        slack_standard_error=error(pl.col("excess") - pl.col("bound_excess")),
    )
    slope = [masses[key] for key in grouped.select(size).iter_rows()]
    found = grouped.with_columns(singleton_mass=pl.Series(slope, dtype=pl.Float64))
    CURVES.write(found.select(list(CURVES.columns)), out)


@stage
@flat
def checks(
    *,
    scaling: Annotated[Input, About("scaling table")],
    simulation: Annotated[Input, About("simulation table")],
    tradeoff: Annotated[Input, About("trade-off table")],
    privacy: Annotated[Input, About("privacy table")],
    noise: Annotated[Input, About("noise table")],
    out: Annotated[Output, About("checks table")],
) -> None:
    """Write the checks of the long-tail theory with the values of this study's tables.

    These are closed forms that only a bug can break.
    """
    simulated = "(largest deviation of simulations in standard errors)"
    rows = (
        (f"Every learner's error is sum_l e_l M_l {simulated}",
         THIS_STUDY, simulation, "largest_deviation", 0.0, DEVIATION),
        (f"Excess error falls with the share of singletons fitted on a line of slope tau_1 K_1 {simulated}",
         THIS_STUDY, tradeoff, "largest_deviation", 0.0, DEVIATION),
        ("Even noisy labels must be fitted: guessing singletons costs label_keep (1 - 1/m) M_1 "
         f"{simulated}",
         THIS_STUDY, noise, "largest_deviation", 0.0, DEVIATION),
        ("Label differential privacy costs at least tau_1 K_1 (1 - 1/m - (e^eps - 1)) (share of rows)",
         PAPER, privacy, "share_above_bounds", 1.0, 0.0),
        ("Zipf: n tau_1 approaches exp(-x) / E1(x), x = n / (N H_N) (largest relative deviation, from 10,000 "
         "points on)",
         THIS_STUDY, scaling, "largest_relative_deviation", 0.0, LIMIT),
        ("tau_1 is at least weight([1/3n, 2/n]) / 5n (share of priors and sample sizes)",
         PAPER, scaling, "share_above_bound", 1.0, 0.0),
    )  # fmt: skip
    found = [
        Check(
            study="longtail",
            check=words,
            source=source,
            expected=expected,
            allowed=allowed,
            found=numbers(path)[name],
            command=summary_command(path),
        )
        for words, source, path, name, expected, allowed in rows
    ]
    write_checks(found, out)


@command
def summary(*, table: Input, json: bool = False) -> None:
    """Print the few numbers that decide whether a table agrees with the theory.

    Parameters
    ----------
    table
        A simulation, tradeoff, noise, privacy, subgroups, scaling, curves or memorization table.
    json
        Print JSON, with every digit.
    """
    print(text(numbers(table), json))
