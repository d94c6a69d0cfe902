"""Two learners that store their sample, run on drawn samples beside their exact errors.

The learners know no closed form, so that the two can disagree.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import polars as pl
from scipy import special

from memgen.configuration.options import As, flat
from memgen.errors import BadInput
from memgen.irrelevant.bounds import cluster_error, leaked_bits, symbol_error
from memgen.irrelevant.configuration import (
    BLOCK,
    OF_SIMULATE,
    Dimension,
    Lookup,
    Memory,
    Nearest,
    NumberOfClusters,
    Rho,
    Samples,
    Size,
    Tail,
)
from memgen.irrelevant.tables import SIMULATION
from memgen.irrelevant.tasks import (
    Clusters,
    ClusterSample,
    Floats,
    Signs,
    draw_clusters,
    draw_references,
    draw_sample,
    draw_symbols,
    frequencies,
    uniform_signs,
)
from memgen.jobs.arguments import AsManyAs
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Output, progress, stage
from memgen.tables.statistics import student_interval


@stage
@flat
def simulate(
    *,
    clusters: list[NumberOfClusters],
    samples: Annotated[list[Samples], AsManyAs("clusters")],
    dimension: Annotated[list[Dimension], AsManyAs("clusters")],
    rho: Annotated[list[Rho], AsManyAs("clusters")],
    tail: Annotated[list[Tail], AsManyAs("clusters")],
    nearest: Annotated[Nearest, As(sizes=None)],
    lookup: Annotated[Lookup, OF_SIMULATE],
    out: Output,
) -> None:
    """Run nearest neighbours and the lookup learner on drawn samples, beside their exact errors.

    Parameters
    ----------
    clusters, samples, dimension, rho, tail
        Clusters, sample size, positions, probability that a position is fixed, and exponent of the clusters'
        frequencies, one of each per size of the cluster task.
    out
        Simulation table.
    """
    rows = []
    for n_clusters, n, d, share, exponent in zip(clusters, samples, dimension, rho, tail, strict=True):
        size = Size(clusters=n_clusters, samples=n, dimension=d, rho=share, tail=exponent)
        errors = simulate_nearest(size, nearest, generator("irrelevant", "simulate", "nearest", *size.key))
        for memory, found in zip(memories(size, nearest), errors.T, strict=True):
            rows.append(
                {
                    "task": size.task, "learner": "nearest", "clusters": n_clusters, "samples": n,
                    "dimension": d, "rho": share, "memory": memory.kind, "stored": memory.stored,
                    "bits": memory.useless_bits(size), "flip": memory.flip,
                    "error_closed": memory.error(size), **_averaged(found),
                }
            )  # fmt: skip
    shape = (lookup.references, lookup.samples, lookup.dimension)
    rng = generator("irrelevant", "simulate", "lookup", *shape, repr(lookup.noise))
    rows += [
        {
            "task": "next_symbol",
            "learner": "lookup",
            **dict(zip(("clusters", "samples", "dimension"), shape, strict=True)),
            "noise": lookup.noise,
            "stored_fraction": fraction,
            "error_closed": symbol_error(*shape, lookup.noise, fraction),
            **_averaged(errors),
        }
        for fraction, errors in zip(lookup.stored_fractions, simulate_lookup(lookup, rng).T, strict=True)
    ]
    SIMULATION.write(pl.DataFrame(rows, schema=SIMULATION.schema), out)


def _averaged(errors: Floats) -> dict[str, float | int]:
    """Mean over repeats with its standard error and interval."""
    names = ("error_simulated", "standard_error", "error_low", "error_high")
    return {**dict(zip(names, student_interval(errors), strict=True)), "repeats": len(errors)}


@dataclass(frozen=True)
class Stored:
    """What a nearest neighbour stores of every sample.

    Parameters
    ----------
    kind : {"stored", "flipped", "blurred", "sketch", "quantized"}
    stored : int
        Bits of each sample: its first positions, signs of random projections, or codes of its blocks.
    flip : float
        Probability that a stored bit is flipped, or that the sign of a bit with Gaussian noise is.
    """

    kind: Memory
    stored: int
    flip: float = 0.0

    def useless_bits(self, size: Size) -> float:
        """Useless bits about a sample that are held.

        Of sketches and codes an upper bound; of noisy numbers those that their signs tell.
        """
        if self.kind in ("sketch", "quantized"):
            return min(float(self.stored), (1 - size.rho) * size.dimension)
        return float(leaked_bits(self.flip, 1, self.stored, size.rho))

    def error(self, size: Size) -> float | None:
        """Exact error on clusters seen once, where a closed form is known."""
        if self.kind not in ("stored", "flipped"):
            return None
        return cluster_error(size.samples, size.dimension, size.rho, self.stored, self.flip)

    def overlaps(self, fresh: Signs, sample: Signs, rng: np.random.Generator) -> Floats:
        """How near each fresh example (m, d) is to what is stored of each sample (n, d); shape (m, n).

        Exact in 32 bits, but for noisy numbers: sums of less than 2^24 signs.
        """
        asked, kept = fresh.astype(np.float32), sample.astype(np.float32)
        if self.kind == "sketch":
            directions = uniform_signs((sample.shape[1], self.stored), rng).astype(np.float32)
            # An even projection counts as positive.
            asked, kept = asked @ directions, np.where(kept @ directions >= 0, np.float32(1), np.float32(-1))
        elif self.kind == "quantized":
            blocks = sample.shape[1] // BLOCK
            words = uniform_signs((blocks, 2 ** (self.stored // blocks), BLOCK), rng).astype(np.float32)
            parts = kept[:, : blocks * BLOCK].reshape(-1, blocks, BLOCK)
            nearest = np.einsum("nbp,bwp->nbw", parts, words).argmax(axis=2)
            asked = asked[:, : blocks * BLOCK]
            kept = words[np.arange(blocks), nearest].reshape(len(sample), -1)
        elif self.kind == "blurred":
            noise = rng.standard_normal(kept.shape, dtype=np.float32)
            kept = kept * np.float32(special.ndtri(1 - self.flip)) + noise
        else:
            # Which positions are stored makes no difference.
            asked, kept = asked[:, : self.stored], kept[:, : self.stored]
            if self.flip > 0:
                kept = np.where(rng.random(kept.shape) < self.flip, -kept, kept)
        return np.asarray(asked @ kept.T, dtype=np.float64)


def memories(size: Size, nearest: Nearest) -> list[Stored]:
    """What learners of a size store of every sample; blocks that are cut short are not stored."""
    d = size.dimension
    return [
        *(Stored("stored", round(share * d)) for share in nearest.stored),
        *(Stored("flipped", d, flip) for flip in nearest.flips),
        *(Stored("blurred", d, flip) for flip in nearest.flips if flip > 0),
        *(Stored("sketch", max(1, round(share * d))) for share in nearest.sketches),
        *(Stored("quantized", bits * (d // BLOCK)) for bits in nearest.codes if d >= BLOCK),
    ]


def simulate_nearest(size: Size, nearest: Nearest, rng: np.random.Generator) -> Floats:
    """Error of the nearest neighbour on singletons' clusters, shape (repeats, memories).

    Raises
    ------
    BadInput
        If a sample has no singleton.
    """
    errors = []
    for _ in progress(range(nearest.repeats), "nearest neighbour", total=nearest.repeats):
        clusters = draw_clusters(size.clusters, size.dimension, size.rho, size.tail, rng)
        sample = draw_sample(clusters, size.samples, rng)
        if not (sample.count == 1).any():
            raise BadInput(
                f"clusters: a sample of {size.samples} from {size.clusters} has none seen once; allowed: more"
            )
        errors.append([_singleton_error(clusters, sample, memory, rng) for memory in memories(size, nearest)])
    return np.array(errors)


def _singleton_error(
    clusters: Clusters, sample: ClusterSample, memory: Stored, rng: np.random.Generator
) -> float:
    """Error on one fresh example of every cluster seen once; ties are broken uniformly."""
    once = np.flatnonzero(sample.count == 1)
    overlap = memory.overlaps(clusters.examples(once, rng), sample.x, rng)
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
