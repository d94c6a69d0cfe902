"""Accuracies and margins by pair class and by distance, of response tables too large to hold in memory.

The averages of `averages` never mix kinds of item or hierarchies, so one of each is read at a time. The
published responses of twelve files, 8.1 million rows, need less than 2 GB so.
"""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.stage import progress
from memgen.language.responses.averages import CELL, over_seeds, pair_margins
from memgen.language.responses.rows import RESPONSES
from memgen.language.responses.scanning import scan
from memgen.language.responses.tables import ACCURACY
from memgen.tables.statistics import wilson

VALUES = ["accuracy", "paired_accuracy", "margin"]


TRAINED = ("train", "exception")


def accuracies(path: Path) -> pl.DataFrame:
    """Accuracy table of a response table.

    Parameters
    ----------
    path : Path

    Returns
    -------
    polars.DataFrame
        Of ACCURACY, sorted.

    Raises
    ------
    BadInput
        If the file is not a response table or holds no rows.
    """
    rows = by_part(path, _classes)
    return rows.sort(*CELL, "pair_class").select(list(ACCURACY.columns))


def by_part(path: Path, average: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """Average a response table one kind of item, hierarchy and phase at a time.

    Parameters
    ----------
    path : Path
    average : callable
        From responses to a table of averages.

    Raises
    ------
    BadInput
        If the file is not a response table or holds no rows.
    """
    frame = scan(path, tuple(RESPONSES.columns))
    outer = ["source", "items", "hierarchy", "phase"]
    groups = frame.select(outer).unique().sort(outer).collect(engine="streaming")
    if not len(groups):
        raise BadInput(f"{path}: holds no responses; nothing to average")
    parts = []
    for group in progress(groups.rows(named=True), f"averaging {path.name}", len(groups)):
        rows = frame.filter(*(pl.col(name) == value for name, value in group.items()))
        parts.append(average(rows.collect(engine="streaming")))
    return pl.concat(parts)


def _classes(responses: pl.DataFrame) -> pl.DataFrame:
    """Averages by pair class, with Wilson intervals of the two accuracies."""
    keys = [*CELL, "pair_class"]
    pairs = pair_margins(responses)
    # One answer per direction of a pair, and one comparison of the two directions; of distinct runs only.
    distinct = pl.col("accuracy").filter("distinct").count()
    counts = pairs.group_by(keys).agg(
        (2 * distinct).alias("n_answers"),
        (2 * distinct * pl.col("accuracy").mean()).alias("right"),
        (distinct * pl.col("paired_accuracy").mean()).alias("paired_right"),
    )
    rows = over_seeds(pairs, keys, VALUES).join(
        counts, on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    answers = rows["n_answers"].to_numpy()
    intervals = {
        "accuracy": wilson(rows["right"].to_numpy(), answers),
        "paired_accuracy": wilson(rows["paired_right"].to_numpy(), answers / 2),
    }
    ends = [
        pl.Series(f"{name}_{end}", values, nan_to_null=True)
        for name, both in intervals.items()
        for end, values in zip(("low", "high"), both, strict=True)
    ]
    return rows.with_columns(*ends, pl.col("n_answers").cast(pl.Int64))
