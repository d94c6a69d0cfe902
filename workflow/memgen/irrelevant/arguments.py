"""Arguments of the study: whole numbers as people type them, and what each number may be.

Nothing but the standard library and the command line's own package is imported, so that a configuration is
checked at once.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

import cyclopts

from memgen.errors import BadInput

#: Largest sizes of the closed forms.
MOST_SAMPLES = 10**8
MOST_DIMENSION = 10**6
MOST_SYMBOL_SAMPLES = 10**7
MOST_SYMBOLS = 10**5


def _whole(_: Any, tokens: Sequence[Any]) -> int:
    """A whole number; the command line's own reading would round a fraction."""
    text = tokens[0].value
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not allowed; allowed: a whole number") from None


#: A whole number on the command line.
Whole: TypeAlias = Annotated[int, cyclopts.Parameter(converter=_whole)]


def check_whole(name: str, value: int, least: int, most: int) -> None:
    """Refuse what is not a whole number in a range, ends included.

    Raises
    ------
    BadInput
        Naming the argument, its value and what is allowed.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInput(f"{name}: {value!r} is not allowed; allowed: a whole number from {least} to {most}")


def check_number(name: str, value: float, least: float, most: float, *, below: bool = False) -> None:
    """Refuse a number outside a range; `below` excludes its upper end.

    Raises
    ------
    BadInput
        Naming the argument, its value and what is allowed.
    """
    if not math.isfinite(value) or not least <= value <= most or (below and value == most):
        closing = ")" if below else "]"
        raise BadInput(
            f"{name}: {value:g} is not allowed; allowed: a number in [{least:g}, {most:g}{closing}"
        )


def check_cluster_task(samples: int, dimension: int, rho: float) -> None:
    """Refuse a sample size, dimension or share of fixed positions that the cluster task does not have."""
    check_whole("samples", samples, 1, MOST_SAMPLES)
    check_whole("dimension", dimension, 1, MOST_DIMENSION)
    check_number("rho", rho, 0, 1, below=True)


def check_symbol_task(references: int, samples: int, dimension: int, noise: float) -> None:
    """Refuse a size or a noise that the next-symbol task does not have."""
    check_whole("references", references, 1, MOST_SAMPLES)
    check_whole("samples", samples, 1, MOST_SYMBOL_SAMPLES)
    check_whole("dimension", dimension, 1, MOST_SYMBOLS)
    check_number("noise", noise, 0, 1)
