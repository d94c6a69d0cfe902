"""The theory fitted to behaviour: one row per source, model, items, hierarchy, method, hyperparameter.

A cell's runs become a row: gamma and scale from the untrained pairs, the memorization weight from the trained
ones, intervals from a bootstrap over seeds (theory: Fitting behaviour). Models, ours or published, are
nothing but rows of the response table here.
"""

import math

import numpy as np
import polars as pl

from memgen.language.fits.cells import Cell
from memgen.language.fits.least_squares import fit_gamma, fit_many, memorization_weight, ranks_at
from memgen.language.fits.tables import FIT, PREDICTIONS
from memgen.seeding import generator
from memgen.statistics import pearson

RESAMPLES = 400
"""Bootstrap samples of the seeds."""


def fit_cell(cell: Cell, resamples: int = RESAMPLES) -> dict[str, object]:
    """Row of the table of fits for one cell.

    Parameters
    ----------
    cell : Cell
    resamples : int, default=400
        Bootstrap samples of the seeds; a single seed has no interval.

    Returns
    -------
    dict
        By the columns of `FIT`.
    """
    higher, lower, trained = cell.higher, cell.lower, cell.trained
    observed = cell.margins()
    untrained = ~trained
    best = fit_gamma(cell.hierarchy, higher[untrained], lower[untrained], observed[untrained])
    row: dict[str, object] = {
        **cell.key,
        "n": cell.hierarchy.n,
        "exceptions": cell.hierarchy.label,
        "gamma": _or_none(best.gamma),
        "scale": _or_none(best.scale),
        "correlation": _or_none(best.correlation),
        "r2": _or_none(best.r2),
        "n_pairs": int(untrained.sum()),
        "n_runs": int(cell.runs.sum()),
        "n_seeds": len(cell.seeds),
        "n_diverged": cell.n_diverged,
        "at_edge": best.at_edge,
        "train_accuracy": cell.train_accuracy,
    }
    row |= dict.fromkeys(set(FIT.columns) - set(row))
    if math.isnan(best.gamma):
        return row
    difference = _differences(cell, best.gamma)
    target = cell.target[trained]
    m = float(memorization_weight(difference[trained], best.scale, target, observed[trained]))
    predicted = best.scale * (m * target + (1 - m) * difference[trained])
    alpha, ridge = implied(np.array(best.gamma), np.array(m))
    row |= {
        "memorization_weight": _or_none(m),
        "train_correlation": _or_none(pearson(predicted * target, observed[trained] * target)),
        "alpha": _or_none(float(alpha)),
        "ridge": _or_none(float(ridge)),
    }
    if len(cell.seeds) > 1:
        row |= _intervals(cell, resamples)
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


def _intervals(cell: Cell, resamples: int) -> dict[str, float | None]:
    """Standard errors and 95% percentile intervals over bootstrap samples of the seeds."""
    gamma, scale, m = resample(cell, seed_weights(cell, resamples, "fit"))
    low, high = np.quantile(gamma, [0.025, 0.975])
    m = m[np.isfinite(m)]
    m_low, m_high = np.quantile(m, [0.025, 0.975]) if len(m) else (np.nan, np.nan)
    return {
        "gamma_low": float(low),
        "gamma_high": float(high),
        "log_gamma_standard_error": float(np.log(gamma).std(ddof=1)),
        "scale_standard_error": float(scale.std(ddof=1)),
        "memorization_weight_low": _or_none(float(m_low)),
        "memorization_weight_high": _or_none(float(m_high)),
    }


def _or_none(value: float) -> float | None:
    """The number, or None where it is not one: tables hold empty cells, never NaN."""
    return value if math.isfinite(value) else None
