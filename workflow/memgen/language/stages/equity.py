"""Estimate the equity of every pre-flop hand against every other, with standard errors."""

from typing import Any

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.stage import Output, stage
from memgen.language.boards import play
from memgen.language.configuration import Poker
from memgen.language.hands import LABELS
from memgen.language.tables import EQUITY


@stage
@flat
def equity(*, sampling: Poker, out: Output) -> None:
    """Estimate the equity of every pre-flop hand against every other, with standard errors.

    Parameters
    ----------
    out
        Equities, one row per ordered pair of labels.
    """
    values, errors = play(sampling.boards, sampling.seed)
    count = len(LABELS)
    rows: dict[str, Any] = {
        "first": np.repeat(LABELS, count),
        "second": np.tile(LABELS, count),
        "equity": values.ravel(),
        "standard_error": errors.ravel(),
        "boards": np.full(count * count, sampling.boards),
    }
    EQUITY.write(pl.DataFrame(rows, schema=EQUITY.schema), out)
