"""How well a table agrees with the theory, on the command line."""

from memgen.jobs.stage import Input, command
from memgen.longtail.agreement import numbers
from memgen.tables.summaries import text


@command
def summary(*, table: Input, json: bool = False) -> None:
    """Print the few numbers that say whether a table of this study bears out the theory.

    Parameters
    ----------
    table
        A simulation, tradeoff, noise, privacy, subgroups, scaling, curves or memorization table.
    json
        Print JSON, with every digit.
    """
    print(text(numbers(table), json))
