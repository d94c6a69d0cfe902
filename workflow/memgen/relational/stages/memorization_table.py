"""Memorization scores as a table: every training pair of every hierarchy over a grid of learners."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.stage import Inputs, Output, stage
from memgen.relational.configuration import Theory
from memgen.relational.memorization import left_out_predictions, memorization_scores
from memgen.relational.ranks import gamma
from memgen.relational.tables import MEMORIZATION
from memgen.relational.tasks import read_tasks


@stage
@flat
def memorization_table(
    *,
    tasks: Inputs,
    theory: Theory,
    out: Output,
) -> None:
    """Write how much each training pair's margin gains from having been trained on it.

    Parameters
    ----------
    tasks
        Task tables, one per hierarchy.
    out
        Memorization table.
    """
    grid = np.array(list(itertools.product(theory.conjunctivity, theory.ridge)), dtype=float).reshape(-1, 2)
    alpha, lam = grid[:, 0], grid[:, 1]
    leak = gamma(alpha, lam)
    frames = []
    for name, hierarchy in read_tasks([Path(path) for path in tasks]).items():
        pairs = list(hierarchy.training_pairs())
        scores = memorization_scores(hierarchy.n, hierarchy.exceptions, alpha, lam)
        left_out = left_out_predictions(hierarchy.n, hierarchy.exceptions, leak)
        size = scores.size
        inside = [
            hierarchy.component_of(one) is not None
            and hierarchy.component_of(one) == hierarchy.component_of(other)
            for one, other in pairs
        ]
        columns = {
            "hierarchy": [name] * size,
            "n": [hierarchy.n] * size,
            "exceptions": [hierarchy.label] * size,
            "alpha": np.repeat(alpha, len(pairs)),
            "ridge": np.repeat(lam, len(pairs)),
            "gamma": np.repeat(leak, len(pairs)),
            "higher": [min(pair) for pair in pairs] * len(grid),
            "lower": [max(pair) for pair in pairs] * len(grid),
            "pair_class": [hierarchy.pair_class(*pair) for pair in pairs] * len(grid),
            "in_loop": inside * len(grid),
            "margin": (scores + left_out).ravel(),
            "left_out_margin": left_out.ravel(),
            "score": scores.ravel(),
            "answer_gain": (np.heaviside(scores + left_out, 0.5) - np.heaviside(left_out, 0.5)).ravel(),
        }
        frames.append(pl.DataFrame(columns, schema=MEMORIZATION.schema))
    MEMORIZATION.write(pl.concat(frames), out)
