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
        A simulation, averages, leakage or extraction runs table.
    json
        Print JSON, with every digit.
    """
    print(text(numbers(table), json))


@stage
def checks(*, simulation: Input, out: Output, extraction: Input | None = None) -> None:
    """Write the checks of irrelevant information with the values of this study's tables.

    Parameters
    ----------
    simulation
        Simulation table.
    out
        Checks table.
    extraction
        Extraction runs table, where a language model is attacked.
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
    if extraction is not None:
        found.append(
            Check(
                study="irrelevant",
                check="Numbers that no training sentence carries are as exposed as chance says (largest "
                "deviation of the share that reaches e from 2^-e, times the root of how many)",
                source="Carlini and others, The Secret Sharer, arXiv 1802.08232",
                expected=0.0,
                allowed=2.5,
                found=numbers(extraction)["unseen_deviation"],
                command=shell_command("irrelevant", "summary", "--table", extraction, "--json"),
            )
        )
    write_checks(found, out)
