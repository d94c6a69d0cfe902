"""Frequencies of the points of a domain: Zipf, uniform, geometric, lognormal, or a person's own list.

Frequencies are kept as logarithms, because a geometric prior on ten million points falls far below the
smallest double, and equal ones are kept once with their count.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from memgen.errors import BadInput
from memgen.jobs.memory import refuse_beyond_memory
from memgen.longtail.specs import parse_prior

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.signedinteger[Any]]

#: Largest domain, points.
LARGEST = 100_000_000


@dataclass(frozen=True)
class Frequencies:
    """The list alpha_1, …, alpha_N, sorted, equal ones grouped.

    Parameters
    ----------
    name : str
        Name of the prior.
    log_frequency : numpy.ndarray, shape (groups,)
        Natural logarithm of each distinct frequency, descending.
    points : numpy.ndarray of int, shape (groups,)
        Number of points that have it.
    """

    name: str
    log_frequency: Floats
    points: Integers

    @property
    def domain(self) -> int:
        """Number of points N."""
        return int(self.points.sum())

    def expanded(self) -> Floats:
        """Frequency of every point, shape (N,), descending; tiny ones may round to zero."""
        values = np.exp(self.log_frequency)
        return values if len(values) == self.domain else np.repeat(values, self.points)

    def weight(self, low: float, high: float) -> float:
        """Probability of the points whose frequency lies in [low, high].

        This is weight(I) = N E[alpha 1(alpha in I)] of the paper, alpha being drawn from the list.
        """
        values = np.exp(self.log_frequency)
        inside = (values >= low) & (values <= high)
        return float(np.sum(values * self.points, where=inside))


def _normalized(name: str, log_values: Floats, points: Integers) -> Frequencies:
    """Frequencies proportional to exp(log_values), which must be descending; written into `log_values`."""
    log_values -= log_values[0]
    log_values -= math.log(float(np.sum(np.exp(log_values) * points)))
    return Frequencies(name, log_values, points)


def _single(log_values: Floats) -> Integers:
    """One point of each frequency."""
    return np.broadcast_to(np.int64(1), log_values.shape)


def _check_domain(domain: int) -> None:
    if not 1 <= domain <= LARGEST:
        raise BadInput(f"domain: {domain} is not allowed; allowed: 1 to {LARGEST} points")


def frequencies(prior: str, domain: int) -> Frequencies:
    """Frequencies of a named prior.

    Parameters
    ----------
    prior : str
        ``zipf:<exponent s>``: alpha ~ rank^-s; ``uniform``; ``geometric:<ratio q>``: alpha ~ q^i;
        ``lognormal:<sigma>``: alpha ~ exp(sigma Phi^-1((i + 1/2) / N)).
    domain : int
        Number of points N, at most 10^8.

    Raises
    ------
    BadInput
        If there is no such prior or the domain is out of range.

    Notes
    -----
    Source: memorization, part A, "Priors". The name in the result is `prior` as it was given.
    """
    _check_domain(domain)
    spec = parse_prior(prior)
    if spec.kind == "uniform" or (spec.value == 0 and spec.kind in ("zipf", "lognormal")):
        return Frequencies(prior, np.array([-math.log(domain)]), np.array([domain]))
    refuse_beyond_memory(24.0 * domain, f"{prior} on {domain} points")
    if spec.kind == "zipf":
        log_values = np.log(np.arange(1, domain + 1, dtype=np.float64))
        log_values *= -spec.value
    elif spec.kind == "geometric":
        log_values = np.arange(domain, dtype=np.float64)
        log_values *= math.log(spec.value)
    else:
        log_values = ndtri((np.arange(domain, 0, -1) - 0.5) / domain)
        log_values *= spec.value
    return _normalized(prior, log_values, _single(log_values))


def from_values(name: str, values: npt.ArrayLike) -> Frequencies:
    """Frequencies proportional to a list of positive numbers, such as counts of words.

    Parameters
    ----------
    name : str
        Name of the prior in tables.
    values : array_like, shape (N,)
        Positive and finite, else they are refused, in any order and unit.
    """
    array = np.asarray(values, dtype=np.float64).ravel()
    _check_domain(array.size)
    bad = np.flatnonzero(~(np.isfinite(array) & (array > 0)))
    if bad.size:
        raise BadInput(f"{name}: entry {bad[0] + 1} is {array[bad[0]]:g}; allowed: positive finite numbers")
    distinct, points = np.unique(array, return_counts=True)
    found = _normalized(name, np.log(distinct[::-1]), points[::-1].astype(np.int64))
    # Neighbouring numbers can share one logarithm: their points are one kind.
    first = np.flatnonzero(np.diff(found.log_frequency, prepend=np.inf) != 0)
    return Frequencies(name, found.log_frequency[first], np.add.reduceat(found.points, first))


def from_file(path: Path) -> Frequencies:
    """Frequencies from a text file with one positive number a line; ``#`` starts a comment.

    The prior is named by the file's stem.

    Raises
    ------
    BadInput
        If the file is missing, is not such a list, or holds a number that is not positive.
    """
    import polars as pl  # late, for a calculator that is given no file to start sooner

    wanted = "allowed: a text file with one positive number a line"
    try:
        column = pl.read_csv(
            path,
            has_header=False,
            new_columns=["frequency"],
            schema_overrides=[pl.Float64],
            comment_prefix="#",
        )
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; {wanted}") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{path}: {str(error).splitlines()[0]}; {wanted}") from None
    if column.width != 1 or column["frequency"].null_count():
        raise BadInput(f"{path}: has empty or extra columns; allowed: one positive number a line")
    return from_values(path.stem, column["frequency"].to_numpy())


def domains(priors: Sequence[str], files: Sequence[Path] | None, domain: int) -> list[Frequencies]:
    """Frequencies of every named prior on a domain, then of every file; two of one name are refused."""
    found = [frequencies(name, domain) for name in priors] + [from_file(path) for path in files or []]
    names = [part.name for part in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"priors: {twice!r} is given twice; allowed: names that differ")
    return found


def joined(
    name: str, groups: Sequence[Frequencies], weights: Sequence[float]
) -> tuple[Frequencies, list[slice]]:
    """Mixture of subgroups of positive weights, and the slice of each in its `expanded` frequencies.

    Every subgroup has its own domain. The mixture's frequencies are not sorted, so it is for simulation only.
    """
    total = sum(weights)
    logs = [
        np.repeat(part.log_frequency, part.points) + math.log(weight / total)
        for part, weight in zip(groups, weights, strict=True)
    ]
    ends = np.cumsum([0, *(len(part) for part in logs)])
    values = np.concatenate(logs)
    return Frequencies(name, values, _single(values)), [slice(int(a), int(b)) for a, b in pairwise(ends)]
