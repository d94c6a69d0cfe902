"""What an exception costs ridge probes on representations that differ in conjunctivity."""

import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.engine.features import depth_of, extract_depths
from memgen.engine.loading import draw, load
from memgen.jobs.arguments import Count
from memgen.jobs.seeding import generator, integer_seed
from memgen.jobs.stage import InputDirectories, Output, progress, stage
from memgen.language.configuration import Batch, Device, Language, Representations
from memgen.language.exception_cost import (
    difference,
    exception_costs,
    mixtures,
    probe_margins,
    theory_margins,
)
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.language.tables import COST_CURVE, COSTS, REPRESENTATIONS
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Measured, measure
from memgen.tables.statistics import means_with_errors

POOLINGS = ("last", "tail")
FIRST = 100
"""First seed of the names and of the random networks: those from 0 on suggested what is tested."""

CURVE = np.linspace(0, 0.995, 200)
"""Conjunctivities at which the theory is tabulated."""

Key = tuple[int, str, str, float | None]
"""Depth, pooling, features, and the conjunctivity of a mixture."""


@stage
@flat
def representations(
    *,
    model_directories: InputDirectories,
    experiment: Representations,
    n: Count,
    exceptions: list[str],
    out: Output,
    curve: Output,
    batch: Batch = Language.batch,
    device: Device = Language.device,
) -> None:
    """Measure what an exception costs ridge probes on every depth of networks, trained and untrained.

    Parameters
    ----------
    model_directories
        Folders of models, named after them. Each is read with its weights, and with random ones.
    n
        Number of items, invented names.
    exceptions
        Exception of the hierarchy, one.
    out
        One row per representation, averaged over seeds.
    curve
        What the theory predicts by conjunctivity.

    Raises
    ------
    BadInput
        If a model cannot be loaded, or there is not one exception within the order.
    """
    pair = Hierarchy.of(n), Hierarchy.of(n, exceptions)
    predicted = [(alpha, *_predicted(pair, alpha, experiment.ridge)) for alpha in CURVE.tolist()]
    COST_CURVE.write(pl.DataFrame(predicted, schema=COST_CURVE.schema, orient="row"), curve)
    rows = []
    for folder in model_directories:
        rows += _rows(folder, None, pair, experiment, batch, device)
        for seed in range(FIRST, FIRST + experiment.initializations):
            rows += _rows(folder, seed, pair, experiment, batch, device)
    frame = pl.DataFrame(rows, schema=REPRESENTATIONS.schema, orient="row")
    REPRESENTATIONS.write(frame.with_columns(pl.col(pl.Float64).fill_nan(None)), out)


def _rows(
    folder: Path,
    initialization: int | None,
    pair: tuple[Hierarchy, Hierarchy],
    experiment: Representations,
    batch: int,
    device: str,
) -> list[tuple[Any, ...]]:
    """Rows of `REPRESENTATIONS` of one network."""
    gc.collect()  # networks hold references in circles: the one before would stay beside this one
    if initialization is None:
        network = load(folder, "float32", device)
        depths = range(1, depth_of(network) + 1)
    else:
        # The same network as the one that `initialize` writes with this seed.
        network = draw(folder, integer_seed("language", "initialize", initialization))
        network = replace(network, network=network.network.base_model.to(device))
        depths = range(1, min(experiment.depth, depth_of(network)) + 1)
    n = pair[0].n
    found: dict[Key, list[np.ndarray]] = {}
    seeds = range(FIRST, FIRST + experiment.seeds)
    for seed in progress(seeds, f"{folder.name}, initialization {initialization}", len(seeds)):
        random = generator("language", "representations", seed)
        orders = random.permuted(np.tile(np.arange(n), (experiment.orders, 1)), axis=1)
        features = extract_depths(network, prompts(sample("fake", n, seed)), POOLINGS, batch, depths)
        for key, kernel, measured in _kernels(features, depths, n, experiment.mixing):
            margins = [probe_margins(kernel, one, orders, experiment.ridge) for one in pair]
            values = [measured.conjunctivity, measured.distance, *exception_costs(pair[1], *margins)]
            theory = _predicted(pair, measured.conjunctivity, experiment.ridge)
            found.setdefault(key, []).append(np.array([*values, *theory]))
    rows = []
    for key, of_seeds in found.items():
        means, errors = means_with_errors(np.array(of_seeds))
        measures = len(means) - len(COSTS)
        both = [value for one in zip(means[:measures], errors[:measures], strict=True) for value in one]
        rows.append((folder.name, initialization, *key, *both, *means[measures:], len(seeds)))
    return rows


def _kernels(
    features: dict[str, np.ndarray], depths: range, n: int, mixing: tuple[float, ...]
) -> Iterator[tuple[Key, np.ndarray, Measured]]:
    """Kernels of one network and seed, and what they measure; mixed is the deepest last token alone."""
    for pooling in POOLINGS:
        for depth, vectors in zip(depths, features[pooling].astype(np.float64), strict=True):
            raw = vectors @ vectors.T
            acting, measured = difference(raw, n), measure(raw, n)
            yield (depth, pooling, "raw", None), raw, measured
            yield (depth, pooling, "difference", None), acting, measured
            if pooling == POOLINGS[0] and depth == depths[-1]:
                for conjunctivity, mixture in zip(mixing, mixtures(acting, n, mixing), strict=True):
                    yield (depth, pooling, "difference", conjunctivity), mixture, measure(mixture, n)


def _predicted(pair: tuple[Hierarchy, Hierarchy], conjunctivity: float, ridge: float) -> np.ndarray:
    """The theory's `COSTS`; NaN at a conjunctivity of 1 and more, of which it says nothing."""
    if conjunctivity >= 1:
        return np.full(len(COSTS), np.nan)
    return exception_costs(pair[1], *(theory_margins(one, conjunctivity, ridge) for one in pair))
