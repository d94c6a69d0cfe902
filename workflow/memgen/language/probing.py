"""A model's representation of pairs: the ridge probe on it, and how conjunctive it is, run by run.

The probe is kernel ridge regression in closed form. Its ridge is the theory's effective one (theory: Kernel
family): the kernel is scaled so that k_same - k_reversed, averaged over the trained pairs, is 1.

Conjunctivity, the alpha of the theory, has two measures: kappa_o and kappa_d from cosine similarities, as
published, and the conjunctivity, scale and distance of the antisymmetric part of the dot products, which is
what acts.
"""

import numpy as np
import polars as pl

from memgen.language.responses.tables import GEOMETRY_RUNS
from memgen.relational.kernels import kernel_ridge, measure, ordered_pairs, overlap

RIDGE = 1e-3
"""Effective ridge of the prediction from a model's own kernel."""


def places(n: int) -> np.ndarray:
    """Place of every ordered pair (first, second) in their order, shape (n, n); -1 of an item with itself."""
    pairs = ordered_pairs(n)
    found = np.full((n, n), -1)
    found[pairs[:, 0], pairs[:, 1]] = np.arange(len(pairs))
    return found


def predict(kernel: np.ndarray, trained: np.ndarray, target: np.ndarray, ridge: float) -> np.ndarray:
    """Kernel ridge regression, f = K[:, trained] (K[trained, trained] + ridge I)^-1 target, of all m inputs.

    The inputs trained on are given by their places in the kernel; the ridge is positive, in its units.
    """
    inner = kernel[np.ix_(trained, trained)] + ridge * np.eye(len(trained))
    return kernel[:, trained] @ np.linalg.solve(inner, target)


def contrast(kernel: np.ndarray, trained: np.ndarray, reversed_: np.ndarray) -> float:
    """Mean of k_same - k_reversed over trained inputs: half the squared distance of a pair's directions.

    Trained inputs, and the other direction of each, are given by their places in the kernel.
    """
    diagonal = np.diagonal(kernel)
    return float(np.mean((diagonal[trained] + diagonal[reversed_]) / 2 - kernel[trained, reversed_]))


def similarities(hidden: np.ndarray, n: int) -> tuple[float, float]:
    """Mean cosine similarity of pairs that share an item in one position, and of all other different pairs.

    These are kappa_o and kappa_d, relative to the similarity 1 of a pair with itself. Hidden states, here and
    below, have shape (n (n - 1), width), by ordered pair, sorted.
    """
    unit = hidden / np.linalg.norm(hidden, axis=1, keepdims=True)
    cosine = unit @ unit.T
    kinds = overlap(ordered_pairs(n), ordered_pairs(n))
    return float(cosine[kinds == 1].mean()), float(cosine[kinds >= 2].mean())


def measured(hidden: np.ndarray, n: int) -> dict[str, float | None]:
    """Columns of `GEOMETRY_RUNS` that one run's hidden states give; empty where they are not finite."""
    names = ("kappa_o", "kappa_d", "alpha", "scale", "distance")
    states = np.asarray(hidden, dtype=np.float64)
    if not np.isfinite(states).all():
        return dict.fromkeys(names)
    overlapping, different = similarities(states, n)
    found = measure(states @ states.T, n)
    values = (overlapping, different, found.conjunctivity, found.scale, found.distance)
    return dict(zip(names, values, strict=True))


def ridge_correlation(
    hidden: np.ndarray, trained: np.ndarray, target: np.ndarray, answers: np.ndarray, n: int
) -> float | None:
    """Pearson correlation of a run's margins with those that its own first kernel predicts.

    Over the pairs h < k that are not trained; None where the run diverged. Given are, for every ordered pair,
    the hidden state before training, whether it is trained, its target (+1 or -1), and the answer after.
    """
    states = np.asarray(hidden, dtype=np.float64)
    if not (np.isfinite(states).all() and np.isfinite(answers).all()):
        return None
    kernel = states @ states.T
    rows = np.flatnonzero(trained)
    ridge = RIDGE * measure(kernel, n).scale
    predicted = kernel_ridge(kernel[np.ix_(rows, rows)], target[rows], kernel[:, rows], ridge)
    pairs = ordered_pairs(n)
    ahead = np.flatnonzero((pairs[:, 0] < pairs[:, 1]) & ~trained)
    back = places(n)[pairs[ahead, 1], pairs[ahead, 0]]
    margins = [values[ahead] - values[back] for values in (predicted, answers)]
    return float(np.corrcoef(margins)[0, 1])


def geometry_rows(
    hidden: np.ndarray, task: pl.DataFrame, answers: np.ndarray | None, **run: str | int | float | bool | None
) -> pl.DataFrame:
    """Row of `GEOMETRY_RUNS` for one run in one phase, on a task of `scoring.read_task`.

    Answers after training, where there are any, are to be predicted from this kernel; `run` holds the other
    columns.
    """
    n = int(task["n"][0])
    trained = task["trained"].to_numpy()
    target = np.where(task["first_wins"].fill_null(False).to_numpy(), 1.0, -1.0)
    correlation = None if answers is None else ridge_correlation(hidden, trained, target, answers, n)
    row = {**run, "hierarchy": task["hierarchy"][0], **measured(hidden, n), "ridge_correlation": correlation}
    return pl.DataFrame([row], schema_overrides=GEOMETRY_RUNS.schema).select(list(GEOMETRY_RUNS.columns))
