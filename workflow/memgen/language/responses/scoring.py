"""From answers to rows of the response table.

Yes is answered where its probability exceeds 1/2, so a tie is a No; in the paired comparison of the two
directions a tie is wrong. Both are the published convention.
"""

import math
from pathlib import Path

import numpy as np
import polars as pl

from memgen.errors import BadInput
from memgen.language.responses.tables import RESPONSES
from memgen.relational.hierarchy import ordered_pairs

TASK_COLUMNS = ("hierarchy", "n", "first", "second", "pair_class", "trained", "truth")


def read_task(path: Path) -> pl.DataFrame:
    """Ordered pairs of one hierarchy, in the order of `prompts.ordered_pairs`.

    Returns
    -------
    polars.DataFrame, n (n - 1) rows
        Columns hierarchy, n, first, second, pair_class, trained, and first_wins, the truth: null where
        there is none.

    Raises
    ------
    BadInput
        If the file is not a task table of exactly one hierarchy with all its ordered pairs.
    """
    try:
        task = pl.read_parquet(path, columns=list(TASK_COLUMNS))
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(
            f"{path}: cannot be read as a table of pairs ({reason}); allowed: a task's parquet"
        ) from None
    task = task.sort("first", "second")
    names, pairs = task["hierarchy"].n_unique(), task.select("first", "second").rows()
    if names != 1 or pairs != ordered_pairs(task["n"][0]):
        raise BadInput(
            f"{path}: {names} hierarchies, {len(pairs)} pairs; allowed: one, each ordered pair once"
        )
    return task.with_columns((pl.col("truth") == 1).alias("first_wins")).drop("truth")


def sigmoid(x: float) -> float:
    """Logistic function, without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def responses(
    task: pl.DataFrame, logit_difference: np.ndarray, **cell: str | int | float | bool | None
) -> pl.DataFrame:
    """Response rows of one run.

    Parameters
    ----------
    task : polars.DataFrame
        From `read_task`.
    logit_difference : ndarray, shape (n (n - 1),)
        Logit of Yes minus logit of No, by ordered pair in the order of the task.
    **cell
        The remaining columns: source, model, items, method, hyperparameter, seed, reverse, phase.

    Returns
    -------
    polars.DataFrame
        Columns of `RESPONSES`.
    """
    n = int(task["n"][0])
    both = np.full((n, n), np.nan)
    first, second = task["first"].to_numpy(), task["second"].to_numpy()
    both[first, second] = logit_difference
    truth = pl.col("first_wins")
    # A diverged run has no answers: NaN is neither right nor wrong.
    answer = pl.when(pl.col("logit_difference").is_finite()).then("logit_difference")
    yes, difference = answer > 0, answer - pl.col("opposite")
    schema = RESPONSES.schema
    return (
        task.with_columns(
            pl.Series("logit_difference", logit_difference, pl.Float64),
            pl.Series("opposite", both[second, first], pl.Float64),
            pl.Series("p_yes", [sigmoid(float(value)) for value in logit_difference], pl.Float64),
            *(pl.lit(value, dtype=schema[name]).alias(name) for name, value in cell.items()),
        )
        .with_columns(
            (yes == truth).alias("correct"),
            pl.when(truth).then(difference > 0).when(~truth).then(difference < 0).alias("paired_correct"),
        )
        .select(*(pl.col(name).cast(dtype) for name, dtype in schema.items()))
    )
