"""The closed forms of every study as results with units: one function for one picture.

Computed by `memgen.relational`, `memgen.longtail` and `memgen.irrelevant`; here it becomes a table. A name
that is unknown, or a number out of its range, is refused by `memgen.errors.BadInput`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from memgen.irrelevant import bounds
from memgen.longtail.learners import Risk
from memgen.longtail.priors import frequencies
from memgen.notebooks.result import Lines, PairMatrix
from memgen.relational.behaviour import Pairs
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import Exceptions, memorization_weight, ranks

#: Units of the columns of a `PairMatrix` in units of the target.
MARGIN_UNITS = {"higher": "rank", "lower": "rank", "pair_class": "", "margin": "target units"}


def _of(hierarchy: Hierarchy) -> str:
    """How a title names a hierarchy."""
    return f"{hierarchy.n} items, {hierarchy.label or 'no exception'}"


def rank_profile(n: int, exceptions: Exceptions = (), alpha: ArrayLike = 0.0, ridge: float = 0.0) -> Lines:
    """Ranks of all items, for one conjunctivity or several.

    Parameters
    ----------
    n : int
        Number of items, >= 3.
    exceptions : iterable of (winner, loser)
        Ranks from 0, the strongest.
    alpha : float or sequence of float
        Conjunctivity.
    ridge : float, default=0
        Effective ridge.

    Returns
    -------
    Lines
        Columns conjunctivity, item and rank; drawn as a line per conjunctivity.

    Examples
    --------
    >>> rank_profile(9, [(5, 3)], alpha=1 / 3).frame["rank"].round(3).abs().to_list()
    [0.6, 0.2, 0.0, 0.2, 0.0, 0.2, 0.0, 0.2, 0.6]
    """
    hierarchy = Hierarchy.of(n, exceptions)
    values = np.atleast_1d(np.asarray(alpha, dtype=float))
    profiles = ranks(hierarchy.n, hierarchy.exceptions, values, ridge)
    columns = {
        "conjunctivity": np.repeat(values, hierarchy.n),
        "item": np.tile(np.arange(hierarchy.n), values.size),
        "rank": profiles.ravel(),
    }
    units = {"conjunctivity": "", "item": "0 is the strongest", "rank": "target units"}
    return Lines(
        title=f"Ranks: {_of(hierarchy)}", frame=pl.DataFrame(columns), units=units,
        x="item", y="rank", by="conjunctivity",
    )  # fmt: skip


def margin_matrix(n: int, exceptions: Exceptions = (), alpha: float = 0.0, ridge: float = 0.0) -> PairMatrix:
    """Margin and class of every pair.

    Parameters
    ----------
    n, exceptions, ridge
        As for `rank_profile`.
    alpha : float
        Conjunctivity.

    Returns
    -------
    PairMatrix
        Columns higher, lower, pair_class and margin, positive where the higher-ranked item is the answer.

    Examples
    --------
    >>> wrong = margin_matrix(9, [(5, 3)], alpha=0.2).frame.filter(pl.col("margin") < -1e-9)
    >>> wrong.select("higher", "lower", "pair_class").rows()
    [(2, 5, 'boundary'), (3, 5, 'exception'), (3, 6, 'boundary')]
    """
    hierarchy = Hierarchy.of(n, exceptions)
    profile = ranks(hierarchy.n, hierarchy.exceptions, alpha, ridge)
    title = f"Margins: {_of(hierarchy)}, conjunctivity {alpha:g}"
    return of_pairs(title, hierarchy, Pairs.of(hierarchy).margins(profile, memorization_weight(alpha, ridge)))


def of_pairs(title: str, hierarchy: Hierarchy, margins: ArrayLike) -> PairMatrix:
    """Margins of every pair of a hierarchy, in the order of `memgen.relational.behaviour.Pairs`."""
    pairs = Pairs.of(hierarchy)
    columns = {"higher": pairs.higher, "lower": pairs.lower, "pair_class": pairs.classes, "margin": margins}
    return PairMatrix(title=title, frame=pl.DataFrame(columns), units=MARGIN_UNITS)


def error_by_samples(
    prior: str, domain: int, samples: Sequence[int], learners: Sequence[str] = ("optimal", "ignore:1"),
    labels: int = 10,
) -> Lines:  # fmt: skip
    """Expected error of learners in the long tail, as the sample grows.

    Parameters
    ----------
    prior : str
        Such as zipf or lognormal:2; see `memgen.longtail.priors.frequencies`.
    domain : int
        Number of points N.
    samples : sequence of int
        Sample sizes n.
    learners : sequence of str
        Such as optimal, ignore:1 or limited:0.5; see `memgen.longtail.learners.profile`.
    labels : int, default=10
        Number of labels m.

    Returns
    -------
    Lines
        Columns learner, samples and error; drawn as a line per learner.

    Examples
    --------
    >>> error_by_samples("zipf", 50_000, [50_000]).frame["error"].round(4).to_list()
    [0.1534, 0.2257]
    """
    risks = [Risk(frequencies(prior, domain), size, labels) for size in samples]
    rows = [(name, risk.samples, risk.error(name)) for name in learners for risk in risks]
    units = {"learner": "", "samples": "examples", "error": "probability"}
    return Lines(
        title=f"Long tail: {prior} on {domain} points, {labels} labels",
        frame=pl.DataFrame(rows, schema=list(units), orient="row"), units=units,
        x="samples", y="error", by="learner", logarithmic=True,
    )  # fmt: skip


def error_by_stored(samples: int, dimension: int, rho: Sequence[float], stored: Sequence[int]) -> Lines:
    """Error on singletons of a nearest neighbour that stores part of each example.

    Parameters
    ----------
    samples : int
        Sample size n.
    dimension : int
        Positions d of an example.
    rho : sequence of float
        Shares of positions that are fixed in a cluster; the others are irrelevant.
    stored : sequence of int
        Positions stored of each example, 0 to d.

    Returns
    -------
    Lines
        Columns rho, stored and error; drawn as a line per rho.

    Examples
    --------
    >>> error_by_stored(500, 1000, [0.1739], [700, 1000]).frame["error"].round(3).to_list()
    [0.069, 0.01]
    """
    rows = [
        (share, kept, bounds.cluster_error(samples, dimension, share, kept))
        for share in rho
        for kept in stored
    ]
    units = {"rho": "", "stored": "bits of each example", "error": "probability, singletons"}
    return Lines(
        title=f"Irrelevant bits: {samples} examples of {dimension} bits",
        frame=pl.DataFrame(rows, schema=list(units), orient="row"), units=units,
        x="stored", y="error", by="rho",
    )  # fmt: skip
