"""The learners that store their sample, run on drawn samples beside their closed forms."""

from typing import Annotated

import polars as pl

from memgen.configuration.options import flat
from memgen.irrelevant.bounds import cluster_error, symbol_error
from memgen.irrelevant.configuration import OF_SIMULATE, Lookup, Nearest
from memgen.irrelevant.simulation import Memory, simulate_lookup, simulate_nearest
from memgen.irrelevant.tables import SIMULATION
from memgen.irrelevant.tasks import Floats
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Output, stage
from memgen.tables.statistics import student_interval


@stage
@flat
def simulate(
    *,
    nearest: Nearest,
    lookup: Annotated[Lookup, OF_SIMULATE],
    out: Output,
) -> None:
    """Run nearest neighbours and the lookup learner on drawn samples, beside their exact errors.

    Parameters
    ----------
    out
        Simulation table.
    """
    memories = [*map(Memory, nearest.stored), *(Memory(nearest.dimension, flip) for flip in nearest.flips)]
    rng = generator(
        "irrelevant",
        "simulate",
        "nearest",
        nearest.clusters,
        nearest.samples,
        nearest.dimension,
        repr(nearest.rho),
    )
    errors = simulate_nearest(
        nearest.clusters, nearest.samples, nearest.dimension, nearest.rho, memories, nearest.repeats, rng
    )
    rows = [
        {
            "task": "clusters",
            "learner": "nearest",
            "clusters": nearest.clusters,
            "samples": nearest.samples,
            "dimension": nearest.dimension,
            "rho": nearest.rho,
            "stored": memory.stored,
            "flip": memory.flip,
            "error_closed": cluster_error(
                nearest.samples, nearest.dimension, nearest.rho, memory.stored, memory.flip
            ),
            **_averaged(errors[:, index]),
        }
        for index, memory in enumerate(memories)
    ]
    rng = generator(
        "irrelevant",
        "simulate",
        "lookup",
        lookup.references,
        lookup.samples,
        lookup.dimension,
        repr(lookup.noise),
    )
    errors = simulate_lookup(
        lookup.references,
        lookup.samples,
        lookup.dimension,
        lookup.noise,
        lookup.stored_fractions,
        lookup.repeats,
        rng,
    )
    rows += [
        {
            "task": "next_symbol",
            "learner": "lookup",
            "clusters": lookup.references,
            "samples": lookup.samples,
            "dimension": lookup.dimension,
            "noise": lookup.noise,
            "stored_fraction": fraction,
            "error_closed": symbol_error(
                lookup.references, lookup.samples, lookup.dimension, lookup.noise, fraction
            ),
            **_averaged(errors[:, index]),
        }
        for index, fraction in enumerate(lookup.stored_fractions)
    ]
    SIMULATION.write(pl.DataFrame(rows, schema=SIMULATION.schema), out)


def _averaged(errors: Floats) -> dict[str, float | int]:
    """Mean over repeats with its standard error and interval."""
    names = ("error_simulated", "standard_error", "error_low", "error_high")
    return {**dict(zip(names, student_interval(errors), strict=True)), "repeats": len(errors)}
