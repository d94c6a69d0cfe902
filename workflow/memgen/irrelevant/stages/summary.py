"""How well a table bears out the paper, on the command line, and what of it only a bug can break."""

from memgen.irrelevant.summaries import numbers
from memgen.jobs.stage import Input, Output, command, stage
from memgen.tables.checks import Check, write_checks
from memgen.tables.claims import THIS_STUDY, shell_command
from memgen.tables.summaries import text


@command
def summary(*, table: Input, json: bool = False) -> None:
    """Print the few numbers that decide whether a table agrees with the paper.

    Parameters
    ----------
    table
        A simulation, averages or leakage table.
    json
        Print JSON, with every digit.
    """
    print(text(numbers(table), json))


@stage
def checks(*, simulation: Input, out: Output) -> None:
    """Write the checks of irrelevant information with the values of this study's tables.

    Parameters
    ----------
    simulation
        Simulation table.
    out
        Checks table.
    """
    found = [
        Check(
            study="irrelevant",
            check=f"{words} (largest deviation of simulations in standard errors)",
            source=THIS_STUDY,
            expected=0.0,
            allowed=4.0,
            found=numbers(simulation)[f"{task}_deviation"],
            command=shell_command("irrelevant", "summary", "--table", simulation, "--json"),
        )
        for task, words in (
            ("clusters", "Nearest neighbours err as the stored bits of clusters seen once say"),
            ("next_symbol", "The lookup learner errs as the noise and the stored bits say"),
        )
    ]
    write_checks(found, out)
