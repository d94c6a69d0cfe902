"""Train a ridge probe on the trained pairs of one hierarchy, and evaluate it on every ordered pair."""

from typing import Any

import numpy as np
import polars as pl

from memgen.configuration.kinds import read, with_method_options
from memgen.engine.features import Features
from memgen.errors import BadInput
from memgen.jobs.stage import Input, Output, stage
from memgen.language.configuration import Ridge
from memgen.language.probing import contrast, geometry_rows, places, predict
from memgen.language.responses.scoring import read_task, responses
from memgen.language.responses.tables import GEOMETRY_RUNS, RESPONSES


@stage
@with_method_options(Ridge)
def probe(
    *, features: Input, task: Input, method: str, out: Output, geometry: Output, **options: Any
) -> None:
    """Train a ridge probe on the trained pairs of one hierarchy, and evaluate it on every ordered pair.

    Each seed is run twice, the items holding the ranks in one order and in the opposite one.

    Parameters
    ----------
    features
        Features of a block of seeds.
    task
        Pair table of one hierarchy.
    method
        Name of the method in the tables.
    out
        Responses.
    geometry
        Measures of the representation.

    Raises
    ------
    BadInput
        If features and task do not belong together, or the features are the same in both directions.
    """
    probing: Ridge = read(options, (Ridge,))
    block = Features.read(features)
    pairs = read_task(task)
    n = int(pairs["n"][0])
    if block.about.get("n") != n:
        raise BadInput(f"{features}: features of {block.about.get('n')} items; allowed: {n}, as in {task}")
    if probing.pooling not in block.arrays:
        raise BadInput(f"{features}: no pooling {probing.pooling!r}; allowed: {', '.join(block.arrays)}")

    first, second = pairs["first"].to_numpy(), pairs["second"].to_numpy()
    index = places(n)
    trained = np.flatnonzero(pairs["trained"].to_numpy())
    opposite = index[second, first][trained]
    target = np.where(pairs["first_wins"].to_numpy()[trained].astype(bool), 1.0, -1.0)
    # Where the names of the pair of ranks (i, j) stand among the prompts of a reversed run.
    mirrored = index[n - 1 - first, n - 1 - second]
    cell = {"source": "study", "model": block.about["model"], "items": block.about["items"], "method": method}

    runs, measures = [], []
    for seed, vectors in enumerate(
        block.arrays[probing.pooling].astype(np.float64), block.about["first_seed"]
    ):
        for reverse in (False, True):
            ordered = vectors[mirrored] if reverse else vectors
            kernel = ordered @ ordered.T
            scale = contrast(kernel, trained, opposite)
            if not scale > 0:
                raise BadInput(
                    f"{features}: pooling {probing.pooling!r} does not tell a v b from b v a; "
                    "allowed: ones that do"
                )
            for value in probing.ridge:
                run = {**cell, "hyperparameter": value, "seed": seed, "reverse": reverse}
                predicted = predict(kernel / scale, trained, target, value)
                runs.append(responses(pairs, predicted, phase="post", **run))
                measures.append(geometry_rows(ordered, pairs, None, phase="pre", **run))
    RESPONSES.write(pl.concat(runs), out)
    GEOMETRY_RUNS.write(pl.concat(measures), geometry)
