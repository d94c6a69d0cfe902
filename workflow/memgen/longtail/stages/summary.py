"""How well a table agrees with the theory, on the command line."""

import json as json_format
from pathlib import Path

from memgen.longtail.agreement import numbers
from memgen.stage import command


@command
def summary(*, table: Path, json: bool = False) -> None:
    """Print the few numbers that say whether a table of this study bears out the theory.

    Parameters
    ----------
    table
        A simulation, tradeoff, noise, privacy, subgroups, scaling, curves or memorization table.
    json
        Print JSON.
    """
    found = numbers(table)
    if json:
        print(json_format.dumps(found, allow_nan=False))
        return
    print("\n".join(f"{name:<28}{'-' if value is None else f'{value:.9g}'}" for name, value in found.items()))
