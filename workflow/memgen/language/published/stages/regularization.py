"""Whether regularization moves gamma as the theory says, gamma = 2 (alpha + ridge) / (1 - alpha).

Gamma and the memorization weight m together imply a conjunctivity and an effective ridge, so the theory can
be asked part by part: L2 should raise the ridge in proportion (slope 1 of log_ridge) and leave alpha alone
(slope 0), so that gamma = a + b L2 (gamma_affine). Training that stops early leaves a ridge of its own, which
goes into a and bends log_ridge at small L2. For the rank of LoRA the theory gives no slope; it is described,
not tested.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import t as student

from memgen.jobs.stage import Inputs, Output, progress, stage
from memgen.language.fits.cells import Cell, cells
from memgen.language.fits.theory import best_fit, implied, resample, seed_weights
from memgen.language.published.tables import REGULARIZATION, REGULARIZATION_POOLED

RESAMPLES = 400
"""Bootstrap samples of the seeds."""


FEWEST_POINTS = 3
"""Hyperparameters that a regression needs."""


QUANTITIES = ("log_gamma", "alpha", "log_ridge", "memorization_weight", "log_scale")


EXPECTED = {"alpha": 0.0, "log_ridge": 1.0}
"""Slopes in theory where the hyperparameter is a ridge."""


@dataclass(frozen=True)
class Point:
    """What was fitted at one hyperparameter, and for bootstrap samples of the seeds.

    Parameters
    ----------
    x : float
        Natural logarithm of the hyperparameter.
    at_edge : bool
        Whether gamma lies at an end of its range.
    value : dict of str to float
        By quantity; NaN where undefined.
    samples : dict of str to ndarray, shape (b,)
        The same for bootstrap samples.
    """

    x: float
    at_edge: bool
    value: dict[str, float]
    samples: dict[str, np.ndarray]


@stage
def regularization(*, responses: Inputs, out: Output, pooled: Output) -> None:
    """Regress fitted gamma, alpha, ridge, m and scale on the logarithm of the hyperparameter.

    Parameters
    ----------
    responses
        Response tables, such as the published and our own.
    out
        One row per model, items, hierarchy, method and quantity.
    pooled
        The slopes averaged over hierarchies and models.
    """
    rows: list[dict[str, object]] = []
    for path in responses:
        groups: defaultdict[tuple[object, ...], list[Cell]] = defaultdict(list)
        for cell in cells(path):
            if isinstance(value := cell.key["hyperparameter"], float) and value > 0:
                groups[tuple(part for name, part in cell.key.items() if name != "hyperparameter")].append(
                    cell
                )
        for group in progress(list(groups.values()), f"regularization, {path.name}"):
            if len(group) >= FEWEST_POINTS:
                rows += slope_rows(group)
    table = pl.DataFrame(rows, schema=REGULARIZATION.schema, orient="row")
    REGULARIZATION.write(table, out)
    REGULARIZATION_POOLED.write(pool(table), pooled)


def is_ridge(method: str) -> bool:
    """Whether a method's hyperparameter is an L2 or ridge: that of every method called probe…."""
    return method.startswith("probe")


def slope_rows(group: list[Cell]) -> Iterator[dict[str, object]]:
    """Rows of cells that differ in their hyperparameter only.

    Parameters
    ----------
    group : list of Cell

    Yields
    ------
    dict
        By the columns of REGULARIZATION; none for a quantity with too few points.
    """
    points = [fit_point(cell) for cell in group]
    key = {name: value for name, value in group[0].key.items() if name != "hyperparameter"}
    for quantity in QUANTITIES:
        # At an end of gamma's range only s / gamma and s m are determined: they fix alpha and nothing else.
        inside = [point for point in points if quantity == "alpha" or not point.at_edge]
        used = [point for point in inside if math.isfinite(point.value[quantity])]
        if len(used) < FEWEST_POINTS:
            continue
        x = np.array([point.x for point in used])
        y = np.array([point.value[quantity] for point in used])
        slope, intercept = np.polyfit(x, y, 1)
        residual = y - slope * x - intercept
        total = np.sum((y - y.mean()) ** 2)
        yield {
            **key,
            "quantity": quantity,
            "slope": float(slope),
            **_interval(x, np.stack([point.samples[quantity] for point in used])),
            "expected": EXPECTED.get(quantity) if is_ridge(str(key["method"])) else None,
            "intercept": float(intercept),
            "r2": float(1 - residual @ residual / total) if total > 0 else None,
            "n_points": len(used),
            "n_at_edge": len(points) - len(inside),
            "n_undefined": len(inside) - len(used),
        }

    yield from _affine_row(points, key)


def _affine_row(points: list[Point], key: dict[str, object]) -> Iterator[dict[str, object]]:
    """Row of gamma = a + b x for a method whose hyperparameter is a ridge."""
    used = [point for point in points if not point.at_edge and math.isfinite(point.value["log_gamma"])]
    if len(used) < FEWEST_POINTS or not is_ridge(str(key["method"])):
        return
    x = np.exp([point.x for point in used])
    y = np.array([point.value["log_gamma"] for point in used])
    slope, intercept, error = affine(x, y[:, None])
    slopes = affine(x, np.stack([point.samples["log_gamma"] for point in used]))[0]
    total = np.sum((y - y.mean()) ** 2)
    yield {
        **key,
        "quantity": "gamma_affine",
        "slope": float(slope[0]),
        **_spread(slopes),
        "intercept": float(intercept[0]),
        "r2": float(1 - error[0] / total) if total > 0 else None,
        "n_points": len(used),
        "n_at_edge": sum(point.at_edge for point in points),
        "n_undefined": 0,
    }


def affine(x: np.ndarray, log_gamma: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit gamma = a + b x, a > 0 and b >= 0, by least squares of ln gamma.

    Parameters
    ----------
    x : ndarray, shape (points,)
        Positive.
    log_gamma : ndarray, shape (points, samples)

    Returns
    -------
    b, a, error : ndarray, shape (samples,)
        error is the sum of squares left.
    """
    centred = log_gamma - log_gamma.mean(axis=0)
    coarse = np.concatenate([[0.0], np.geomspace(1e-3 / x.max(), 1e3 / x.min(), 1001)])
    ratio = np.broadcast_to(coarse[:, None], (len(coarse), log_gamma.shape[1]))
    step = np.log(coarse[2] / coarse[1])
    for refined in (True, True, False):
        # Shape (ratios, points, samples); a is free, so only the spread of ln(1 + ratio x) matters.
        curve = np.log1p(ratio[:, None] * x[:, None])
        error = ((curve - curve.mean(axis=1, keepdims=True) - centred) ** 2).sum(axis=1)
        best = np.argmin(error, axis=0), np.arange(log_gamma.shape[1])
        if refined:
            ratio = ratio[best] * np.exp(step * np.linspace(-1, 1, 101))[:, None]
            step /= 50
    a = np.exp((log_gamma - np.log1p(ratio[best] * x[:, None])).mean(axis=0))
    return a * ratio[best], a, error[best]


def fit_point(cell: Cell) -> Point:
    """Fit of one cell, with bootstrap samples of the seeds."""
    found = best_fit(cell)
    fitted = [np.array([number]) for number in (found.fit.gamma, found.fit.scale, found.m)]
    samples = _quantities(*fitted)
    value = {name: float(part[0]) for name, part in samples.items()}
    resampled = _quantities(*resample(cell, seed_weights(cell, RESAMPLES, "regularization")))
    hyperparameter = cell.key["hyperparameter"]
    assert isinstance(hyperparameter, float)
    return Point(math.log(hyperparameter), found.fit.at_edge, value, resampled)


def _quantities(gamma: np.ndarray, scale: np.ndarray, m: np.ndarray) -> dict[str, np.ndarray]:
    """Every quantity from what is fitted; NaN for the logarithm of what is not positive."""
    alpha, ridge = implied(gamma, m)

    def log(x: np.ndarray) -> np.ndarray:
        return np.log(np.where(x > 0, x, np.nan))

    return {
        "log_gamma": log(gamma),
        "alpha": alpha,
        "log_ridge": log(ridge),
        "memorization_weight": m,
        "log_scale": log(scale),
    }


def _interval(x: np.ndarray, samples: np.ndarray) -> dict[str, float | None]:
    """Spread of the slope over bootstrap samples, shape (points, b); each leaves out undefined points."""
    defined = np.isfinite(samples)
    weight = defined.astype(float)
    count = weight.sum(axis=0)
    y = np.where(defined, samples, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = (x[:, None] - (weight * x[:, None]).sum(axis=0) / count) * weight
        slopes = (centred * y).sum(axis=0) / (centred**2).sum(axis=0)
    return _spread(slopes[count >= 2])


def _spread(slopes: np.ndarray) -> dict[str, float | None]:
    """Standard error and 95% interval of slopes of bootstrap samples; empty for fewer than two."""
    slopes = slopes[np.isfinite(slopes)]
    if len(slopes) < 2:
        return {}
    low, high = np.quantile(slopes, [0.025, 0.975])
    return {
        "slope_standard_error": float(slopes.std(ddof=1)),
        "slope_low": float(low),
        "slope_high": float(high),
    }


def pool(table: pl.DataFrame) -> pl.DataFrame:
    """Slopes averaged over a model's hierarchies, then over models, the clusters.

    Parameters
    ----------
    table : polars.DataFrame
        Of REGULARIZATION.

    Returns
    -------
    polars.DataFrame
        Of REGULARIZATION_POOLED.
    """
    keys = ["source", "items", "method", "quantity"]
    rows = []
    for part in table.partition_by(keys, maintain_order=True):
        slopes = part.group_by("model").agg(pl.col("slope").mean()).sort("model")["slope"].to_numpy()
        mean, count = float(slopes.mean()), len(slopes)
        error = float(slopes.std(ddof=1) / math.sqrt(count)) if count > 1 else None
        reach = None if error is None else float(student.ppf(0.975, count - 1)) * error
        rows.append(
            {
                **part.select(keys).row(0, named=True),
                "slope": mean,
                "slope_standard_error": error,
                "slope_low": None if reach is None else mean - reach,
                "slope_high": None if reach is None else mean + reach,
                "expected": part["expected"][0],
                "n_models": count,
                "n_slopes": len(part),
                "n_positive": int((part["slope_low"] > 0).sum()),
                "n_negative": int((part["slope_high"] < 0).sum()),
            }
        )
    return pl.DataFrame(rows, schema=REGULARIZATION_POOLED.schema, orient="row").sort(keys)
