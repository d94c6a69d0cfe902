"""Kernel logistic regression on a hierarchy: cross-entropy in place of squared loss.

Knows the canonical kernel (theory: Kernel family) and its logistic solution for many (alpha, ridge) at
once. For coefficients a of the trained pairs, both directions trained, the canonical kernel gives

    f(i, j) = r_i - r_j + alpha a_ij,   r = (1 - alpha)/2 B^T a,   f = K a on the trained pairs,
    K = (1 - alpha)/2 B B^T + alpha I,

and the minimum of sum log(1 + exp(-f)) + ridge/2 a^T K a lies where ridge a = 1 / (1 + exp(f)). Unlike
squared loss, alpha and ridge do not enter through gamma alone.
"""

import numpy as np
from scipy.special import expit

from memgen.relational.hierarchy import Hierarchy

TOLERANCE = 1e-11
"""Largest residual of ridge a = 1 / (1 + exp(f)), whose right-hand side lies between 0 and 1."""

MOST_STEPS = 500


def incidence(hierarchy: Hierarchy) -> np.ndarray:
    """Signed incidence matrix B of the trained pairs, shape (t, n): the row of "a beats b" is e_a - e_b."""
    pairs = list(hierarchy.training_pairs())
    matrix = np.zeros((len(pairs), hierarchy.n))
    rows = np.arange(len(pairs))
    matrix[rows, [winner for winner, _ in pairs]] = 1
    matrix[rows, [loser for _, loser in pairs]] = -1
    return matrix


def logistic_ranks(hierarchy: Hierarchy, alpha: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    """Ranks that kernel logistic regression gives, in logit units.

    Parameters
    ----------
    hierarchy : Hierarchy
    alpha : ndarray, shape (c,)
        Conjunctivity, in [0, 1).
    ridge : ndarray, shape (c,)
        Weight of the squared norm against the summed loss, > 0.

    Returns
    -------
    ndarray, shape (c, n)
        An untrained pair (i, j) is predicted with r_i - r_j.

    Raises
    ------
    ArithmeticError
        If Newton's method does not reach `TOLERANCE`.
    """
    b = incidence(hierarchy)
    identity = np.eye(len(b))
    alpha, ridge = np.asarray(alpha, dtype=float), np.asarray(ridge, dtype=float)
    kernel = (1 - alpha)[:, None, None] / 2 * (b @ b.T) + alpha[:, None, None] * identity
    a = np.zeros((len(alpha), len(b)))

    def residual(a: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slack = expit(-np.einsum("cij,cj->ci", kernel[rows], a))
        return ridge[rows, None] * a - slack, slack

    open_rows = np.arange(len(alpha))
    for _ in range(MOST_STEPS):
        value, slack = residual(a[open_rows], open_rows)
        size = np.abs(value).max(axis=1)
        kept = size > TOLERANCE
        if not kept.any():
            break
        open_rows, value, slack, size = open_rows[kept], value[kept], slack[kept], size[kept]
        curvature = slack * (1 - slack)
        matrix = ridge[open_rows, None, None] * identity + curvature[:, :, None] * kernel[open_rows]
        step = np.linalg.solve(matrix, value[..., None])[..., 0]
        length = np.ones(len(open_rows))
        for _ in range(40):
            trial = a[open_rows] - length[:, None] * step
            worse = np.abs(residual(trial, open_rows)[0]).max(axis=1) > (1 - 1e-4 * length) * size
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        a[open_rows] = trial
    else:
        raise ArithmeticError("kernel logistic regression did not converge")
    return np.asarray((1 - alpha)[:, None] / 2 * (a @ b))
