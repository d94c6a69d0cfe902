"""Which explanation of behaviour earns its parameters, out of sample.

Every explanation of `explanations` is scored on a cell's margins: fitted in sample, on held-out seeds and on
held-out pairs, against the theory as it stands (exchangeable). Poker's misfits are asked with the same
families as everything else, so that other items serve as controls. Explanations are not named better or worse
here: the table says what each gains.
"""

import math
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl

from memgen.jobs.stage import Inputs, Output, progress, stage
from memgen.language.fits.cells import Cell, cells, phases
from memgen.language.fits.cross_validation import (
    Explanation,
    Score,
    gain,
    held_out_pairs,
    held_out_seeds,
    mirror_groups,
    predict,
    search,
    search_by_rank,
    seed_folds,
)
from memgen.language.fits.explanations import BY_REVERSAL, POOLED, by_reversal, pooled, untrained
from memgen.language.fits.least_squares import r_squared
from memgen.language.published.tables import EXPLANATIONS, EXPLANATIONS_SUMMARY
from memgen.tables.statistics import pearson, spearman

Margins = tuple[np.ndarray, np.ndarray]


@stage
def explain(*, responses: Inputs, out: Output, summary: Output) -> None:
    """Compare explanations of every cell's margins, in sample and out of sample.

    Parameters
    ----------
    responses
        Response tables, such as the published and our own.
    out
        One row per cell and explanation.
    summary
        Medians and counts over models and hyperparameters.
    """
    rows = [row for path in responses for row in progress(_rows(path), f"explaining {path.name}")]
    table = pl.DataFrame(rows, schema=EXPLANATIONS.schema, orient="row")
    EXPLANATIONS.write(table, out)
    EXPLANATIONS_SUMMARY.write(summarize(table), summary)


def _rows(path: Path) -> Iterator[dict[str, object]]:
    before = {}
    if "pre" in phases(path):
        before = {tuple(cell.key.values()): cell for cell in cells(path, "pre")}
    for cell in cells(path):
        yield from chain(
            explain_pooled(cell), explain_by_reversal(cell, before.get(tuple(cell.key.values())))
        )


def explain_pooled(cell: Cell) -> Iterator[dict[str, object]]:
    """Rows of a cell for margins pooled over reversals.

    Yields
    ------
    dict
        By the columns of EXPLANATIONS, those that do not apply left out.
    """
    chosen = ~cell.trained
    families = [pooled(name, cell.hierarchy) for name in POOLED]
    yield from _compare(
        cell,
        "pooled",
        families,
        observed=cell.margins()[chosen],
        errors=cell.standard_errors()[chosen],
        totals=cell.totals[:, chosen],
        runs=np.repeat(cell.runs[:, None], chosen.sum(), axis=1),
        copies=1,
    )


def explain_by_reversal(cell: Cell, before: Cell | None) -> Iterator[dict[str, object]]:
    """Rows of a cell for margins of forward and reversed runs side by side; none where one is missing.

    Parameters
    ----------
    cell : Cell
    before : Cell, optional
        The same runs before training; without it, a measured prior is not tried.
    """
    if set(cell.run_reverse.tolist()) != {False, True}:
        return
    chosen = ~cell.trained
    halves = [cell.only(False), cell.only(True)]
    if not np.array_equal(halves[0].seeds, halves[1].seeds):
        return
    prior: Margins | None = None
    if before is not None and set(before.run_reverse.tolist()) == {False, True}:
        prior = (before.only(False).margins(), before.only(True).margins())
    names = [name for name in BY_REVERSAL if prior is not None or not name.endswith("measured_prior")]
    yield from _compare(
        cell,
        "by_reversal",
        [by_reversal(name, cell.hierarchy, prior) for name in names],
        observed=np.concatenate([half.margins()[chosen] for half in halves]),
        errors=np.concatenate([half.standard_errors()[chosen] for half in halves]),
        totals=np.concatenate([half.totals[:, chosen] for half in halves], axis=1),
        runs=np.concatenate([np.repeat(half.runs[:, None], chosen.sum(), axis=1) for half in halves], axis=1),
        copies=2,
    )


def _compare(
    cell: Cell,
    margins: str,
    families: list[Explanation],
    *,
    observed: np.ndarray,
    errors: np.ndarray,
    totals: np.ndarray,
    runs: np.ndarray,
    copies: int,
) -> Iterator[dict[str, object]]:
    """Rows of several explanations of the same margins, the first of which is the base of every gain."""
    folds = seed_folds(len(cell.seeds))
    groups = np.tile(mirror_groups(cell.hierarchy.n, *untrained(cell.hierarchy)), copies)
    spread = observed.var(ddof=1) if len(observed) > 1 else 0.0
    shared = {
        **cell.key,
        "margins": margins,
        "n_observations": len(observed),
        "n_seeds": len(cell.seeds),
        "noise_ceiling": _number(1 - np.mean(errors**2) / spread if spread > 0 else math.nan),
    }
    base: tuple[Score | None, Score | None] | None = None
    for family in families:
        best, coefficients = search(family, observed[None])
        predicted = predict(family, best, coefficients)[0]
        parameters = dict(zip(family.parameters, family.grid[best[0]].tolist(), strict=True))
        seeds = held_out_seeds(family, totals, runs, folds) if len(cell.seeds) > 1 else None
        pairs = held_out_pairs(family, observed, groups) if len(np.unique(groups)) > 2 else None
        if base is None:
            base = (seeds, pairs)
        yield {
            **shared,
            **parameters,
            "explanation": family.name,
            "n_parameters": family.n_parameters,
            "scale": _number(coefficients[0, 0]),
            "prior": _number(coefficients[0, 1]) if coefficients.shape[1] > 1 else None,
            "correlation": _number(pearson(predicted, observed)),
            "rank_correlation": _number(spearman(predicted, observed)),
            "r2": _number(r_squared(predicted, observed)),
            **_scores("seeds", seeds, base[0]),
            **_scores("pairs", pairs, base[1]),
        }
    if margins == "pooled":
        yield {**shared, **_by_rank(families[0], observed, totals, runs, folds)}


def _by_rank(
    family: Explanation, observed: np.ndarray, totals: np.ndarray, runs: np.ndarray, folds: np.ndarray
) -> dict[str, object]:
    """Gamma chosen by Spearman correlation: what any rising link could order, with no scale to predict."""
    best, coefficients = search_by_rank(family, observed[None])
    predicted = predict(family, best, coefficients)[0]
    row: dict[str, object] = {
        "explanation": "rank",
        "n_parameters": 1,
        "gamma": float(family.grid[best[0], 0]),
        "correlation": _number(pearson(predicted, observed)),
        "rank_correlation": _number(spearman(predicted, observed)),
    }
    if len(folds) > 1:
        score = held_out_seeds(family, totals, runs, folds, search_by_rank)
        row["correlation_seeds"] = _number(score.correlation)
        row["rank_correlation_seeds"] = _number(score.rank_correlation)
    return row


def _scores(split: str, score: Score | None, base: Score | None) -> dict[str, float | None]:
    """Columns of one way of holding out."""
    if score is None or base is None:
        return {}
    rise, error = gain(score, base)
    return {
        f"r2_{split}": _number(score.r2),
        f"correlation_{split}": _number(score.correlation),
        f"rank_correlation_{split}": _number(score.rank_correlation),
        f"gain_{split}": _number(rise),
        f"gain_{split}_standard_error": _number(error),
    }


def summarize(table: pl.DataFrame) -> pl.DataFrame:
    """Medians and counts over models and hyperparameters.

    Parameters
    ----------
    table : polars.DataFrame
        Of EXPLANATIONS.

    Returns
    -------
    polars.DataFrame
        Of EXPLANATIONS_SUMMARY.
    """
    keys = ["source", "items", "hierarchy", "method", "margins", "explanation"]
    rise = {
        split: (pl.col(f"gain_{split}") > 2 * pl.col(f"gain_{split}_standard_error")).fill_null(False)
        for split in ("seeds", "pairs")
    }
    fall = {
        split: (pl.col(f"gain_{split}") < -2 * pl.col(f"gain_{split}_standard_error")).fill_null(False)
        for split in ("seeds", "pairs")
    }
    medians = ("noise_ceiling", "r2", "r2_seeds", "r2_pairs", "gain_seeds", "gain_pairs")
    counts = {
        "n_gain_seeds": rise["seeds"],
        "n_gain_pairs": rise["pairs"],
        "n_gain_both": rise["seeds"] & rise["pairs"],
        "n_loss_both": fall["seeds"] & fall["pairs"],
    }
    return (
        table.group_by(keys, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("n_cells"),
            *(pl.col(name).median() for name in medians),
            *(value.sum().cast(pl.Int64).alias(name) for name, value in counts.items()),
        )
        .sort(keys)
        .select(list(EXPLANATIONS_SUMMARY.columns))
    )


def _number(value: float) -> float | None:
    """The number, or None where it is not one."""
    return float(value) if math.isfinite(value) else None
