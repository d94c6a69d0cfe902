"""One hierarchy: n ranked items, the pairs trained on, and the class and truth of every pair.

The task of transitive inference with exceptions (theory: Task): which pairs are trained, which items an
exception's loop holds, what the right answer to a pair is. Only the pair lists grow with n squared;
everything else is linear in the number of exceptions, so a hierarchy of a million items is cheap.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from memgen.errors import BadInput

PAIR_CLASSES = ("train", "exception", "loop", "boundary", "cross", "within", "test")
"""Every pair class, the first that matches (theory: Task); `test` only without an exception."""

_EXCEPTION = re.compile(r"(\d{1,18}):(\d{1,18})", re.ASCII)


def parse_exception(text: str) -> tuple[int, int]:
    """Winner and loser of an exception written "winner:loser", such as "5:3"; `BadInput` otherwise."""
    match = _EXCEPTION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise BadInput(
            f"exception {text!r}: must be written WINNER:LOSER, items numbered from 0, for example 5:3"
        )
    return int(match[1]), int(match[2])


def ordered_pairs(n: int) -> list[tuple[int, int]]:
    """Every ordered pair of n items, sorted: (0, 1), (0, 2), ..., (n - 1, n - 2).

    This is the order of prompts, of features and of the rows of a kernel wherever no list of pairs is given.
    """
    return [(first, second) for first in range(n) for second in range(n) if first != second]


@dataclass(frozen=True)
class Hierarchy:
    """A chain of ranked items and its exceptions (theory: Task).

    Parameters
    ----------
    n : int
        Number of items, at least 3; ranks are 0 (strongest) to n - 1.
    exceptions : iterable of (int, int)
        Pairs (winner, loser) of ranks with winner >= loser + 2: the lower-ranked item that
        beats a higher-ranked one. No duplicates.

    Raises
    ------
    BadInput
        If a number is out of range or an exception is given twice.
    """

    n: int
    exceptions: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not hasattr(self.n, "__index__") or self.n.__index__() < 3:
            raise BadInput(f"n = {self.n!r}: must be a whole number of items, at least 3")
        object.__setattr__(self, "n", self.n.__index__())
        pairs = tuple(_whole_pair(pair) for pair in self.exceptions)
        seen: set[tuple[int, int]] = set()
        for winner, loser in pairs:
            if not (0 <= loser < self.n and 0 <= winner < self.n):
                raise BadInput(
                    f"exception {winner}:{loser}: items must be 0 to {self.n - 1} with n = {self.n}"
                )
            if winner < loser + 2:
                raise BadInput(
                    f"exception {winner}:{loser}: the winner must be at least two items below the loser"
                )
            if (winner, loser) in seen:
                raise BadInput(f"exception {winner}:{loser}: given twice, must be given once")
            seen.add((winner, loser))
        object.__setattr__(self, "exceptions", pairs)

    @classmethod
    def of(cls, n: Any, exceptions: str | Iterable[str | Sequence[int]] | None = None) -> Self:
        """Build a hierarchy from what a configuration, a command or a table holds.

        Exceptions are each "winner:loser" or a pair of ranks, or all in one text with spaces between, as in
        the column `exceptions` of a table. Raises `BadInput` if they are not those of a hierarchy.

        Examples
        --------
        >>> Hierarchy.of(9, "5:3 8:6") == Hierarchy.of(9, ["5:3", (8, 6)]) == Hierarchy(9, ((5, 3), (8, 6)))
        True
        """
        pairs = exceptions.split() if isinstance(exceptions, str) else exceptions
        return cls(n, () if pairs is None else tuple(map(_whole_pair, pairs)))

    @property
    def label(self) -> str:
        """The exceptions as tables write them: "5:3 7:4", or "" for none."""
        return " ".join(f"{winner}:{loser}" for winner, loser in self.exceptions)

    @cached_property
    def components(self) -> tuple[tuple[int, int], ...]:
        """Components as (first rank, last rank), inclusive, in order.

        Loops that share an item merge; loops that only touch at neighbouring items do not.
        """
        merged: list[list[int]] = []
        for loser, winner in sorted((loser, winner) for winner, loser in self.exceptions):
            if merged and loser <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], winner)
            else:
                merged.append([loser, winner])
        return tuple((first, last) for first, last in merged)

    def component_of(self, item: int) -> int | None:
        """Index into `components` of the one that holds an item; None outside every loop."""
        for index, (first, last) in enumerate(self.components):
            if first <= item <= last:
                return index
        return None

    def training_pairs(self) -> Iterator[tuple[int, int]]:
        """Trained pairs, the one that beats first: n - 1 adjacent pairs, then the exceptions as given."""
        for item in range(self.n - 1):
            yield item, item + 1
        yield from self.exceptions

    def pair_class(self, first: int, second: int) -> str:
        """Class of a pair of different items, in either order (theory: Task); `BadInput` of other items."""
        higher, lower = self._ordered(first, second)
        if lower == higher + 1:
            return "train"
        if not self.exceptions:
            return "test"
        if (lower, higher) in self._exception_set:
            return "exception"
        one, other = self.component_of(higher), self.component_of(lower)
        if one is not None and one == other:
            return "loop"
        if one is not None or other is not None:
            return "boundary"
        if any(higher < start and end < lower for start, end in self.components):
            return "cross"
        return "within"

    def trained(self, first: int, second: int) -> bool:
        """Whether the pair is trained on, in both directions."""
        higher, lower = self._ordered(first, second)
        return lower == higher + 1 or (lower, higher) in self._exception_set

    def truth(self, first: int, second: int) -> int | None:
        """+1 if `first` beats `second`, -1 if it loses, None where there is no truth (loop pairs).

        An exception's truth is its winner; everywhere else the better rank wins.
        """
        if self.pair_class(first, second) == "loop":
            return None
        higher, lower = self._ordered(first, second)
        if (lower, higher) in self._exception_set:
            return 1 if first == lower else -1
        return 1 if first == higher else -1

    def ordered_pairs(self) -> list[tuple[int, int]]:
        """Every ordered pair (first, second) of different items, sorted; see the function of this name."""
        return ordered_pairs(self.n)

    def unordered_pairs(self) -> Iterator[tuple[int, int]]:
        """Every pair (higher, lower) of ranks, higher < lower, sorted."""
        for higher in range(self.n):
            for lower in range(higher + 1, self.n):
                yield higher, lower

    @cached_property
    def _exception_set(self) -> frozenset[tuple[int, int]]:
        return frozenset(self.exceptions)

    def _ordered(self, first: int, second: int) -> tuple[int, int]:
        if first == second or not (0 <= first < self.n and 0 <= second < self.n):
            raise BadInput(f"pair {first}, {second}: must be two different items of 0 to {self.n - 1}")
        return (first, second) if first < second else (second, first)


def _whole_pair(pair: str | Sequence[int]) -> tuple[int, int]:
    """The pair as two plain integers."""
    if isinstance(pair, str):
        return parse_exception(pair)
    try:
        winner, loser = pair
        if isinstance(winner, bool) or isinstance(loser, bool):
            raise TypeError
        return winner.__index__(), loser.__index__()
    except (TypeError, ValueError, AttributeError):
        raise BadInput(f"exception {pair!r}: must be a pair (winner, loser) of whole numbers") from None


PAPER = Hierarchy(9, ((5, 3),))
"""The paper's hierarchy to which reference values and claims belong, whatever the configuration calls it."""

HIGHER, LOWER = PAPER.components[0][0] - 1, PAPER.components[0][1] + 1
"""Its cross pair nearest the loop."""
