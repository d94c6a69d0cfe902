"""Closed forms of the long tail that simulations and bounds must obey, and that only a bug can break."""

from memgen.jobs.stage import Input, Output, stage
from memgen.longtail.agreement import numbers
from memgen.tables.checks import Check, write_checks
from memgen.tables.claims import THIS_STUDY, shell_command

PAPER = "Feldman, Does Learning Require Memorization?, arXiv 1906.05271"

DEVIATION = 4.0
"""Standard errors by which the worst of some hundred simulated settings may be off: .006 a hundred."""


@stage
def checks(
    *,
    scaling: Input,
    simulation: Input,
    tradeoff: Input,
    privacy: Input,
    noise: Input,
    out: Output,
) -> None:
    """Write the checks of the long-tail theory with the values of this study's tables.

    Parameters
    ----------
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
    out
        Checks table.
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
            command=shell_command("longtail", "summary", "--table", path, "--json"),
        )
        for words, source, path, name, expected, allowed in rows
    ]
    write_checks(found, out)
