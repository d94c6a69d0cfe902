"""The learners that store their sample, run on drawn samples beside their closed forms."""

from typing import Annotated

import polars as pl

from memgen.arguments import Count, CountOrNone, Range, Repeats, Share
from memgen.irrelevant.bounds import cluster_error, symbol_error
from memgen.irrelevant.simulation import Memory, simulate_lookup, simulate_nearest
from memgen.irrelevant.tables import SIMULATION
from memgen.irrelevant.tasks import Floats
from memgen.seeding import generator
from memgen.stage import Output, stage
from memgen.statistics import student_interval


@stage
def simulate(
    *,
    clusters: Count,
    samples: Count,
    dimension: Count,
    rho: Annotated[float, Range(0, 1, below=True)],
    stored: list[CountOrNone],
    flips: list[Share],
    repeats: Repeats,
    references: Count,
    symbol_samples: Count,
    length: Count,
    noise: Share,
    fractions: list[Share],
    symbol_repeats: Repeats,
    out: Output,
) -> None:
    """Run nearest neighbours and the lookup learner on drawn samples, beside their exact errors.

    Parameters
    ----------
    clusters, samples, dimension, rho
        Clusters, sample size, positions, and probability that a position is fixed, of the cluster task.
    stored
        Numbers of positions that are stored of every sample, without flips.
    flips
        Probabilities that a stored bit is flipped, with all positions stored.
    repeats
        Clusters and samples drawn.
    references, symbol_samples, length, noise
        References, sample size, length and noise of next-symbol prediction.
    fractions
        Shares of the bits of singletons that are stored.
    symbol_repeats
        References and samples drawn.
    out
        Simulation table.
    """
    memories = [*map(Memory, stored), *(Memory(dimension, flip) for flip in flips)]
    rng = generator("irrelevant", "simulate", "nearest", clusters, samples, dimension, repr(rho))
    errors = simulate_nearest(clusters, samples, dimension, rho, memories, repeats, rng)
    rows = [
        {
            "task": "clusters",
            "learner": "nearest",
            "clusters": clusters,
            "samples": samples,
            "dimension": dimension,
            "rho": rho,
            "stored": memory.stored,
            "flip": memory.flip,
            "error_closed": cluster_error(samples, dimension, rho, memory.stored, memory.flip),
            **_averaged(errors[:, index]),
        }
        for index, memory in enumerate(memories)
    ]
    rng = generator("irrelevant", "simulate", "lookup", references, symbol_samples, length, repr(noise))
    errors = simulate_lookup(references, symbol_samples, length, noise, fractions, symbol_repeats, rng)
    rows += [
        {
            "task": "next_symbol",
            "learner": "lookup",
            "clusters": references,
            "samples": symbol_samples,
            "dimension": length,
            "noise": noise,
            "stored_fraction": fraction,
            "error_closed": symbol_error(references, symbol_samples, length, noise, fraction),
            **_averaged(errors[:, index]),
        }
        for index, fraction in enumerate(fractions)
    ]
    SIMULATION.write(pl.DataFrame(rows, schema=SIMULATION.schema), out)


def _averaged(errors: Floats) -> dict[str, float | int]:
    """Mean over repeats with its standard error and interval."""
    names = ("error_simulated", "standard_error", "error_low", "error_high")
    return {**dict(zip(names, student_interval(errors), strict=True)), "repeats": len(errors)}
