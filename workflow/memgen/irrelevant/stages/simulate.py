"""Two learners that store their sample, run on drawn samples beside their exact errors.

The learners know no closed form, so that the two can disagree.
"""

from typing import Annotated

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.errors import BadInput
from memgen.irrelevant.bounds import cluster_error, symbol_error
from memgen.irrelevant.configuration import OF_SIMULATE, Lookup, Nearest
from memgen.irrelevant.tables import SIMULATION
from memgen.irrelevant.tasks import (
    Clusters,
    ClusterSample,
    Floats,
    draw_clusters,
    draw_references,
    draw_sample,
    draw_symbols,
    frequencies,
)
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Output, progress, stage
from memgen.tables.statistics import student_interval


@stage
@flat
def simulate(*, nearest: Nearest, lookup: Annotated[Lookup, OF_SIMULATE], out: Output) -> None:
    """Run nearest neighbours and the lookup learner on drawn samples, beside their exact errors.

    Parameters
    ----------
    out
        Simulation table.
    """
    size = (nearest.clusters, nearest.samples, nearest.dimension)
    rng = generator("irrelevant", "simulate", "nearest", *size, repr(nearest.rho))
    rows = [
        {
            "task": "clusters",
            "learner": "nearest",
            **dict(zip(("clusters", "samples", "dimension"), size, strict=True)),
            "rho": nearest.rho,
            "stored": stored,
            "flip": flip,
            "error_closed": cluster_error(*size[1:], nearest.rho, stored, flip),
            **_averaged(errors),
        }
        for (stored, flip), errors in zip(memories(nearest), simulate_nearest(nearest, rng).T, strict=True)
    ]
    size = (lookup.references, lookup.samples, lookup.dimension)
    rng = generator("irrelevant", "simulate", "lookup", *size, repr(lookup.noise))
    rows += [
        {
            "task": "next_symbol",
            "learner": "lookup",
            **dict(zip(("clusters", "samples", "dimension"), size, strict=True)),
            "noise": lookup.noise,
            "stored_fraction": fraction,
            "error_closed": symbol_error(*size, lookup.noise, fraction),
            **_averaged(errors),
        }
        for fraction, errors in zip(lookup.stored_fractions, simulate_lookup(lookup, rng).T, strict=True)
    ]
    SIMULATION.write(pl.DataFrame(rows, schema=SIMULATION.schema), out)


def _averaged(errors: Floats) -> dict[str, float | int]:
    """Mean over repeats with its standard error and interval."""
    names = ("error_simulated", "standard_error", "error_low", "error_high")
    return {**dict(zip(names, student_interval(errors), strict=True)), "repeats": len(errors)}


def memories(nearest: Nearest) -> list[tuple[int, float]]:
    """Positions that a learner stores of every sample, and the probability that a stored bit is flipped."""
    return [
        *((stored, 0.0) for stored in nearest.stored),
        *((nearest.dimension, flip) for flip in nearest.flips),
    ]


def simulate_nearest(nearest: Nearest, rng: np.random.Generator) -> Floats:
    """Error of the nearest neighbour on singletons' clusters, shape (repeats, memories).

    Raises
    ------
    BadInput
        If a sample has no singleton.
    """
    errors = []
    for _ in progress(range(nearest.repeats), "nearest neighbour", total=nearest.repeats):
        clusters = draw_clusters(nearest.clusters, nearest.dimension, nearest.rho, 0.0, rng)
        sample = draw_sample(clusters, nearest.samples, rng)
        if not (sample.count == 1).any():
            raise BadInput(
                f"clusters: a sample of {nearest.samples} from {nearest.clusters} has none seen once; "
                "allowed: more"
            )
        errors.append(
            [_singleton_error(clusters, sample, stored, flip, rng) for stored, flip in memories(nearest)]
        )
    return np.array(errors)


def _singleton_error(
    clusters: Clusters, sample: ClusterSample, stored: int, flip: float, rng: np.random.Generator
) -> float:
    """Error on one fresh example of every cluster seen once; ties are broken uniformly."""
    once = np.flatnonzero(sample.count == 1)
    fresh = clusters.examples(once, rng)
    # Which positions are stored makes no difference.
    kept = sample.x[:, :stored].astype(np.float32)
    if flip > 0:
        kept = np.where(rng.random(kept.shape) < flip, -kept, kept)
    # Exact: sums of at most 2^24 signs.
    overlap = fresh[:, :stored].astype(np.float32) @ kept.T
    best = overlap == overlap.max(axis=1, keepdims=True)
    own = np.empty(len(sample.count), dtype=np.int64)
    own[sample.y] = np.arange(len(sample.y))
    right = (best / best.sum(axis=1, keepdims=True))[np.arange(len(once)), own[once]]
    return float(1 - right.mean())


def simulate_lookup(lookup: Lookup, rng: np.random.Generator) -> Floats:
    """Error of the lookup learner, shape (repeats, stored fractions).

    The learner stores the known bits of every sample, of singletons only a random fraction of them, and
    answers by their majority, ties and unknown bits by a coin. Its error on a fresh example is taken exactly
    over the example's reference, length and noise.
    """
    frequency = frequencies(lookup.references, 0.0)
    errors = np.empty((lookup.repeats, len(lookup.stored_fractions)))
    for repeat in progress(range(lookup.repeats), "lookup learner", total=lookup.repeats):
        strings = draw_references(lookup.references, lookup.dimension, rng)
        sample = draw_symbols(strings, frequency, lookup.samples, lookup.noise, rng)
        once = sample.count[sample.reference] == 1
        chance = rng.random(sample.bits.shape)
        for index, fraction in enumerate(lookup.stored_fractions):
            kept = sample.known & ~(once[:, None] & (chance >= fraction))
            votes = np.zeros(strings.shape)
            np.add.at(votes, sample.reference, np.where(kept, 2.0 * sample.bits - 1, 0.0))
            right = np.where(votes == 0, 0.5, (votes > 0) == (strings == 1))
            # A fresh bit is the reference's with probability 1 - noise / 2.
            wrong = lookup.noise / 2 + (1 - lookup.noise) * (1 - right)
            errors[repeat, index] = frequency @ wrong.mean(axis=1)
    return errors
