"""What an exception costs ridge probes on representations that differ in conjunctivity."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.engine.features import depth_of, extract_depths
from memgen.engine.loading import Model, draw, load
from memgen.jobs.seeding import generator, integer_seed
from memgen.jobs.stage import Input, InputDirectories, Output, progress, stage
from memgen.language.configuration import Batch, Device, Language, Representations
from memgen.language.exception_cost import exception_costs, mixtures, probe_margins, theory_margins
from memgen.language.lineups import block_of, read_samples
from memgen.language.prompts import prompts
from memgen.language.tables import COST_CURVE, COSTS, REPRESENTATIONS
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import measure
from memgen.tables.statistics import means_with_errors

POOLINGS = ("last", "tail")
CURVE = np.linspace(0, 0.995, 200)
"""Conjunctivities at which the theory's cost is tabulated."""


class Network(NamedTuple):
    """A network with its weights (initialization None), or drawn at random, and the depths that are read."""

    model: str
    initialization: int | None
    loaded: Model
    depths: range


@stage
@flat
def representations(
    *,
    model_directories: InputDirectories,
    lineup: Input,
    experiment: Representations,
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
    lineup
        Items of every seed.
    exceptions
        Exception of the hierarchy, one.
    out
        One row per representation, averaged over seeds.
    curve
        What the theory predicts by conjunctivity.

    Raises
    ------
    BadInput
        If a model cannot be loaded, seeds are missing, or there is not one exception within the order.
    """
    _, drawn = read_samples(lineup)
    samples = block_of(drawn, 0, experiment.seeds - 1, lineup)
    n = len(samples[0].names)
    pair = Hierarchy.of(n), Hierarchy.of(n, exceptions)
    predicted = [(alpha, *_predicted(pair, alpha, experiment.ridge)) for alpha in CURVE.tolist()]
    COST_CURVE.write(pl.DataFrame(predicted, schema=COST_CURVE.schema, orient="row"), curve)
    orders = [
        generator("language", "representations", seed).permuted(
            np.tile(np.arange(n), (experiment.orders, 1)), axis=1
        )
        for seed in range(len(samples))
    ]
    rows = []
    for network in _networks(model_directories, experiment, device):
        about = f"{network.model}, {'weights' if network.initialization is None else network.initialization}"
        found: dict[tuple[Any, ...], list[np.ndarray]] = {}
        for sample, held in progress(list(zip(samples, orders, strict=True)), about, len(samples)):
            features = extract_depths(network.loaded, prompts(sample), POOLINGS, batch, network.depths)
            for key, kernel in _kernels(features, network.depths, n, experiment.mixing):
                measured = measure(kernel, n)
                margins = [probe_margins(kernel, one, held, experiment.ridge) for one in pair]
                costs = exception_costs(pair[1], *margins)
                theory = _predicted(pair, measured.conjunctivity, experiment.ridge)
                values = np.array([measured.conjunctivity, measured.distance, *costs, *theory])
                found.setdefault(key, []).append(values)
        for key, values in found.items():
            means, errors = means_with_errors(np.array(values))
            both = [
                value
                for one in zip(means[: -len(COSTS)], errors[: -len(COSTS)], strict=True)
                for value in one
            ]
            rows.append(
                (network.model, network.initialization, *key, *both, *means[-len(COSTS) :], len(samples))
            )
    frame = pl.DataFrame(rows, schema=REPRESENTATIONS.schema, orient="row")
    REPRESENTATIONS.write(frame.with_columns(pl.col(pl.Float64).fill_nan(None)), out)


def _networks(folders: list[Path], experiment: Representations, device: str) -> Iterator[Network]:
    """One network after the other; only one is in memory."""
    for folder in folders:
        loaded = load(folder, "float32", device)
        yield Network(folder.name, None, loaded, range(1, depth_of(loaded) + 1))
        del loaded
        for seed in range(experiment.initializations):
            # The same network as the one that `initialize` writes with this seed.
            random = draw(folder, integer_seed("language", "initialize", seed))
            random = replace(random, network=random.network.base_model.to(device))
            yield Network(folder.name, seed, random, range(1, min(experiment.depth, depth_of(random)) + 1))
            del random


def _kernels(
    features: dict[str, np.ndarray], depths: range, n: int, mixing: tuple[float, ...]
) -> Iterator[tuple[tuple[int, str, float | None], np.ndarray]]:
    """Kernels of one network and seed by depth, pooling and mixing; mixed is the deepest last token alone."""
    for pooling in POOLINGS:
        for depth, vectors in zip(depths, features[pooling].astype(np.float64), strict=True):
            kernel = vectors @ vectors.T
            yield (depth, pooling, None), kernel
            if pooling == POOLINGS[0] and depth == depths[-1]:
                for conjunctivity, mixture in zip(mixing, mixtures(kernel, n, mixing), strict=True):
                    yield (depth, pooling, conjunctivity), mixture


def _predicted(pair: tuple[Hierarchy, Hierarchy], conjunctivity: float, ridge: float) -> np.ndarray:
    """The theory's `COSTS`; NaN at a conjunctivity of 1 and more, of which it says nothing."""
    if conjunctivity >= 1:
        return np.full(len(COSTS), np.nan)
    return exception_costs(pair[1], *(theory_margins(one, conjunctivity, ridge) for one in pair))
