"""Two classifiers solved in closed form over a whole path of regularization: ridge and nearest neighbours.

All functions take n training examples `x`, shape (n, d), and their labels `y`, shape (n,), of m `labels`.
They return scores, one per label; the largest one is the answer.
"""

from collections.abc import Callable, Mapping

import numpy as np

from memgen.longtail.priors import Floats, Integers


def targets(y: Integers, labels: int) -> Floats:
    """One-against-all targets, shape (n, m): 1 for the label, 0 for the others, minus their mean 1/m."""
    return np.eye(labels)[y] - 1 / labels


def _eigen(x: Floats, ridges: Floats) -> tuple[Floats, Floats, Floats]:
    """Eigenvalues and eigenvectors of the kernel x x^T, and the ridges in its units.

    One eigendecomposition serves all ridges.
    """
    kernel = x @ x.T
    values, vectors = np.linalg.eigh(kernel)
    return np.maximum(values, 0), vectors, ridges * (float(np.trace(kernel)) / len(x))


def ridge_scores(x: Floats, y: Integers, labels: int, ridges: Floats, test_x: Floats) -> Floats:
    """Scores, shape (R, t, m), of linear ridge regression on the targets at t test examples, for R ridges.

    A ridge > 0 on the squared norm of the weights is in units of the mean squared length of an example. There
    is no intercept: the targets have mean 0.
    """
    values, vectors, sizes = _eigen(x, ridges)
    rotated = vectors.T @ targets(y, labels)
    across = test_x @ x.T @ vectors
    return np.stack([across @ (rotated / (values + size)[:, None]) for size in sizes])


def ridge_weights(x: Floats, y: Integers, labels: int, ridges: Floats) -> Floats:
    """Weights, shape (R, d, m), whose products with an example are the scores of `ridge_scores`."""
    values, vectors, sizes = _eigen(x, ridges)
    rotated = vectors.T @ targets(y, labels)
    return np.stack([x.T @ (vectors @ (rotated / (values + size)[:, None])) for size in sizes])


def ridge_left_out_scores(x: Floats, y: Integers, labels: int, ridges: Floats) -> tuple[Floats, Floats]:
    """Scores of every training example with it, and without it, in closed form, each of shape (R, n, m).

    f_{-i}(x_i) = (f(x_i) - h_i y_i) / (1 - h_i), h_i the diagonal of K (K + ridge)^-1. The ridge keeps its
    absolute size when an example is left out.
    """
    values, vectors, sizes = _eigen(x, ridges)
    y_targets = targets(y, labels)
    rotated = vectors.T @ y_targets
    fitted, left_out = [], []
    for size in sizes:
        shrink = values / (values + size)
        score = vectors @ (shrink[:, None] * rotated)
        leverage = (vectors**2 @ shrink)[:, None]
        fitted.append(score)
        left_out.append((score - leverage * y_targets) / (1 - leverage))
    return np.stack(fitted), np.stack(left_out)


def neighbour_scores(
    x: Floats, y: Integers, labels: int, neighbours: Floats, test_x: Floats, own: Integers | None = None
) -> Floats:
    """Scores of the k nearest neighbours: their votes, and less than half a vote for being nearer.

    Parameters
    ----------
    x, y, labels
        Training examples.
    neighbours : numpy.ndarray, shape (R,)
        Whole numbers k of neighbours, each at least 1.
    test_x : numpy.ndarray, shape (t, d)
    own : numpy.ndarray of int, shape (t,), optional
        Training example that each test example must not see, for leaving it out.

    Returns
    -------
    numpy.ndarray, shape (R, t, m)
        Ties between labels go to the nearer neighbour.
    """
    distance = (x**2).sum(axis=1) - 2 * test_x @ x.T
    if own is not None:
        distance[np.arange(len(own)), own] = np.inf
    most = min(int(neighbours.max()), len(x) - (own is not None))
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :most]
    votes = np.eye(labels)[y[nearest]]
    # The j-th neighbour adds 1 + 2^-j / 2 to its label: whole votes decide, nearness only between equals.
    votes *= (1 + 0.5 ** (np.arange(1, most + 1) + 1))[None, :, None]
    total = np.cumsum(votes, axis=1)
    return np.stack([total[:, min(int(k), most) - 1] for k in neighbours])


CLOSED_FORMS: Mapping[str, Callable[..., Floats]] = {"ridge": ridge_scores, "neighbours": neighbour_scores}
