"""The theory fitted to behaviour: one row per source, model, items, hierarchy, method, hyperparameter.

A cell's runs become a row: gamma and scale from the untrained pairs, the memorization weight from the trained
ones, intervals from the profile over gamma with errors by seed (theory: Fitting behaviour). Where gamma lies
at an end of its range the behaviour does not identify it, and gamma, alpha, the ridge and the memorization
weight are left empty. Models, ours or published, are nothing but rows of the response table here.
"""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from memgen.jobs.seeding import generator
from memgen.language.fits.cells import Cell
from memgen.language.fits.least_squares import (
    GRID_POINTS,
    Fit,
    fit_gamma,
    fit_many,
    grid,
    memorization_weight,
    not_excluded,
    ranks_at,
)
from memgen.language.fits.tables import FIT, GAMMA_RANGE, PREDICTIONS
from memgen.tables.statistics import half_width, mean_with_error, pearson, student_factor

RESAMPLES = 400
"""Bootstrap samples of the seeds."""


OCTAVE = 60
"""Points of the grid over a factor of two in gamma."""


@dataclass(frozen=True)
class Fitted:
    """What least squares find for one cell, identified or not.

    Parameters
    ----------
    fit : Fit
        Gamma and scale.
    m : float
        Memorization weight; NaN where the theory has no margins.
    train_correlation : float
    """

    fit: Fit
    m: float
    train_correlation: float


def best_fit(cell: Cell) -> Fitted:
    """Fit gamma and scale to a cell's untrained pairs, then the memorization weight to the trained ones."""
    higher, lower, trained = cell.higher, cell.lower, cell.trained
    observed = cell.margins()
    fit = fit_gamma(cell.hierarchy, higher[~trained], lower[~trained], observed[~trained])
    if math.isnan(fit.gamma):
        return Fitted(fit, math.nan, math.nan)
    difference = _differences(cell, fit.gamma)
    target = cell.target[trained]
    m = float(memorization_weight(difference[trained], fit.scale, target, observed[trained]))
    predicted = fit.scale * (m * target + (1 - m) * difference[trained])
    return Fitted(fit, m, pearson(predicted * target, observed[trained] * target))


def fit_cell(cell: Cell, resamples: int = RESAMPLES) -> dict[str, object]:
    """Row of the table of fits for one cell.

    Parameters
    ----------
    cell : Cell
    resamples : int, default=400
        Bootstrap samples of the seeds, for standard errors; a single seed has none, and no interval.

    Returns
    -------
    dict
        By the columns of `FIT`.
    """
    found = best_fit(cell)
    best, m = found.fit, found.m
    row: dict[str, object] = {
        **cell.key,
        "n": cell.hierarchy.n,
        "exceptions": cell.hierarchy.label,
        "scale": _or_none(best.scale),
        "correlation": _or_none(best.correlation),
        "r2": _or_none(best.r2),
        "n_pairs": int((~cell.trained).sum()),
        "n_runs": cell.n_distinct,
        "n_seeds": len(cell.seeds),
        "n_diverged": cell.n_diverged,
        "gamma_at_edge": ("low" if best.gamma == GAMMA_RANGE[0] else "high") if best.at_edge else None,
        "train_correlation": _or_none(found.train_correlation),
        "train_accuracy": cell.train_accuracy,
        **_run_by_run(cell, best.gamma),
    }
    row |= dict.fromkeys(set(FIT.columns) - set(row))
    if math.isnan(best.gamma):
        return row
    if not best.at_edge:
        alpha, ridge = implied(np.array(best.gamma), np.array(m))
        row |= {
            "gamma": best.gamma,
            "memorization_weight": _or_none(m),
            "alpha": _or_none(float(alpha)),
            "ridge": _or_none(float(ridge)),
        }
    if len(cell.seeds) > 1:
        row |= _intervals(cell, best.gamma)
        gamma, scale, _ = resample(cell, seed_weights(cell, resamples, "fit"))
        row["scale_standard_error"] = float(scale.std(ddof=1))
        if row["gamma_low"] is not None and row["gamma_high"] is not None:
            row["log_gamma_standard_error"] = float(np.log(gamma).std(ddof=1))
    return row


def predict_cell(cell: Cell, row: dict[str, object]) -> pl.DataFrame:
    """Rows of the table of predictions for one cell and its fit.

    Parameters
    ----------
    cell : Cell
    row : dict
        The cell's row of the table of fits.

    Returns
    -------
    polars.DataFrame
    """
    gamma, scale, m = (row[name] for name in ("gamma", "scale", "memorization_weight"))
    # Where gamma is not identified, the end of its range at which the fit lies predicts the margins.
    if (edge := row["gamma_at_edge"]) is not None:
        gamma = GAMMA_RANGE[0] if edge == "low" else GAMMA_RANGE[1]
    pairs = len(cell.higher)
    difference: np.ndarray | None = None
    predicted: np.ndarray | None = None
    if isinstance(gamma, float) and isinstance(scale, float):
        difference = _differences(cell, gamma)
        weight = np.where(cell.trained, m if isinstance(m, float) else np.nan, 0.0)
        predicted = scale * (weight * cell.target + (1 - weight) * difference)
    empty = np.full(pairs, np.nan)
    frame = pl.DataFrame(
        {
            "higher": cell.higher,
            "lower": cell.lower,
            "pair_class": cell.classes,
            "observed": cell.margins(),
            "standard_error": cell.standard_errors(),
            "rank_difference": empty if difference is None else difference,
            "predicted": empty if predicted is None else predicted,
        }
    )
    constants = {**cell.key, "n": cell.hierarchy.n, "exceptions": cell.hierarchy.label, "gamma": gamma}
    constants["n_seeds"] = len(cell.seeds)
    frame = frame.with_columns(
        pl.lit(value, dtype=PREDICTIONS.columns[name].dtype).alias(name) for name, value in constants.items()
    )
    frame = frame.cast({name: column.dtype for name, column in PREDICTIONS.columns.items()})
    floats = ("standard_error", "rank_difference", "predicted")
    return frame.with_columns(pl.col(name).fill_nan(None) for name in floats).select(
        list(PREDICTIONS.columns)
    )


def _differences(cell: Cell, gamma: float) -> np.ndarray:
    """r_h - r_k of every pair at a gamma, shape (p,)."""
    r = ranks_at(cell.hierarchy, gamma)
    return np.asarray(r[cell.higher] - r[cell.lower])


def seed_weights(cell: Cell, samples: int, *stream: str) -> np.ndarray:
    """How often each seed is drawn in bootstrap samples of the seeds, shape (samples, s).

    Cells with the same seeds get the same samples, so that differences between them are paired.
    """
    count = len(cell.seeds)
    random = generator("language", *stream, *(int(seed) for seed in cell.seeds))
    return random.multinomial(count, np.full(count, 1 / count), size=samples).astype(float)


def resample(cell: Cell, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a cell again for samples of its seeds.

    Parameters
    ----------
    cell : Cell
    weights : ndarray, shape (b, s)

    Returns
    -------
    gamma, scale, memorization_weight : ndarray, shape (b,)
    """
    observed = cell.margins(weights)
    trained, higher, lower = cell.trained, cell.higher, cell.lower
    gamma, scale, r = fit_many(cell.hierarchy, higher[~trained], lower[~trained], observed[:, ~trained])
    difference = r[:, higher[trained]] - r[:, lower[trained]]
    m = memorization_weight(difference, scale, cell.target[trained], observed[:, trained])
    return gamma, scale, m


def implied(gamma: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Conjunctivity and effective ridge that gamma and the memorization weight imply.

    From gamma = 2 (alpha + lam) / (1 - alpha) and m = alpha / (alpha + lam) (theory: Solution):
    alpha = m gamma / (2 + m gamma), lam = (1 - m) gamma / (2 + m gamma). Neither is confined to its range.

    Parameters
    ----------
    gamma, m : ndarray, shape (...)

    Returns
    -------
    alpha, ridge : ndarray, shape (...)
    """
    return m * gamma / (2 + m * gamma), (1 - m) * gamma / (2 + m * gamma)


def _run_by_run(cell: Cell, gamma: float) -> dict[str, float | None]:
    """Correlation of each run's margins with the theory at the cell's gamma, mean and error over seeds."""
    if math.isnan(gamma):
        return {}
    chosen = ~cell.trained
    predicted = _differences(cell, gamma)[chosen]
    found = np.array([pearson(predicted, margins[chosen]) for margins in cell.run_margins])
    known = np.isfinite(found)
    by_seed = [found[known & (cell.run_seed == seed)] for seed in cell.seeds]
    mean, error = mean_with_error(np.array([values.mean() for values in by_seed if len(values)]))
    half = half_width(error, sum(len(values) > 0 for values in by_seed))
    return {
        "run_correlation": mean,
        "run_correlation_standard_error": error,
        "run_correlation_half_width": half,
    }


def _intervals(cell: Cell, gamma: float) -> dict[str, float | None]:
    """Profile intervals, 95%, of gamma and of the memorization weight; an open end is empty.

    The weight's covers its interval at each gamma that is not excluded: with A the trained pairs' product
    with g = y - (r_a - r_b) over g . g, B = g . (r_a - r_b) / g . g and S the scale, m = A / S - B, whose
    error by seed is that of A - (m + B) S over S.
    """
    trained, higher, lower = cell.trained, cell.higher, cell.lower
    kept = not_excluded(cell.hierarchy, higher[~trained], lower[~trained], cell.totals[:, ~trained])
    open_low, open_high = kept.start == 0, kept.stop == GRID_POINTS
    gammas, table = grid(cell.hierarchy)
    gammas, table = gammas[kept], table[kept]
    ends: dict[str, float | None] = {
        "gamma_low": None if open_low else min(gamma, float(gammas[0])),
        "gamma_high": None if open_high else max(gamma, float(gammas[-1])),
    }
    x = table[:, higher[~trained]] - table[:, lower[~trained]]
    difference = table[:, higher[trained]] - table[:, lower[trained]]
    g = cell.target[trained] - difference
    with np.errstate(divide="ignore", invalid="ignore"):
        a = cell.totals[:, trained] @ (g / np.sum(g * g, axis=1, keepdims=True)).T
        s = cell.totals[:, ~trained] @ (x / np.sum(x * x, axis=1, keepdims=True)).T
        ratio = a.sum(axis=0) / s.sum(axis=0)
        error = (a - ratio * s).std(axis=0, ddof=1) / np.sqrt(len(s)) / np.abs(s.mean(axis=0))
        m = ratio - np.sum(g * difference, axis=1) / np.sum(g * g, axis=1)
    reach = float(student_factor(len(s))) * error
    for name, values, best in (("low", m - reach, np.argmin), ("high", m + reach, np.argmax)):
        known = np.isfinite(values).all()
        grows = (open_low and _grows(values[::-1], name)) or (open_high and _grows(values, name))
        ends[f"memorization_weight_{name}"] = float(values[best(values)]) if known and not grows else None
    return ends


def _grows(values: np.ndarray, name: str) -> bool:
    """Whether an end still moves outwards over the last factor of two in gamma: by 5% of itself, or of 1."""
    inner = values[max(len(values) - OCTAVE, 0)]
    outwards = values[-1] - inner if name == "high" else inner - values[-1]
    return bool(outwards > 0.05 * max(1.0, abs(inner)))


def _or_none(value: float) -> float | None:
    """The number, or None where it is not one: tables hold empty cells, never NaN."""
    return value if math.isfinite(value) else None
