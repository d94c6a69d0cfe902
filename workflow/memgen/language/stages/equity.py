"""Estimate the equity of every pre-flop hand against every other, with standard errors."""

from typing import Any

import numpy as np
import polars as pl

from memgen.arguments import Seed
from memgen.language.stimuli.boards import Boards, play
from memgen.language.stimuli.hands import LABELS
from memgen.language.stimuli.tables import EQUITY
from memgen.stage import Output, stage


@stage
def equity(*, boards: Boards, seed: Seed, out: Output) -> None:
    """Estimate the equity of every pre-flop hand against every other, with standard errors.

    Parameters
    ----------
    boards
        Boards sampled, at least 2.
    seed
        Seed of the boards.
    out
        Equities, one row per ordered pair of labels.
    """
    tally = play(boards, seed)
    values, errors = tally.equity()
    count = len(LABELS)
    rows: dict[str, Any] = {
        "first": np.repeat(LABELS, count),
        "second": np.tile(LABELS, count),
        "equity": values.ravel(),
        "standard_error": errors.ravel(),
        "boards": np.full(count * count, boards),
    }
    EQUITY.write(pl.DataFrame(rows, schema=EQUITY.schema), out)
