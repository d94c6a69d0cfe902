"""Kernel logistic regression on a hierarchy: cross-entropy in place of squared loss.

The antisymmetric functions of the canonical kernel (theory: Kernel family) are f(i, j) = v_i - v_j +
sqrt(alpha) w_ij with squared norm 2 |v|^2 / (1 - alpha) + |w|^2, w belonging to trained pairs. Both
directions trained, the minimum of

    sum log(1 + exp(-f)) + ridge/2 (2 |v|^2 / (1 - alpha) + |w|^2)

over v and w gives untrained pairs the margin v_i - v_j. Unlike with squared loss, alpha and ridge do not
enter through gamma alone. The dual would lose its digits to exceptions at small ridge: cycles are not
separable, so dual weights grow as 1 / ridge and cancel.
"""

import numpy as np
from scipy.special import expit

from memgen.relational.hierarchy import Hierarchy

TOLERANCE = 1e-6
"""Largest gradient, in units of the ridge: ranks are then good to half of it, logit units."""


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
    alpha, ridge = np.asarray(alpha, dtype=float), np.asarray(ridge, dtype=float)
    b = incidence(hierarchy)
    pairs, n = b.shape
    design = np.zeros((len(alpha), pairs, n + pairs))
    design[:, :, :n] = b
    design[:, range(pairs), range(n, n + pairs)] = np.sqrt(alpha)[:, None]
    penalty = np.ones((len(alpha), n + pairs))
    penalty[:, :n] = (2 / (1 - alpha))[:, None]
    penalty *= ridge[:, None]
    x = np.zeros((len(alpha), n + pairs))

    def gradient(x: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slack = expit(-np.einsum("ctk,ck->ct", design[rows], x))
        return penalty[rows] * x - np.einsum("ctk,ct->ck", design[rows], slack), slack

    rows = np.arange(len(alpha))
    for _ in range(MOST_STEPS):
        value, slack = gradient(x[rows], rows)
        unfinished = np.abs(value).max(axis=1) > TOLERANCE * ridge[rows]
        if not unfinished.any():
            return x[:, :n]
        rows, value, slack = rows[unfinished], value[unfinished], slack[unfinished]
        weighted = (slack * (1 - slack))[:, :, None] * design[rows]
        hessian = np.einsum("ctk,ctl->ckl", design[rows], weighted)
        hessian[:, range(n + pairs), range(n + pairs)] += penalty[rows]
        step = np.linalg.solve(hessian, value[..., None])[..., 0]
        # The Newton step always lowers the gradient's length at first; it is halved until it does.
        size = np.linalg.norm(value, axis=1)
        length = np.ones(len(rows))
        for _ in range(60):
            trial = x[rows] - length[:, None] * step
            worse = np.linalg.norm(gradient(trial, rows)[0], axis=1) > (1 - 1e-4 * length) * size
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        x[rows] = trial
    raise ArithmeticError(f"kernel logistic regression did not converge for {len(rows)} of {len(alpha)}")
