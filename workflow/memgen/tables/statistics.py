"""The statistics that tables report: means with standard errors, intervals, tests, correlations.

Observations are independent: repeats of a simulation, or seeds. Answers of one run are not, so a Wilson
interval of them stands beside an error over seeds, never in its place.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import nctdtr, ndtri, stdtr, stdtrit

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
    """Standard error of the mean of a column without empty rows, by group; empty for a single row."""
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
    """Half the width of a mean's interval by Student's t; None where the mean has no standard error."""
    return None if error is None else error * float(student_factor(observations, level))


def student_interval(values: Floats, level: float = 0.95) -> tuple[float, float, float, float]:
    """Mean of at least two observations, its standard error, and the ends of its interval by Student's t."""
    mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
    reach = float(student_factor(len(values), level)) * error
    return mean, error, mean - reach, mean + reach


def within_bounds(
    mean: npt.ArrayLike, error: npt.ArrayLike, observations: npt.ArrayLike, least: float, greatest: float
) -> tuple[Floats, Floats]:
    """Ends of the 95% intervals of means by Student's t, cut to what a mean can be.

    Parameters
    ----------
    mean, error : array_like, shape (…)
        Means and their standard errors.
    observations : array_like of int, shape (…)
    least, greatest : float
        Least and greatest value that an observation can have.

    Returns
    -------
    low, high : numpy.ndarray, shape (…)
        Where all observations gave one value, by Clopper and Pearson: what none of n showed may still have a
        share of 1 - .025^(1/n). NaN without an error; bounds may be infinite.
    """
    value, spread = np.asarray(mean, dtype=np.float64), np.asarray(error, dtype=np.float64)
    count = np.asarray(observations, dtype=np.float64)
    reach = student_factor(count) * spread
    unseen = 1 - 0.025 ** (1 / count)
    alike = (spread == 0) & math.isfinite(least) & math.isfinite(greatest)
    low, high = np.array(value - reach), np.array(value + reach)
    low[alike] = (value - (value - least) * unseen)[alike]
    high[alike] = (value + (greatest - value) * unseen)[alike]
    return np.maximum(low, least), np.minimum(high, greatest)


def student_p(mean: float, error: float, freedom: float, null: float = 0.0) -> float:
    """Two-sided p of Student's t test that a mean is `null`.

    Parameters
    ----------
    mean, error : float
        Mean and its standard error. Without an error the mean is exact: p is 1 where it is `null`, else 0.
    freedom : float
        Degrees of freedom.
    null : float, default=0
    """
    if error == 0:
        return 1.0 if mean == null else 0.0
    return float(min(1.0, 2 * stdtr(freedom, -abs(mean - null) / error)))


def sign_flip_p(values: Sequence[float]) -> float:
    """One-sided p that a mean exceeds 0, by an exact test that needs symmetry alone (Fisher 1935).

    Parameters
    ----------
    values : sequence of float
        Of at most some 20 independent units.

    Returns
    -------
    float
        Share of all assignments of signs to the values whose sum is at least that observed; 1/2^n where all
        are positive, 1 where all are 0.
    """
    observed = np.asarray(values, dtype=np.float64)
    sums = np.zeros(1)
    for size in np.abs(observed):
        sums = np.concatenate([sums + size, sums - size])
    return float(np.mean(sums >= observed.sum() - 1e-12 * np.abs(observed).sum()))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's corrected p of each of a family of tests (Holm 1979), in their order.

    It is the largest of count x p, (count - 1) x p, … up to each in ascending order, at most 1.
    """
    corrected, largest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[index]))
        corrected[index] = largest
    return corrected


def units_to_decide(
    distances: Sequence[float], deviation: float, level: float, lost: int = 1, power: float = 0.8
) -> int | None:
    """How many observations would decide, were the mean and the spread those that were seen.

    Parameters
    ----------
    distances : sequence of float
        How far the mean lies from each bound that it must be told from, in its own unit.
    deviation : float
        Standard deviation of one observation.
    level : float
        Level of each one-sided test.
    lost : int, default=1
        Degrees of freedom that the estimate costs.
    power : float, default=0.8
        Probability that all tests reject, taken at the least that it can be (Bonferroni).

    Returns
    -------
    int or None
        By the noncentral t distribution. None where more than a hundred thousand are needed, or none
        suffices.

    Examples
    --------
    >>> units_to_decide([0.5], 1.0, 0.025)  # a two-sided test at 5 %
    34
    """
    if min(distances) <= 0 or not deviation > 0:
        return None

    def enough(count: int) -> bool:
        freedom = count - lost
        critical = float(stdtrit(freedom, 1 - level))
        misses = sum(
            float(nctdtr(freedom, distance * math.sqrt(count) / deviation, critical))
            for distance in distances
        )
        return misses <= 1 - power

    high = lost + 1
    while not enough(high):
        high *= 2
        if high > 100_000:
            return None
    low = max(lost, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


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


def line_slope(x: Floats, y: Floats) -> tuple[float, float | None]:
    """Slope of the straight line through points by least squares, and its standard error.

    Parameters
    ----------
    x, y : numpy.ndarray, shape (observations,)
        At least two different x.

    Returns
    -------
    slope : float
    standard_error : float or None
        On observations - 2 degrees of freedom; None for two points.
    """
    off = x - x.mean()
    slope = float(off @ y / (off @ off))
    if len(x) < 3:
        return slope, None
    rest = y - y.mean() - slope * off
    return slope, math.sqrt(float(rest @ rest) / (len(x) - 2) / float(off @ off))


def pearson(one: Floats, other: Floats) -> float:
    """Pearson correlation of two columns, shape (observations,); NaN where one side does not vary."""
    x, y = one - one.mean(), other - other.mean()
    norm = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / norm) if norm > 0 else float("nan")


def spearman(one: Sequence[float] | Floats, other: Sequence[float] | Floats) -> float:
    """Spearman rank correlation, ties sharing their mean rank; NaN where one side does not vary."""
    from scipy.stats import rankdata  # slow to import, and few need it

    return pearson(rankdata(one), rankdata(other))
