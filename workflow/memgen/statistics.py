"""The statistics that tables report: means with standard errors, intervals, correlations.

Observations are independent: repeats of a simulation, or seeds. Answers of one run are not, so a Wilson
interval of them stands beside an error over seeds, never in its place.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtri, stdtrit

Floats = npt.NDArray[np.float64]


def means_with_errors(values: Floats) -> tuple[Floats, Floats]:
    """Means over the first axis, and their standard errors.

    Parameters
    ----------
    values : numpy.ndarray, shape (observations, …)
        At least two observations.

    Returns
    -------
    mean, standard_error : numpy.ndarray, shape (…)
    """
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def mean_with_error(values: Floats | pl.Series) -> tuple[float | None, float | None]:
    """Mean of some observations and its standard error, each None where there are too few.

    Parameters
    ----------
    values : numpy.ndarray or polars.Series, shape (observations,)
        Without empty rows.

    Returns
    -------
    mean, standard_error : float or None
        The error is None for a single observation, both for none.
    """
    count = len(values)
    mean = float(values.mean()) if count else None  # type: ignore[arg-type]
    error = float(values.std(ddof=1)) / math.sqrt(count) if count > 1 else None  # type: ignore[arg-type]
    return mean, error


def standard_error(values: str | pl.Expr) -> pl.Expr:
    """Standard error of a column's mean, to aggregate a group by; empty for a single row.

    Parameters
    ----------
    values : str or polars.Expr
        A column without empty rows, or an expression over rows.
    """
    column = pl.col(values) if isinstance(values, str) else values
    return column.std() / pl.len().cast(pl.Float64).sqrt()


def student_factor(observations: npt.ArrayLike, level: float = 0.95) -> Floats:
    """How many standard errors an interval of Student's t reaches to either side of a mean.

    Parameters
    ----------
    observations : array_like of int, shape (…)
    level : float, default=0.95

    Returns
    -------
    numpy.ndarray, shape (…)
        4.30 for three observations; NaN for fewer than two.
    """
    freedom = np.asarray(observations, dtype=np.float64) - 1
    return np.asarray(stdtrit(np.where(freedom >= 1, freedom, np.nan), 0.5 + level / 2))


def half_width(error: float | None, observations: int, level: float = 0.95) -> float | None:
    """Half the width of a mean's interval by Student's t; None where there is no standard error.

    Parameters
    ----------
    error : float or None
        Standard error of the mean.
    observations : int
    level : float, default=0.95
    """
    return None if error is None else error * float(student_factor(observations, level))


def student_interval(values: Floats, level: float = 0.95) -> tuple[float, float, float, float]:
    """Mean of at least two observations, its standard error, and its interval by Student's t.

    Parameters
    ----------
    values : numpy.ndarray, shape (observations,)
    level : float, default=0.95

    Returns
    -------
    mean, standard_error, low, high : float
    """
    mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
    reach = float(student_factor(len(values), level)) * error
    return mean, error, mean - reach, mean + reach


def wilson(
    successes: npt.ArrayLike, trials: npt.ArrayLike, level: float = 0.95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Wilson score interval of proportions (Wilson 1927).

    Parameters
    ----------
    successes : array_like, shape (…)
    trials : array_like of int, shape (…)
        NaN is returned for 0.
    level : float, default=0.95

    Returns
    -------
    low, high : numpy.ndarray, shape (…)
    """
    z = float(ndtri((1 + level) / 2))
    count = np.where(np.asarray(trials) > 0, trials, np.nan)
    share = np.asarray(successes) / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return np.maximum(0.0, centre - half), np.minimum(1.0, centre + half)


def pearson(one: Floats, other: Floats) -> float:
    """Pearson correlation; NaN where one side does not vary.

    Parameters
    ----------
    one, other : numpy.ndarray, shape (observations,)
    """
    x, y = one - one.mean(), other - other.mean()
    norm = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / norm) if norm > 0 else float("nan")


def spearman(one: Sequence[float] | Floats, other: Sequence[float] | Floats) -> float:
    """Spearman rank correlation, ties sharing their mean rank; NaN where one side does not vary.

    Parameters
    ----------
    one, other : sequence of float, or numpy.ndarray, shape (observations,)
    """
    from scipy.stats import rankdata  # slow to import, and few need it

    return pearson(rankdata(one), rankdata(other))
