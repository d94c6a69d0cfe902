"""Explanations compared out of sample, by least squares over grids of shapes.

An explanation is a family of shapes over pairs: for each point of a parameter grid one shape, or several that
enter linearly with free coefficients.

Two splits answer two questions. Held-out *seeds*: does a parameter fit more than the noise of the seeds?
Held-out *pairs*: does it predict pairs that it has not seen? A pair leaves together with its mirror image,
for exceptions at the centre make the two nearly copies of each other in runs of both directions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from memgen.language.fits.least_squares import r_squared
from memgen.tables.statistics import pearson, spearman

MOST_FOLDS = 10
"""Seeds are held out in this many folds, or one by one if there are fewer seeds."""


@dataclass(frozen=True)
class Explanation:
    """A family of shapes."""

    name: str
    #: For each of c grid points, j shapes over p pairs: shape (c, j, p).
    shapes: np.ndarray
    #: Parameters of the grid points, shape (c, k), and their k names.
    grid: np.ndarray
    parameters: tuple[str, ...]
    #: Whether the shapes' coefficients are fitted; else each is 1 (then j must be 1).
    free: bool = True

    @property
    def n_parameters(self) -> int:
        """Free parameters: those of the grid that vary, and the coefficients."""
        varying = sum(len(np.unique(column)) > 1 for column in self.grid.T)
        return varying + (self.shapes.shape[1] if self.free else 0)


@dataclass(frozen=True)
class Score:
    """How well held-out observations were predicted: SSE of every fold (errors) and SST over folds (total).

    The correlations are means over folds of seeds, or over all pairs predicted while held out; NaN, like
    r2 = 1 - SSE/SST, where nothing varies.
    """

    r2: float
    correlation: float
    rank_correlation: float
    errors: np.ndarray
    total: float


def search(
    explanation: Explanation, observed: np.ndarray, kept: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Best member of an explanation for several vectors of observations, shape (f, p), at once.

    Only the pairs that are `kept`, shape (f, p), are fitted; all by default. Returns grid points, shape (f,),
    and coefficients, shape (f, j).
    """
    shapes = explanation.shapes
    count, terms, _ = shapes.shape
    weight = np.ones((1, observed.shape[1])) if kept is None else kept.astype(float)
    product = np.stack([(weight * observed) @ shapes[:, j].T for j in range(terms)], axis=-1)
    gram = np.empty((len(weight), count, terms, terms))
    for j in range(terms):
        for k in range(j, terms):
            gram[:, :, j, k] = gram[:, :, k, j] = weight @ (shapes[:, j] * shapes[:, k]).T
    if not explanation.free:
        best = np.argmax(2 * product[..., 0] - gram[..., 0, 0], axis=1)
        return best, np.ones((len(observed), 1))
    coefficients = _solve(gram, product)
    best = np.argmax(np.sum(coefficients * product, axis=-1), axis=1)
    return best, coefficients[np.arange(len(observed)), best]


def _solve(gram: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Coefficients; of two shapes, one that vanishes or repeats the other gets 0; of more, the shortest."""
    terms = product.shape[-1]
    gram = np.broadcast_to(gram, (*product.shape, terms))
    first = gram[..., 0, 0]
    alone = np.divide(product[..., 0], first, out=np.zeros_like(product[..., 0]), where=first > 0)
    if terms == 1:
        return np.asarray(alone[..., None])
    if terms > 2:
        return np.asarray((np.linalg.pinv(gram, hermitian=True) @ product[..., None])[..., 0])
    second, cross = gram[..., 1, 1], gram[..., 0, 1]
    determinant = first * second - cross**2
    regular = determinant > 1e-10 * first * second
    one = second * product[..., 0] - cross * product[..., 1]
    two = first * product[..., 1] - cross * product[..., 0]
    one = np.divide(one, determinant, out=alone.copy(), where=regular)
    return np.stack([one, np.divide(two, determinant, out=np.zeros_like(two), where=regular)], axis=-1)


def search_by_rank(explanation: Explanation, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Like `search`, the member with the highest Spearman correlation; for families of single shapes.

    Every coefficient is 1: order has no scale.
    """
    x = rankdata(explanation.shapes[:, 0], axis=1)
    y = rankdata(observed, axis=1)
    x -= x.mean(axis=1, keepdims=True)
    y -= y.mean(axis=1, keepdims=True)
    norm = np.sqrt(np.sum(x * x, axis=1))
    correlation = np.divide(y @ x.T, norm, out=np.zeros((len(y), len(x))), where=norm > 0)
    return np.argmax(correlation, axis=1), np.ones((len(observed), 1))


def predict(explanation: Explanation, best: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Predictions of members of an explanation, shape (f, p)."""
    return np.asarray(np.einsum("fj,fjp->fp", coefficients, explanation.shapes[best]))


def held_out_seeds(
    explanation: Explanation,
    totals: np.ndarray,
    runs: np.ndarray,
    searched: Callable[[Explanation, np.ndarray], tuple[np.ndarray, np.ndarray]] = search,
) -> Score:
    """Fit on some seeds, predict the mean margins of the others: every k-th seed in the same fold.

    `totals` are the sums of the margins of each seed's runs, and `runs` their numbers, shapes (s, p);
    `searched` finds the best member.
    """
    folds = min(MOST_FOLDS, len(totals))
    out = (np.arange(len(totals)) % folds == np.arange(folds)[:, None]).astype(float)
    train = (1 - out) @ totals / ((1 - out) @ runs)
    test = out @ totals / (out @ runs)
    predicted = predict(explanation, *searched(explanation, train))
    errors = np.sum((predicted - test) ** 2, axis=1)
    total = float(np.sum((test - test.mean(axis=1, keepdims=True)) ** 2))
    pairs = list(zip(predicted, test, strict=True))
    return Score(
        r2=1 - float(errors.sum()) / total if total > 0 else float("nan"),
        correlation=float(np.mean([pearson(x, y) for x, y in pairs])),
        rank_correlation=float(np.mean([spearman(x, y) for x, y in pairs])),
        errors=errors,
        total=total,
    )


def held_out_pairs(explanation: Explanation, observed: np.ndarray, groups: np.ndarray) -> Score:
    """Predict every pair by a fit without its group, shapes (p,)."""
    numbers = np.unique(groups)
    kept = groups != numbers[:, None]
    best, coefficients = search(explanation, np.broadcast_to(observed, kept.shape), kept)
    folds = np.searchsorted(numbers, groups)
    predicted = predict(explanation, best, coefficients)[folds, np.arange(len(groups))]
    squares = (predicted - observed) ** 2
    return Score(
        r2=r_squared(predicted, observed),
        correlation=pearson(predicted, observed),
        rank_correlation=spearman(predicted, observed),
        errors=np.bincount(folds, weights=squares),
        total=float(np.sum((observed - observed.mean()) ** 2)),
    )


def gain(better: Score, base: Score) -> tuple[float, float]:
    """Rise of r2 over a base explanation on the same folds, and its standard error over more than one."""
    if base.total <= 0:
        return float("nan"), float("nan")
    rises = (base.errors - better.errors) / base.total
    error = np.sqrt(len(rises)) * rises.std(ddof=1) if len(rises) > 1 else np.nan
    return float(rises.sum()), float(error)
