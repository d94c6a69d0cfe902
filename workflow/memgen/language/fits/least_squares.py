"""Least squares of the theory's one number, gamma, and its scale (theory: Fitting behaviour).

Margins s (r_h - r_k) are fitted to a vector of observed margins: for each gamma of a dense logarithmic grid
the scale has a closed form, the best grid point is refined locally. A score test by seed tells which gammas
the margins exclude.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import minimize_scalar

from memgen.language.fits.tables import GAMMA_RANGE
from memgen.relational import ranks
from memgen.relational.hierarchy import Hierarchy
from memgen.tables.statistics import pearson, student_factor

GRID_POINTS = 1001
"""Points of the grid: 200 per decade."""


@dataclass(frozen=True)
class Fit:
    """Fit of gamma and the scale to one vector of margins; NaN and 0 where the theory has no margins."""

    gamma: float
    scale: float
    #: Whether gamma lies at an end of `GAMMA_RANGE`.
    at_edge: bool
    #: Pearson; NaN where one side does not vary.
    correlation: float
    #: 1 - SSE/SST about the mean; NaN where the observations do not vary.
    r2: float


def ranks_at(hierarchy: Hierarchy, gamma: np.ndarray | float) -> np.ndarray:
    """Ranks of the theory at given gammas: shape (..., n) from (...)."""
    return ranks.ranks_at(hierarchy.n, hierarchy.exceptions, gamma)


@lru_cache(maxsize=64)
def slopes(hierarchy: Hierarchy) -> np.ndarray:
    """Derivative of the ranks by the logarithm of gamma over the grid, shape (g, n)."""
    gammas, table = grid(hierarchy)
    return np.asarray(np.gradient(table, np.log(gammas), axis=0, edge_order=2))


@lru_cache(maxsize=64)
def grid(hierarchy: Hierarchy) -> tuple[np.ndarray, np.ndarray]:
    """Gammas of the grid, shape (g,), and the ranks there, shape (g, n)."""
    gammas = np.geomspace(*GAMMA_RANGE, GRID_POINTS)
    gammas[[0, -1]] = GAMMA_RANGE
    return gammas, ranks_at(hierarchy, gammas)


def _projection(shape: np.ndarray, observed: np.ndarray, power: int) -> np.ndarray:
    """(shape . observed)^power / (shape . shape), shape (...); 0 for a shape that vanishes."""
    square = np.sum(shape * shape, axis=-1)
    product = np.sum(shape * observed, axis=-1)
    return np.asarray(np.divide(product**power, square, out=np.zeros_like(product), where=square > 0))


def explained(shape: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Sum of squares that the best multiple of a shape explains, shape (...); 0 for one that vanishes."""
    return _projection(shape, observed, 2)


def best_scale(shape: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Least-squares multiple of a shape, shape (...); 0 for a shape that vanishes."""
    return _projection(shape, observed, 1)


def r_squared(predicted: np.ndarray, observed: np.ndarray) -> float:
    """1 - SSE/SST about the mean; NaN where the observations do not vary."""
    total = np.sum((observed - observed.mean()) ** 2)
    return float(1 - np.sum((observed - predicted) ** 2) / total) if total > 0 else float("nan")


def fit_gamma(hierarchy: Hierarchy, higher: np.ndarray, lower: np.ndarray, observed: np.ndarray) -> Fit:
    """Fit s (r_h - r_k) to observed margins by least squares in s and gamma.

    Parameters
    ----------
    hierarchy : Hierarchy
    higher, lower : ndarray of int, shape (p,)
        Pairs.
    observed : ndarray, shape (p,)
        Margins of the pairs.
    """
    gammas, table = grid(hierarchy)
    scores = explained(table[:, higher] - table[:, lower], observed)
    best = int(np.argmax(scores))
    if scores[best] <= 0:
        return Fit(float("nan"), 0.0, False, float("nan"), r_squared(np.zeros_like(observed), observed))

    def shape(gamma: float) -> np.ndarray:
        r = ranks_at(hierarchy, gamma)
        return np.asarray(r[higher] - r[lower])

    bounds = np.log(gammas[[max(best - 1, 0), min(best + 1, len(gammas) - 1)]])
    refined = minimize_scalar(
        lambda x: -float(explained(shape(np.exp(x)), observed)),
        bounds=tuple(bounds),
        method="bounded",
        options={"xatol": 1e-10},
    )
    gamma = float(np.exp(refined.x)) if -refined.fun >= scores[best] else float(gammas[best])
    at_edge = best in (0, len(gammas) - 1) and abs(np.log(gamma / gammas[best])) < 1e-6
    if at_edge:
        gamma = float(gammas[best])
    scale = float(best_scale(shape(gamma), observed))
    predicted = scale * shape(gamma)
    return Fit(gamma, scale, at_edge, pearson(predicted, observed), r_squared(predicted, observed))


def fit_many(
    hierarchy: Hierarchy, higher: np.ndarray, lower: np.ndarray, observed: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit many vectors of margins, shape (b, p), at once for resampling.

    The grid is refined by a parabola through the best point and its neighbours, which errs by far less
    than the spread that resampling measures. Returns gamma and scale, shapes (b,), and the ranks at the
    fitted gammas, shape (b, n).
    """
    gammas, table = grid(hierarchy)
    shapes = table[:, higher] - table[:, lower]
    squares = np.sum(shapes * shapes, axis=1)
    products = observed @ shapes.T
    scores = np.divide(products**2, squares, out=np.zeros_like(products), where=squares > 0)
    best = np.argmax(scores, axis=1)
    inner = np.clip(best, 1, len(gammas) - 2)
    rows = np.arange(len(observed))
    left, centre, right = (scores[rows, inner + step] for step in (-1, 0, 1))
    curvature = left - 2 * centre + right
    offset = np.divide((left - right) / 2, curvature, out=np.zeros_like(curvature), where=curvature < 0)
    step = np.log(gammas[1] / gammas[0])
    offset = np.where(best == inner, np.clip(offset, -1, 1), best - inner)
    gamma = np.clip(gammas[inner] * np.exp(offset * step), *GAMMA_RANGE)
    fitted = ranks_at(hierarchy, gamma)
    return gamma, best_scale(fitted[:, higher] - fitted[:, lower], observed), fitted


def not_excluded(hierarchy: Hierarchy, higher: np.ndarray, lower: np.ndarray, totals: np.ndarray) -> slice:
    """Points of the grid that the seeds do not exclude: the profile interval of gamma.

    The sum of squares of the seeds' mean, with its best scale at each gamma, is stationary where the margins
    are orthogonal to d = x' - x (x . x') / (x . x), x the shape and x' its derivative by gamma. A gamma is
    excluded if the seeds' own products with d have a mean that Student's t tells from zero: a score test
    whose errors are clustered by seed, which needs neither resampling nor a gamma inside its range.

    Parameters
    ----------
    hierarchy : Hierarchy
    higher, lower : ndarray of int, shape (p,)
        Pairs.
    totals : ndarray, shape (s, p)
        Sum of the margins of each seed's runs; at least two seeds.

    Returns
    -------
    slice
        The connected stretch of the grid around the best fit. An interval is open on a side where it
        reaches the grid's end.
    """
    _, table = grid(hierarchy)
    x = table[:, higher] - table[:, lower]
    change = slopes(hierarchy)[:, higher] - slopes(hierarchy)[:, lower]
    products = totals @ (change - x * best_scale(x, change)[:, None]).T
    count = len(totals)
    error = products.std(axis=0, ddof=1) / np.sqrt(count)
    kept = np.abs(products.mean(axis=0)) <= student_factor(count) * error
    best = int(np.argmax(explained(x, totals.sum(axis=0))))
    kept[best] = True
    outside = np.flatnonzero(~kept)
    before, after = outside[outside < best], outside[outside > best]
    return slice(int(before[-1]) + 1 if len(before) else 0, int(after[0]) if len(after) else len(table))


def memorization_weight(
    rank_differences: np.ndarray, scale: np.ndarray | float, target: np.ndarray, observed: np.ndarray
) -> np.ndarray:
    """Least-squares m of the trained pairs' margins s (m y + (1 - m)(r_a - r_b)).

    Parameters
    ----------
    rank_differences, observed : ndarray, shape (..., t)
        Of the trained pairs.
    scale : array_like, shape (...)
        Scale fitted to the untrained pairs.
    target : ndarray, shape (t,)
        +1, or -1 for an exception.

    Returns
    -------
    ndarray, shape (...)
        Not confined to [0, 1]; NaN where the scale is 0.
    """
    scale = np.asarray(scale, dtype=float)[..., None]
    gap = scale * (target - rank_differences)
    excess = observed - scale * rank_differences
    square = np.sum(gap * gap, axis=-1)
    product = np.sum(gap * excess, axis=-1)
    return np.asarray(np.divide(product, square, out=np.full_like(product, np.nan), where=square > 0))
