"""Accuracies of response tables too large to hold in memory.

Knows that the averages of `responses` never mix kinds of item or hierarchies, and takes one of each at a
time. The published responses of twelve files, 8.1 million rows, need less than 2 GB so.
"""

from pathlib import Path

import polars as pl

from memgen.errors import BadInput
from memgen.language.behaviour import scan
from memgen.language.responses import CELL, over_seeds, pair_margins
from memgen.language.tables import ACCURACY, RESPONSES
from memgen.stage import Input, Output, progress, stage

VALUES = ["accuracy", "paired_accuracy", "margin"]


@stage
def accuracy(*, responses: Input, out: Output) -> None:
    """Average accuracy, paired accuracy and margin by pair class, in bounded memory.

    Parameters
    ----------
    responses
        Response table, of any length.
    out
        Accuracy table.
    """
    ACCURACY.write(accuracies(responses), out)


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
    frame = scan(path, tuple(RESPONSES.columns))
    outer = ["source", "items", "hierarchy", "phase"]
    groups = frame.select(outer).unique().sort(outer).collect(engine="streaming")
    if not len(groups):
        raise BadInput(f"{path}: holds no responses; nothing to average")
    parts = []
    for group in progress(groups.rows(named=True), f"averaging {path.name}", len(groups)):
        rows = frame.filter(*(pl.col(name) == value for name, value in group.items()))
        parts.append(
            over_seeds(pair_margins(rows.collect(engine="streaming")), [*CELL, "pair_class"], VALUES)
        )
    return pl.concat(parts).sort(*CELL, "pair_class").select(list(ACCURACY.columns))
