"""A noisy readout: answers drawn by softmax from the margins, so that graded behaviour can be compared.

The margin is the difference of the two answers' logits, divided by a temperature.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from scipy.special import expit

from memgen.configuration.options import flat
from memgen.errors import BadInput
from memgen.jobs.stage import Inputs, Output, stage
from memgen.relational.configuration import Readout, Theory
from memgen.relational.hierarchy import PAIR_CLASSES
from memgen.relational.pairs import Pairs, right_answers
from memgen.relational.ranks import Floats, gamma, memorization_weight, ranks
from memgen.relational.tables import READOUT
from memgen.relational.tasks import read_tasks


def readout(margin: ArrayLike, temperature: ArrayLike) -> Floats:
    """Probability of the answer that a margin favours, 1 / (1 + exp(-margin / temperature)).

    Parameters
    ----------
    margin : array_like (...)
        Difference of the two answers' logits, in units of the target.
    temperature : array_like (...)
        In the same units, > 0. At 1 this is the `p_yes` of a language model whose logits are the margins.

    Returns
    -------
    array (...)

    Raises
    ------
    BadInput
        If a temperature is not positive.
    """
    noise = np.asarray(temperature, dtype=float)
    if not np.all(noise > 0):
        raise BadInput(f"temperature = {float(noise.min())!r}: must be more than 0")
    probability: Floats = expit(np.asarray(margin, dtype=float) / noise)
    return probability


@stage
@flat
def readout_table(
    *,
    tasks: Inputs,
    theory: Theory,
    noisy: Readout,
    out: Output,
) -> None:
    """Write the expected accuracy of a noisy readout by pair class and by distance between the items.

    Parameters
    ----------
    tasks
        Task tables, one per hierarchy.
    out
        Readout table.
    """
    grid = np.array(list(itertools.product(theory.conjunctivity, theory.ridge)), dtype=float).reshape(-1, 2)
    alpha, lam = grid[:, 0], grid[:, 1]
    frames = []
    for name, hierarchy in read_tasks([Path(path) for path in tasks]).items():
        pairs = Pairs.of(hierarchy)
        profile = ranks(hierarchy.n, hierarchy.exceptions, alpha, lam)
        scored = pairs.truth * pairs.margins(profile, memorization_weight(alpha, lam))
        distance = pairs.lower - pairs.higher
        groups: dict[tuple[str, int | None], np.ndarray] = {
            (kind, None): pairs.classes == kind for kind in PAIR_CLASSES
        }
        groups |= {
            (kind, int(steps)): (pairs.classes == kind) & (distance == steps)
            for kind in PAIR_CLASSES
            for steps in np.unique(distance)
        }
        for noise in noisy.temperature:
            right = readout(scored, noise) if noise > 0 else right_answers(scored)
            for (kind, steps), chosen in groups.items():
                if kind == "loop" or not chosen.any():
                    continue
                columns = {
                    "hierarchy": [name] * len(grid),
                    "n": [hierarchy.n] * len(grid),
                    "exceptions": [hierarchy.label] * len(grid),
                    "alpha": alpha,
                    "ridge": lam,
                    "gamma": gamma(alpha, lam),
                    "temperature": [float(noise)] * len(grid),
                    "pair_class": [kind] * len(grid),
                    "distance": [steps] * len(grid),
                    "pairs": [int(chosen.sum())] * len(grid),
                    "accuracy": right[:, chosen].mean(axis=1),
                }
                frames.append(pl.DataFrame(columns, schema=READOUT.schema))
    READOUT.write(pl.concat(frames), out)
