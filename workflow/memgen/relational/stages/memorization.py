"""The memorization score of every training pair on the command line."""

from __future__ import annotations

import json as json_format
from typing import Annotated

from memgen.jobs.arguments import Conjunctivity, NonNegative, Range
from memgen.jobs.stage import command
from memgen.relational import memorization as exact
from memgen.relational.flags import ExceptionFlag
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import gamma

LARGEST_MEMORIZATION = 1000
"""Most items for which the hierarchy is solved anew without each of its pairs."""


@command
def memorization(
    *,
    n: Annotated[int, Range(3, LARGEST_MEMORIZATION)],
    exception: ExceptionFlag = None,
    alpha: Conjunctivity,
    ridge: NonNegative = 0.0,
    json: bool = False,
) -> None:
    """Print how much the margin of each training pair gains from having been trained on it.

    Parameters
    ----------
    n
        Number of items, at least 3; the hierarchy is solved without each of its pairs, so at most 1000.
    exception
        An exception as WINNER:LOSER in ranks from 0, for example 5:3; may be repeated.
    alpha
        Conjunctivity, less than 1: 0 is additive.
    ridge
        Effective ridge, at least 0.
    json
        Print JSON: a list with winner, loser, pair_class, margin (in the direction that wins in training),
        left_out_margin (that of the learner trained without the pair) and score, their difference.
    """
    hierarchy = Hierarchy.of(n, exception)
    left_out = exact.left_out_predictions(hierarchy.n, hierarchy.exceptions, gamma(alpha, ridge)).tolist()
    scores = exact.memorization_scores(hierarchy.n, hierarchy.exceptions, alpha, ridge).tolist()
    rows = [
        {
            "winner": winner,
            "loser": loser,
            "pair_class": hierarchy.pair_class(winner, loser),
            "margin": score + without,
            "left_out_margin": without,
            "score": score,
        }
        for (winner, loser), without, score in zip(hierarchy.training_pairs(), left_out, scores, strict=True)
    ]
    if json:
        print(json_format.dumps(rows, allow_nan=False))
        return
    print(f"{'winner':>6}{'loser':>6}  {'class':<10}{'margin':>13}{'left out':>14}{'score':>14}")
    for row in rows:
        print(
            "{winner:>6}{loser:>6}  {pair_class:<10}{margin:>13.9f}{left_out_margin:>14.9f}"
            "{score:>14.9f}".format(**row)
        )
