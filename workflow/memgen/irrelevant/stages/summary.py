"""How well a table bears out the paper, on the command line."""

from memgen.irrelevant.agreement import numbers
from memgen.jobs.stage import Input, command
from memgen.tables.summaries import text


@command
def summary(*, table: Input, json: bool = False) -> None:
    """Print the few numbers that say whether a table of this study bears out the paper.

    Parameters
    ----------
    table
        A simulation, averages or leakage table.
    json
        Print JSON, with every digit.
    """
    print(text(numbers(table), json))
