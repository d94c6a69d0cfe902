"""Which explanation of behaviour earns its parameters, out of sample.

Every explanation of `explanations` is scored on a cell's margins: fitted in sample, on held-out seeds and on
held-out pairs, against the theory as it is (exchangeable). Poker's misfits are examined with the same
families as everything else, so that other items serve as controls. Explanations are not named better or worse
here: the table says what each gains.
"""

from collections.abc import Iterator
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
    predict,
    search,
    search_by_rank,
)
from memgen.language.fits.explanations import BY_REVERSAL, POOLED, by_reversal, mirror_groups, pooled
from memgen.language.fits.least_squares import r_squared
from memgen.language.fits.tables import frame_of
from memgen.published.tables import EXPLANATIONS, EXPLANATIONS_SUMMARY
from memgen.tables.statistics import pearson, spearman


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
    rows = (row for path in responses for row in progress(_rows(path), f"explaining {path.name}"))
    table = frame_of(rows, EXPLANATIONS)
    EXPLANATIONS.write(table, out)
    EXPLANATIONS_SUMMARY.write(summarize(table), summary)


def _rows(path: Path) -> Iterator[dict[str, object]]:
    """Rows of every cell: margins pooled over reversals, then forward and reversed runs side by side."""
    before = {}
    if "pre" in phases(path):
        before = {tuple(cell.key.values()): cell for cell in cells(path, "pre")}
    for cell in cells(path):
        yield from compare(cell, [cell], "pooled", [pooled(name, cell.hierarchy) for name in POOLED])
        if (halves := _halves(cell)) and np.array_equal(halves[0].seeds, halves[1].seeds):
            earlier = before.get(tuple(cell.key.values()))
            prior = [half.margins() for half in _halves(earlier)] if earlier else []
            names = [name for name in BY_REVERSAL if prior or not name.endswith("measured_prior")]
            families = [by_reversal(name, cell.hierarchy, prior) for name in names]
            yield from compare(cell, halves, "by_reversal", families)


def _halves(cell: Cell) -> list[Cell]:
    """Forward and reversed runs of a cell; none where one is missing."""
    both = len(np.unique(cell.run_reverse)) == 2
    return [cell.only(False), cell.only(True)] if both else []


def compare(
    cell: Cell, parts: list[Cell], margins: str, families: list[Explanation]
) -> Iterator[dict[str, object]]:
    """Rows of several explanations of the margins of parts of a cell, which are put side by side.

    The first explanation is the base of every gain. Columns that do not apply are left out.
    """
    chosen = ~cell.trained
    observed = np.concatenate([part.margins()[chosen] for part in parts])
    errors = np.concatenate([part.standard_errors()[chosen] for part in parts])
    totals = np.concatenate([part.totals[:, chosen] for part in parts], axis=1)
    runs = np.concatenate([np.repeat(part.runs[:, None], chosen.sum(), axis=1) for part in parts], axis=1)
    groups = np.tile(mirror_groups(cell.hierarchy), len(parts))
    spread = observed.var(ddof=1) if len(observed) > 1 else 0.0
    shared = {
        **cell.key,
        "margins": margins,
        "n_observations": len(observed),
        "n_seeds": len(cell.seeds),
        "noise_ceiling": 1 - np.mean(errors**2) / spread if spread > 0 else None,
    }
    several = len(cell.seeds) > 1
    base: dict[str, Score] = {}
    for family in families:
        best, coefficients = search(family, observed[None])
        found = {}
        if several:
            found["seeds"] = held_out_seeds(family, totals, runs)
        if len(np.unique(groups)) > 2:
            found["pairs"] = held_out_pairs(family, observed, groups)
        base = base or found
        row = {
            **shared,
            **dict(zip(family.parameters, family.grid[best[0]], strict=True)),
            "explanation": family.name,
            "n_parameters": family.n_parameters,
            **dict(zip(("scale", "prior"), coefficients[0], strict=False)),
            **_in_sample(predict(family, best, coefficients)[0], observed),
        }
        for split, score in found.items():
            row |= _held_out(split, score, base[split])
        yield row
    if margins == "pooled":
        # Gamma chosen by Spearman correlation: what any rising link could order, with no scale to predict.
        family = families[0]
        best, coefficients = search_by_rank(family, observed[None])
        row = {**shared, "explanation": "rank", "n_parameters": 1, "gamma": family.grid[best[0], 0]}
        row |= _in_sample(predict(family, best, coefficients)[0], observed) | {"r2": None}
        if several:
            score = held_out_seeds(family, totals, runs, search_by_rank)
            row["correlation_seeds"] = score.correlation
            row["rank_correlation_seeds"] = score.rank_correlation
        yield row


def _in_sample(predicted: np.ndarray, observed: np.ndarray) -> dict[str, float | None]:
    """Columns of a fit to all margins."""
    return {
        "correlation": pearson(predicted, observed),
        "rank_correlation": spearman(predicted, observed),
        "r2": r_squared(predicted, observed),
    }


def _held_out(split: str, score: Score, base: Score) -> dict[str, float]:
    """Columns of one way of holding out."""
    rise, error = gain(score, base)
    return {
        f"r2_{split}": score.r2,
        f"correlation_{split}": score.correlation,
        f"rank_correlation_{split}": score.rank_correlation,
        f"gain_{split}": rise,
        f"gain_{split}_standard_error": error,
    }


def summarize(table: pl.DataFrame) -> pl.DataFrame:
    """Medians and counts over models and hyperparameters: `EXPLANATIONS_SUMMARY` of `EXPLANATIONS`."""
    keys = ["source", "items", "hierarchy", "method", "margins", "explanation"]

    def beyond(split: str, sign: int) -> pl.Expr:
        """Whether a gain, or with -1 a loss, exceeds two standard errors."""
        return sign * pl.col(f"gain_{split}") > 2 * pl.col(f"gain_{split}_standard_error")

    medians = ("noise_ceiling", "r2", "r2_seeds", "r2_pairs", "gain_seeds", "gain_pairs")
    counts = {
        "n_gain_seeds": beyond("seeds", 1),
        "n_gain_pairs": beyond("pairs", 1),
        "n_gain_both": beyond("seeds", 1) & beyond("pairs", 1),
        "n_loss_both": beyond("seeds", -1) & beyond("pairs", -1),
    }
    return (
        table.group_by(keys, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("n_cells"),
            *(pl.col(name).median() for name in medians),
            *(value.fill_null(False).sum().cast(pl.Int64).alias(name) for name, value in counts.items()),
        )
        .sort(keys)
        .select(list(EXPLANATIONS_SUMMARY.columns))
    )
