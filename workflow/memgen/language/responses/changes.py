"""The exception's effect on one pair: what changes from the hierarchy without to that with the exception.

A seed draws the same names in hierarchies of one size, so the change is taken within each seed.
"""

import polars as pl

from memgen.errors import BadInput
from memgen.language.responses.averages import pair_margins


def by_seed(rows: pl.DataFrame, hierarchy: str, value: str) -> pl.DataFrame:
    """Mean of a column by seed in one hierarchy: columns seed and `value`, sorted."""
    chosen = rows.filter(pl.col("hierarchy") == hierarchy).sort("seed", "reverse", "higher", "lower")
    return chosen.group_by("seed", maintain_order=True).agg(pl.col(value).mean()).drop_nulls()


def change(rows: pl.DataFrame, value: str, before: str, after: str) -> pl.Series:
    """Change of a column from one hierarchy to another, one value per seed that both have."""
    both = by_seed(rows, before, value).join(by_seed(rows, after, value), on="seed", suffix="_after")
    both = both.sort("seed")
    return both[f"{value}_after"] - both[value]


def generalization(rows: pl.DataFrame, hierarchy: str) -> pl.Series:
    """Paired accuracy on untrained pairs, above 1/2, one value per seed.

    Parameters
    ----------
    rows : polars.DataFrame
        From `chosen_runs`.
    hierarchy : str

    Returns
    -------
    polars.Series
        Trained pairs, exceptions and pairs within an exception's loop are left out.
    """
    untrained = rows.filter(~pl.col("pair_class").is_in(["train", "exception", "loop"]))
    return by_seed(untrained, hierarchy, "paired_accuracy")["paired_accuracy"] - 0.5


def chosen_runs(responses: pl.DataFrame, model: str, items: str, method: str, where: str) -> pl.DataFrame:
    """Pairs of every run of one model, kind of item and method after training.

    Of several hyperparameters the smallest is taken.

    Parameters
    ----------
    responses : polars.DataFrame
        Of `RESPONSES`.
    model, items, method : str
    where : str
        Name of the file, for the message.

    Raises
    ------
    BadInput
        If there are no such responses.
    """
    table = responses.filter(pl.col("source") == "study", pl.col("phase") == "post")
    chosen = table.filter(model=model, items=items, method=method)
    if chosen.is_empty():
        cells = table.select("model", "items", "method").unique().sort("model", "items", "method").rows()
        allowed = "; ".join(" ".join(cell) for cell in cells) or "none"
        raise BadInput(f"{where}: holds no {model} {items} {method}; allowed: {allowed}")
    smallest = chosen["hyperparameter"].min()
    return pair_margins(chosen.filter(pl.col("hyperparameter").eq_missing(pl.lit(smallest, pl.Float64))))
