"""Uncertainty of what is averaged: Wilson intervals of proportions, and means over seeds.

Knows counts and values; knows neither tables nor models. Seeds are the independent observations. A Wilson
interval counts every answer as independent, which answers of one run are not: it stands beside the error
that is clustered by seed, never in its place.
"""

import numpy as np
from scipy import stats


def wilson(
    successes: np.ndarray | float, trials: np.ndarray | int, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson score interval of proportions (Wilson 1927).

    Parameters
    ----------
    successes : array_like, shape (...)
    trials : array_like of int, shape (...)
        At least 1; NaN is returned for 0.
    level : float, default=0.95

    Returns
    -------
    low, high : ndarray, shape (...)
    """
    z = float(stats.norm.ppf((1 + level) / 2))
    count = np.where(np.asarray(trials) > 0, trials, np.nan)
    share = successes / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return np.maximum(0.0, centre - half), np.minimum(1.0, centre + half)


def mean_with_error(values: np.ndarray) -> tuple[float | None, float | None]:
    """Mean over seeds and its standard error; the error is None for a single seed, both for none."""
    if not len(values):
        return None, None
    error = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return float(np.mean(values)), error
