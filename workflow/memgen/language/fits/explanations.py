"""Explanations of behaviour, as families of shapes that `cross_validation` can compare.

Knows what each explanation predicts for untrained pairs, up to coefficients that are fitted:

- exchangeable: s (r_i - r_j), the theory as it stands;
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

from functools import lru_cache

import numpy as np

from memgen.language.fits.cross_validation import Explanation
from memgen.language.fits.kernel_logistic import incidence, logistic_ranks
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
    """r_i - r_j over untrained pairs i < j.

    Parameters
    ----------
    r : ndarray, shape (..., n)

    Returns
    -------
    ndarray, shape (..., p)
    """
    higher, lower = untrained(hierarchy)
    return np.asarray(r[..., higher] - r[..., lower])


@lru_cache(maxsize=128)
def pooled(name: str, hierarchy: Hierarchy) -> Explanation:
    """Family of shapes over untrained pairs, for margins pooled over reversals.

    Parameters
    ----------
    name : str
        One of `POOLED`.
    hierarchy : Hierarchy

    Returns
    -------
    Explanation
    """
    if name == "exchangeable":
        return Explanation(name, _linear(hierarchy)[:, None], GAMMAS[:, None], ("gamma",))
    if name == "saturating":
        shapes, grid = _saturating(hierarchy)
        return Explanation(name, shapes[:, None], grid, ("gamma", "sharpness"))
    if name == "similarity":
        return _similarity(hierarchy)
    if name in ("kernel_logistic", "kernel_logistic_scaled"):
        grid, shapes = _logistic(hierarchy)
        return Explanation(name, shapes, grid, ("alpha", "ridge"), free=name == "kernel_logistic_scaled")
    raise ValueError(f"no explanation of pooled margins is called {name!r}")


def by_reversal(
    name: str, hierarchy: Hierarchy, before: tuple[np.ndarray, np.ndarray] | None = None
) -> Explanation:
    """Family of shapes over untrained pairs of forward runs, then those of reversed runs.

    Parameters
    ----------
    name : str
        One of `BY_REVERSAL`.
    hierarchy : Hierarchy
    before : pair of ndarray, shape (n (n - 1) / 2,)
        Margins before training of all pairs i < j, forward and reversed; for a measured prior only.

    Returns
    -------
    Explanation
        Shapes over 2 p entries.
    """
    if name.startswith("saturating"):
        main, grid = _saturating(hierarchy)
        parameters: tuple[str, ...] = ("gamma", "sharpness")
    else:
        main, grid = _linear(hierarchy), GAMMAS[:, None]
        parameters = ("gamma",)
    terms = [np.concatenate([main, main], axis=1)]
    repeats = len(main) // len(GAMMAS)
    if name.endswith("order_prior"):
        lean = np.repeat(_surviving_order(hierarchy), repeats, axis=0)
        terms.append(np.concatenate([lean, -lean], axis=1))
    elif name.endswith("measured_prior"):
        if before is None:
            raise ValueError("a measured prior needs the margins before training")
        lean = np.concatenate([_surviving_margins(hierarchy, part) for part in before], axis=1)
        terms.append(np.repeat(lean, repeats, axis=0))
    elif name not in BY_REVERSAL:
        raise ValueError(f"no explanation of margins by reversal is called {name!r}")
    return Explanation(name, np.stack(terms, axis=1), grid, parameters)


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
    alpha, ridge = (part.ravel() for part in np.meshgrid(ALPHAS, RIDGES, indexing="ij"))
    shapes = differences(logistic_ranks(hierarchy, alpha, ridge), hierarchy)
    return np.stack([alpha, ridge], axis=1), shapes[:, None]


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
