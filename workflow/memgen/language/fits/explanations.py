"""Explanations of behaviour, as families of shapes that `cross_validation` can compare.

Knows what each explanation predicts for untrained pairs, up to coefficients that are fitted:

- exchangeable: s (r_i - r_j), the theory as it is;
- saturating: s tanh(c (r_i - r_j)), a link with one more parameter;
- kernel_logistic: r_i - r_j of kernel logistic regression over alpha and ridge, in logit units as they
  are; kernel_logistic_scaled: with a free scale besides;
- similarity: items closer in rank are more alike, S_ij = rho^|i - j| in place of I, so that
  r = S B^T (B S B^T + gamma I)^-1 1 (theory: Solution, with an item kernel S);
- order_prior: before training the model leans along the order of the items of forward runs (for poker:
  true equity), q_i = -i, which changes sign in reversed runs. Regression on what the lean leaves open adds
  b gamma G q, G = (L + gamma I)^-1, to the ranks of forward runs and takes it from reversed ones;
- measured_prior: the lean is the margin measured before training, M_pre, pair by pair: it adds
  b (M_pre(i, j) - (p_i - p_j)) with p the ranks that fit M_pre on the trained pairs;
- saturating_order_prior, saturating_measured_prior: both together.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import expit

from memgen.language.fits.cross_validation import Explanation
from memgen.language.fits.least_squares import ranks_at
from memgen.language.fits.tables import GAMMA_RANGE
from memgen.relational.hierarchy import Hierarchy

GAMMAS = np.geomspace(*GAMMA_RANGE, 201)
"""Gammas of every family, 40 per decade; the same for all, so that none has a finer search."""

SHARPNESS = np.geomspace(0.1, 30, 32)
"""Values of c max|r_i - r_j|: from a link that is straight within 0.4% to a step."""

DECAY = np.concatenate([[0.0], np.linspace(0.05, 0.95, 19)])
"""Similarity of items one rank apart."""

ALPHAS = np.linspace(0, 0.96, 25)

RIDGES = np.geomspace(1e-8, 10, 91)

TOLERANCE = 1e-6
"""Largest gradient of logistic regression, in units of the ridge: ranks are good to half of it."""

MOST_STEPS = 500


POOLED = ("exchangeable", "saturating", "kernel_logistic", "kernel_logistic_scaled", "similarity")
"""Explanations of margins pooled over both directions, in which a prior that changes sign cancels."""

BY_REVERSAL = (
    "exchangeable",
    "saturating",
    "order_prior",
    "measured_prior",
    "saturating_order_prior",
    "saturating_measured_prior",
)
"""Explanations of margins of forward and of reversed runs, side by side."""


def untrained(hierarchy: Hierarchy) -> tuple[np.ndarray, np.ndarray]:
    """Untrained pairs: higher and lower ranks, each shape (p,), sorted."""
    pairs = [pair for pair in hierarchy.unordered_pairs() if not hierarchy.trained(*pair)]
    higher, lower = np.array(pairs).T
    return higher, lower


def differences(r: np.ndarray, hierarchy: Hierarchy) -> np.ndarray:
    """r_i - r_j over untrained pairs i < j: shape (..., p) from (..., n)."""
    higher, lower = untrained(hierarchy)
    return np.asarray(r[..., higher] - r[..., lower])


def mirror_groups(hierarchy: Hierarchy) -> np.ndarray:
    """Group of every untrained pair, shape (p,): (h, k) shares its mirror image's, (n - 1 - k, n - 1 - h)."""
    n = hierarchy.n
    higher, lower = untrained(hierarchy)
    return np.asarray(np.minimum(higher * n + lower, (n - 1 - lower) * n + (n - 1 - higher)))


def incidence(hierarchy: Hierarchy) -> np.ndarray:
    """Signed incidence matrix B of the trained pairs, shape (t, n): the row of "a beats b" is e_a - e_b."""
    pairs = list(hierarchy.training_pairs())
    matrix = np.zeros((len(pairs), hierarchy.n))
    rows = np.arange(len(pairs))
    matrix[rows, [winner for winner, _ in pairs]] = 1
    matrix[rows, [loser for _, loser in pairs]] = -1
    return matrix


@lru_cache(maxsize=128)
def pooled(name: str, hierarchy: Hierarchy) -> Explanation:
    """Family of shapes over untrained pairs for margins pooled over reversals: one of `POOLED`."""
    if name == "exchangeable":
        return Explanation(name, _linear(hierarchy)[:, None], GAMMAS[:, None], ("gamma",))
    if name == "saturating":
        shapes, grid = _saturating(hierarchy)
        return Explanation(name, shapes[:, None], grid, ("gamma", "sharpness"))
    if name == "similarity":
        return _similarity(hierarchy)
    grid, shapes = _logistic(hierarchy)
    return Explanation(name, shapes, grid, ("alpha", "ridge"), free=name == "kernel_logistic_scaled")


def by_reversal(name: str, hierarchy: Hierarchy, before: Sequence[np.ndarray] | None = None) -> Explanation:
    """Family of shapes over untrained pairs of forward runs, then of reversed runs: one of `BY_REVERSAL`.

    A measured prior needs the margins before training of all pairs i < j, forward and reversed.
    """
    saturating = name.startswith("saturating")
    main, grid = _saturating(hierarchy) if saturating else (_linear(hierarchy), GAMMAS[:, None])
    terms = [np.concatenate([main, main], axis=1)]
    if name.endswith("prior"):
        if name.endswith("order_prior"):
            lean = _surviving_order(hierarchy)
            both = np.concatenate([lean, -lean], axis=1)
        else:
            assert before is not None, "a measured prior needs the margins before training"
            both = np.concatenate([_surviving_margins(hierarchy, part) for part in before], axis=1)
        terms.append(np.repeat(both, len(main) // len(GAMMAS), axis=0))
    return Explanation(
        name, np.stack(terms, axis=1), grid, ("gamma", "sharpness") if saturating else ("gamma",)
    )


@lru_cache(maxsize=16)
def _linear(hierarchy: Hierarchy) -> np.ndarray:
    """r_i - r_j at every gamma, shape (g, p)."""
    return differences(ranks_at(hierarchy, GAMMAS), hierarchy)


@lru_cache(maxsize=16)
def _saturating(hierarchy: Hierarchy) -> tuple[np.ndarray, np.ndarray]:
    """tanh(c (r_i - r_j)), shape (g k, p), and its grid of gamma and c, gamma varying slowest."""
    linear = _linear(hierarchy)
    largest = np.abs(linear).max(axis=1)
    c = SHARPNESS / np.where(largest > 0, largest, 1)[:, None]
    shapes = np.tanh(c[:, :, None] * linear[:, None])
    grid = np.stack([np.repeat(GAMMAS, len(SHARPNESS)), c.ravel()], axis=1)
    return shapes.reshape(len(grid), -1), grid


def _similarity(hierarchy: Hierarchy) -> Explanation:
    """Ranks for items that are more alike the closer they are."""
    b = incidence(hierarchy)
    distance = np.abs(np.subtract.outer(np.arange(hierarchy.n), np.arange(hierarchy.n)))
    shapes = []
    for rho in DECAY:
        s = np.where(distance == 0, 1.0, rho**distance)
        system = b @ s @ b.T + GAMMAS[:, None, None] * np.eye(len(b))
        dual = np.linalg.solve(system, np.ones((len(GAMMAS), len(b), 1)))[..., 0]
        shapes.append(differences(dual @ b @ s, hierarchy))
    grid = np.stack([np.tile(GAMMAS, len(DECAY)), np.repeat(DECAY, len(GAMMAS))], axis=1)
    return Explanation("similarity", np.concatenate(shapes)[:, None], grid, ("gamma", "rho"))


@lru_cache(maxsize=16)
def _logistic(hierarchy: Hierarchy) -> tuple[np.ndarray, np.ndarray]:
    """Ranks of kernel logistic regression, and its grid of alpha and ridge."""
    alpha, ridge = (part.ravel() for part in np.meshgrid(ALPHAS, RIDGES, indexing="ij"))
    shapes = differences(logistic_ranks(hierarchy, alpha, ridge), hierarchy)
    return np.stack([alpha, ridge], axis=1), shapes[:, None]


def logistic_ranks(hierarchy: Hierarchy, alpha: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    """Ranks of kernel logistic regression: cross-entropy in place of squared loss.

    The antisymmetric functions of the canonical kernel (theory: Kernel family) are f(i, j) = v_i - v_j +
    sqrt(alpha) w_ij with squared norm 2 |v|^2 / (1 - alpha) + |w|^2, w belonging to trained pairs. Both
    directions trained, the minimum of

        sum log(1 + exp(-f)) + ridge/2 (2 |v|^2 / (1 - alpha) + |w|^2)

    over v and w gives untrained pairs the margin v_i - v_j. Unlike with squared loss, alpha and ridge do not
    enter through gamma alone. The dual would lose its digits to exceptions at small ridge: cycles are not
    separable, so dual weights grow as 1 / ridge and cancel.

    alpha in [0, 1) and ridge > 0 have shape (c,), the ranks, in logit units, (c, n). ArithmeticError if
    Newton's method does not reach `TOLERANCE`.
    """
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


@lru_cache(maxsize=16)
def _fitting_operator(hierarchy: Hierarchy) -> np.ndarray:
    """G B^T at every gamma, shape (g, n, t): ranks that fit given values on the trained pairs."""
    b = incidence(hierarchy)
    system = b.T @ b + GAMMAS[:, None, None] * np.eye(hierarchy.n)
    return np.linalg.solve(system, np.broadcast_to(b.T, (len(GAMMAS), *b.T.shape)))


def _surviving_order(hierarchy: Hierarchy) -> np.ndarray:
    """What fitting leaves of a lean q_i = -i: differences of gamma G q over untrained pairs, shape (g, p)."""
    q = -np.arange(hierarchy.n, dtype=float)
    fitted = _fitting_operator(hierarchy) @ (incidence(hierarchy) @ q)
    return differences(q - fitted, hierarchy)


def _surviving_margins(hierarchy: Hierarchy, before: np.ndarray) -> np.ndarray:
    """What fitting leaves of given margins of all pairs i < j, over untrained pairs, shape (g, p)."""
    matrix = np.zeros((hierarchy.n, hierarchy.n))
    matrix[np.triu_indices(hierarchy.n, 1)] = before
    matrix -= matrix.T
    winners, losers = np.array(list(hierarchy.training_pairs())).T
    fitted = _fitting_operator(hierarchy) @ matrix[winners, losers]
    higher, lower = untrained(hierarchy)
    return np.asarray(matrix[higher, lower] - differences(fitted, hierarchy))
