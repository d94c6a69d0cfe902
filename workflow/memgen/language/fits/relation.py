"""Does a model's representation predict its behaviour? Conjunctivity against gamma, over all cells.

The theory says how: an exchangeable representation of conjunctivity alpha gives gamma = 2 (alpha + lam) / (1
- alpha) (theory: Solution), so over cells the two should rise together. Beside it is the other
prediction, kernel ridge regression with the model's own kernel, and what the fit of gamma itself reaches.
"""

import numpy as np
import polars as pl
from scipy import stats

from memgen.jobs.seeding import generator
from memgen.jobs.stage import Input, Output, stage
from memgen.language.fits.tables import FIT, GAMMA_RANGE, RELATION
from memgen.language.responses.tables import GEOMETRY, KEY
from memgen.tables.statistics import mean_with_error

RESAMPLES = 2000
"""Bootstrap samples of the networks."""


FEWEST = 4
"""Cells without which no rank correlation is given, and networks without which no interval is."""


@stage
def relation(*, geometry: Input, fits: Input, out: Output) -> None:
    """Correlate the measured conjunctivity with the fitted gamma over cells, method by method and over all.

    Parameters
    ----------
    geometry
        Measures of every cell, and its gamma.
    fits
        Fits of the same cells.
    out
        One row per phase and method, and one per phase over all methods.
    """
    # A gamma beyond an end of its range still has its place in the order: the end's.
    end = pl.col("gamma_at_edge").replace_strict(["low", "high"], GAMMA_RANGE, return_dtype=pl.Float64)
    cells = GEOMETRY.read(geometry).with_columns(pl.coalesce("gamma", end).alias("gamma"))
    cells = cells.drop_nulls(["alpha", "gamma"])
    fitted = FIT.read(fits).select(*KEY, "run_correlation")
    cells = cells.join(fitted, on=list(KEY), how="left", nulls_equal=True, maintain_order="left")
    # Over all methods only those that train the network: a probe's behaviour is its kernel's anyway.
    changed = pl.col("method").is_in(cells.filter(pl.col("phase") == "post")["method"].unique().to_list())
    rows = []
    for phase in ("pre", "post"):
        of_phase = cells.filter(pl.col("phase") == phase)
        rows.append({"phase": phase, "method": None, **related(of_phase.filter(changed))})
        for method in of_phase["method"].unique().sort():
            chosen = of_phase.filter(pl.col("method") == method)
            rows.append({"phase": phase, "method": method, **related(chosen)})
    RELATION.write(pl.DataFrame(rows, schema=RELATION.schema), out)


def related(cells: pl.DataFrame) -> dict[str, float | int | None]:
    """Columns of `RELATION` for cells with model, alpha, gamma, ridge_correlation and run_correlation."""
    alpha, gamma = cells["alpha"].to_numpy(), cells["gamma"].to_numpy()
    networks = cells["model"].unique().sort()
    found: dict[str, float | int | None] = {
        "n_networks": len(networks),
        "n_cells": len(alpha),
        "spearman": None,
        "spearman_low": None,
        "spearman_high": None,
        "own_kernel_correlation": mean_with_error(cells["ridge_correlation"].drop_nulls())[0],
        "theory_correlation": mean_with_error(cells["run_correlation"].drop_nulls())[0],
    }
    if len(alpha) < FEWEST or np.ptp(alpha) == 0 or np.ptp(gamma) == 0:
        return found
    found["spearman"] = _spearman(alpha, gamma)
    if len(networks) < FEWEST:
        return found
    # Cells of one network share its representation: networks are drawn, each with all its cells.
    members = [np.flatnonzero(cells["model"].to_numpy() == name) for name in networks]
    random = generator("language", "relation", len(networks))
    samples = []
    for sample in random.integers(len(networks), size=(RESAMPLES, len(networks))):
        rows = np.concatenate([members[place] for place in sample])
        samples.append(_spearman(alpha[rows], gamma[rows]))
    low, high = np.nanquantile(samples, [0.025, 0.975])
    return found | {"spearman_low": float(low), "spearman_high": float(high)}


def _spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation; NaN where one of the two does not vary."""
    ranks = [stats.rankdata(values) for values in (one, other)]
    if any(np.ptp(values) == 0 for values in ranks):
        return float("nan")
    return float(np.corrcoef(ranks)[0, 1])
