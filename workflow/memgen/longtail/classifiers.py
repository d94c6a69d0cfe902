"""Two classifiers solved in closed form over a whole path of regularization: ridge and nearest neighbours.

Both return scores, one per label; the largest one is the answer.
"""

import numpy as np

from memgen.longtail.priors import Floats, Integers


def targets(y: Integers, labels: int) -> Floats:
    """One-against-all targets, shape (n, m): 1 for the label, 0 for the others, minus their mean 1/m."""
    return np.eye(labels)[y] - 1 / labels


def ridge_scores(x: Floats, y: Integers, labels: int, ridges: Floats, test_x: Floats) -> Floats:
    """Scores of linear ridge regression on the targets, for every ridge at once.

    Parameters
    ----------
    x : numpy.ndarray, shape (n, d)
    y : numpy.ndarray of int, shape (n,)
    labels : int
        Number of labels m.
    ridges : numpy.ndarray, shape (R,)
        Ridge on the squared norm of the weights, > 0, in units of the mean squared length of an example.
    test_x : numpy.ndarray, shape (t, d)

    Returns
    -------
    numpy.ndarray, shape (R, t, m)

    Notes
    -----
    One eigendecomposition of the kernel x x^T serves all ridges. No intercept: the targets have mean 0.
    """
    kernel = x @ x.T
    scale = float(np.trace(kernel)) / len(x)
    values, vectors = np.linalg.eigh(kernel)
    rotated = vectors.T @ targets(y, labels)
    across = test_x @ x.T @ vectors
    return np.stack(
        [across @ (rotated / (np.maximum(values, 0) + ridge * scale)[:, None]) for ridge in ridges]
    )


def ridge_left_out_scores(x: Floats, y: Integers, labels: int, ridges: Floats) -> tuple[Floats, Floats]:
    """Scores of every training example with it, and without it, in closed form.

    Parameters
    ----------
    x, y, labels, ridges
        As for `ridge_scores`; the ridge keeps its absolute size when an example is left out.

    Returns
    -------
    with_it, without_it : numpy.ndarray, shape (R, n, m)

    Notes
    -----
    f_{-i}(x_i) = (f(x_i) - h_i y_i) / (1 - h_i), h_i the diagonal of K (K + ridge)^-1.
    """
    kernel = x @ x.T
    scale = float(np.trace(kernel)) / len(x)
    values, vectors = np.linalg.eigh(kernel)
    values = np.maximum(values, 0)
    y_targets = targets(y, labels)
    rotated = vectors.T @ y_targets
    fitted, left_out = [], []
    for ridge in ridges:
        shrink = values / (values + ridge * scale)
        score = vectors @ (shrink[:, None] * rotated)
        leverage = (vectors**2 @ shrink)[:, None]
        fitted.append(score)
        left_out.append((score - leverage * y_targets) / (1 - leverage))
    return np.stack(fitted), np.stack(left_out)


def neighbour_scores(
    x: Floats, y: Integers, labels: int, neighbours: Integers, test_x: Floats, own: Integers | None = None
) -> Floats:
    """Scores of the k nearest neighbours: their votes, and less than half a vote for being nearer.

    Parameters
    ----------
    x : numpy.ndarray, shape (n, d)
    y : numpy.ndarray of int, shape (n,)
    labels : int
    neighbours : numpy.ndarray of int, shape (R,)
        Numbers k of neighbours, each at least 1.
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
