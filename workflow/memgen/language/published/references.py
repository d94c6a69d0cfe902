"""Values of the published responses that are known from elsewhere, found again in this study's tables."""

import polars as pl

HIGHER, LOWER = 2, 6
"""The pair whose accuracy is published, in ranks."""


def fitted(
    fits: pl.DataFrame, *, model: str, hierarchy: str, items: str, method: str, hyperparameter: float | None
) -> dict[str, float | None]:
    """Fitted gamma, and the correlation of the fit, of one cell of the published responses.

    Parameters
    ----------
    fits : polars.DataFrame
        Of `FIT`.
    model, hierarchy, items, method : str
    hyperparameter : float or None

    Returns
    -------
    dict of str to float or None
        gamma and correlation, None where the table does not hold the cell.
    """
    found = fits.filter(
        pl.col("model") == model,
        pl.col("hierarchy") == hierarchy,
        pl.col("items") == items,
        pl.col("method") == method,
        pl.col("hyperparameter").eq_missing(pl.lit(hyperparameter, dtype=pl.Float64)),
    )
    return {name: found[name][0] if len(found) else None for name in ("gamma", "correlation")}


def pair_responses(responses: pl.LazyFrame) -> pl.DataFrame:
    """Responses to the published pair after training, in both orders."""
    chosen = responses.filter(
        pl.col("phase") == "post",
        pl.min_horizontal("first", "second") == HIGHER,
        pl.max_horizontal("first", "second") == LOWER,
    )
    return chosen.collect(engine="streaming")


def accuracy(
    pair: pl.DataFrame, *, model: str, hierarchy: str, items: str, method: str, hyperparameter: float | None
) -> float | None:
    """Share of right answers of one cell, None where the table does not hold it.

    Parameters
    ----------
    pair : polars.DataFrame
        From `pair_responses`.
    model, hierarchy, items, method : str
    hyperparameter : float or None
    """
    found = pair.filter(
        pl.col("method") == method,
        pl.col("hyperparameter").eq_missing(pl.lit(hyperparameter, dtype=pl.Float64)),
        pl.col("model") == model,
        pl.col("items") == items,
        pl.col("hierarchy") == hierarchy,
    )["correct"]
    return float(found.cast(pl.Float64).mean()) if len(found) else None  # type: ignore[arg-type]
