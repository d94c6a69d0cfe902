"""Whether regularization moves gamma as the theory says, gamma = 2 (alpha + ridge) / (1 - alpha).

Gamma and the memorization weight m together imply a conjunctivity and an effective ridge, so the theory can
be tested part by part: L2 should raise the ridge in proportion (slope 1 of log_ridge) and leave alpha alone
(slope 0), so that gamma = a + b L2 (gamma_affine). Early stopping acts as a further ridge, which adds
to a and bends log_ridge at small L2. For the rank of LoRA the theory gives no slope; it is described,
not tested.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from memgen.jobs.stage import Inputs, Output, progress, stage
from memgen.language.fits.cells import Cell, by_all_but
from memgen.language.fits.tables import frame_of
from memgen.language.fits.theory import best_fit, implied, resample, seed_weights
from memgen.published.tables import REGULARIZATION, REGULARIZATION_POOLED
from memgen.tables.statistics import student_interval

RESAMPLES = 400
"""Bootstrap samples of the seeds."""

FEWEST_POINTS = 3
"""Hyperparameters that a regression needs."""

EXPECTED = {"alpha": 0.0, "log_ridge": 1.0}
"""Slopes in theory where the hyperparameter is a ridge."""

Quantities = dict[str, np.ndarray]
"""log_gamma, alpha, log_ridge, memorization_weight and log_scale, each of shape (b,); NaN where undefined."""


@dataclass(frozen=True)
class Point:
    """What was fitted at the logarithm x of one hyperparameter, and for bootstrap samples of the seeds."""

    x: float
    at_edge: bool
    value: Quantities
    samples: Quantities


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
        groups = [
            [cell for cell in group if cell.hyperparameter > 0]
            for group in by_all_but("hyperparameter", path)
        ]
        for group in progress(groups, f"regularization, {path.name}"):
            if len(group) >= FEWEST_POINTS:
                rows += slope_rows(group)
    table = frame_of(rows, REGULARIZATION)
    REGULARIZATION.write(table, out)
    REGULARIZATION_POOLED.write(pool(table), pooled)


def slope_rows(group: list[Cell]) -> Iterator[dict[str, object]]:
    """Rows of cells that differ in their hyperparameter only; none for a quantity with too few points."""
    points = [fit_point(cell) for cell in group]
    key = {name: value for name, value in group[0].key.items() if name != "hyperparameter"}
    # The hyperparameter of every method called probe… is an L2 or ridge.
    ridge = str(key["method"]).startswith("probe")
    for quantity in (*points[0].value, *(["gamma_affine"] if ridge else [])):
        affine = quantity == "gamma_affine"
        name = "log_gamma" if affine else quantity
        # At an end of gamma's range only s / gamma and s m are determined: they fix alpha and nothing else.
        inside = [point for point in points if quantity == "alpha" or not point.at_edge]
        used = [point for point in inside if np.isfinite(point.value[name][0])]
        if len(used) < FEWEST_POINTS:
            continue
        x = np.array([point.x for point in used])
        y = np.array([point.value[name][0] for point in used])
        samples = np.stack([point.samples[name] for point in used])
        if affine:
            slope, intercept, error = (float(part[0]) for part in fit_affine(np.exp(x), y[:, None]))
            slopes = fit_affine(np.exp(x), samples)[0]
        else:
            slope, intercept = (float(part) for part in np.polyfit(x, y, 1))
            residual = y - slope * x - intercept
            error = float(residual @ residual)
            slopes = _slopes(x, samples)
        total = np.sum((y - y.mean()) ** 2)
        yield {
            **key,
            "quantity": quantity,
            "slope": slope,
            **_spread(slopes),
            "expected": EXPECTED.get(quantity) if ridge else None,
            "intercept": intercept,
            "r2": float(1 - error / total) if total > 0 else None,
            "n_points": len(used),
            "n_at_edge": len(points) - len(inside),
            "n_undefined": len(inside) - len(used),
        }


def fit_affine(x: np.ndarray, log_gamma: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit gamma = a + b x, a > 0 and b >= 0, by least squares of ln gamma.

    From x > 0, shape (points,), and ln gamma, (points, samples), to b, a and the sum of squares left,
    (samples,).
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
    best, m, _ = best_fit(cell)
    value = _quantities(*(np.array([number]) for number in (best.gamma, best.scale, m)))
    samples = _quantities(*resample(cell, seed_weights(cell, RESAMPLES, "regularization")))
    return Point(math.log(cell.hyperparameter), best.at_edge, value, samples)


def _quantities(gamma: np.ndarray, scale: np.ndarray, m: np.ndarray) -> Quantities:
    """Every quantity of a fit; NaN for the logarithm of a number that is not positive."""
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


def _slopes(x: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Slopes of bootstrap samples, shape (points, b); each leaves out undefined points and needs two."""
    weight = np.isfinite(samples).astype(float)
    count = weight.sum(axis=0)
    y = np.where(weight > 0, samples, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = (x[:, None] - (weight * x[:, None]).sum(axis=0) / count) * weight
        slopes = (centred * y).sum(axis=0) / (centred**2).sum(axis=0)
    return np.asarray(slopes[count >= 2])


def _spread(slopes: np.ndarray) -> dict[str, float | None]:
    """Standard error and 95% interval of slopes of bootstrap samples; empty for fewer than two."""
    slopes = slopes[np.isfinite(slopes)]
    if len(slopes) < 2:
        return {}
    low, high = np.quantile(slopes, [0.025, 0.975])
    return {"slope_standard_error": float(slopes.std(ddof=1)), "slope_low": low, "slope_high": high}


def pool(table: pl.DataFrame) -> pl.DataFrame:
    """`REGULARIZATION_POOLED`: slopes averaged over a model's hierarchies, then over models, the clusters."""
    keys = ["source", "items", "method", "quantity"]
    rows = []
    for part in table.partition_by(keys, maintain_order=True):
        slopes = part.group_by("model").agg(pl.col("slope").mean()).sort("model")["slope"].to_numpy()
        interval = student_interval(slopes) if len(slopes) > 1 else (float(slopes.mean()),)
        columns = ("slope", "slope_standard_error", "slope_low", "slope_high")
        rows.append(
            {
                **part.select(keys).row(0, named=True),
                **dict(zip(columns, interval, strict=False)),
                "expected": part["expected"][0],
                "n_models": len(slopes),
                "n_slopes": len(part),
                "n_positive": int((part["slope_low"] > 0).sum()),
                "n_negative": int((part["slope_high"] < 0).sum()),
            }
        )
    return frame_of(rows, REGULARIZATION_POOLED).sort(keys)
