"""How well a table of the theory agrees with what is known in closed form, on the command line."""

from __future__ import annotations

from memgen.jobs.stage import Input, command
from memgen.relational.agreement import numbers
from memgen.tables.summaries import text


@command
def summary(*, table: Input, critical: Input | None = None, json: bool = False) -> None:
    """Print the few numbers that say whether a table of this study bears out the theory.

    Parameters
    ----------
    table
        A sweep, ranks, critical placement, mechanism, depth or finite width slopes table.
    critical
        Critical table, beside a ranks table: tells where answers should turn wrong.
    json
        Print JSON, with every digit.
    """
    print(text(numbers(table, critical), json))
