"""How much better the theory predicts held-out pairs than its baselines, over what was drawn independently.

Reads the table of baselines, which holds each cell's difference with its standard error over seeds. Cells
that are pooled share their seeds, so that their errors may not average out: the mean of them is taken, the
largest that the error of the mean can be.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from memgen.language.claims.evidence import EXCEPTION, Found
from memgen.tables.statistics import mean_with_error

BASELINES: Mapping[str, str] = {
    "distance": "the distance of ranks",
    "plain": "plain transitive inference",
    "wrong_exception": "the theory with an exception elsewhere (mean over positions)",
    "wrong_exception_best": "the theory with the best exception elsewhere",
    "free_ranks": "one free number an item",
}
"""What predicts instead, and in words."""


def beyond(
    table: pl.DataFrame,
    predictor: str,
    method: str,
    models: Sequence[str],
    items: Sequence[str],
    networks: bool,
) -> Found:
    """The theory's held-out correlation minus a baseline's, with the exception.

    Parameters
    ----------
    table : polars.DataFrame
        Of `fits.tables.BASELINES`.
    predictor : str
        One of `BASELINES`.
    method : str
    models, items : sequence of str
    networks : bool
        Whether each model is one draw, pretrained by the recipe of the others.

    Returns
    -------
    dict
        value, standard_error and n_units; value None where the table lacks one of the cells.
    """
    rows = table.filter(
        pl.col("method") == method,
        pl.col("hierarchy") == EXCEPTION,
        pl.col("predictor") == predictor,
        pl.col("model").is_in(models),
        pl.col("items").is_in(items),
        pl.col("difference_to_theory").is_not_null(),
    ).sort("model", "items", "hyperparameter")
    # Of several hyperparameters the smallest, as everywhere.
    rows = rows.group_by("model", "items", maintain_order=True).first()
    if rows.height < len(models) * len(items):
        return {"value": None, "standard_error": None, "n_units": 0}
    if networks:
        of_network = rows.group_by("model", maintain_order=True).agg(pl.col("difference_to_theory").mean())
        mean, error = mean_with_error(of_network["difference_to_theory"])
        return {"value": mean, "standard_error": error, "n_units": of_network.height}
    errors = rows["difference_to_theory_standard_error"]
    return {
        "value": float(rows["difference_to_theory"].mean()),  # type: ignore[arg-type]
        "standard_error": None if errors.null_count() else float(errors.mean()),  # type: ignore[arg-type]
        "n_units": int(rows["n_seeds"].min()),  # type: ignore[arg-type]
    }
