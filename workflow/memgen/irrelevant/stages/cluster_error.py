"""What a fresh example of a singleton's cluster costs the nearest neighbour, as a calculator."""

from typing import Annotated

from memgen.irrelevant.answers import show
from memgen.irrelevant.bounds import cluster_error as exact_error
from memgen.irrelevant.bounds import leaked_bits
from memgen.jobs.arguments import Count, CountOrNone, Range, Share
from memgen.jobs.stage import command


@command
def cluster_error(
    *,
    samples: Count,
    dimension: Count,
    rho: Annotated[float, Range(0, 1, below=True)],
    stored: CountOrNone | None = None,
    flip: Share = 0.0,
    json: bool = False,
) -> None:
    """Print the nearest neighbour's exact error on clusters seen once, and what it must store for it.

    Parameters
    ----------
    samples
        Sample size, up to 10^8.
    dimension
        Positions of an example, up to 10^6.
    rho
        Probability that a position is fixed in a cluster, in [0, 1).
    stored
        Positions that are stored of every sample; all by default.
    flip
        Probability that a stored bit is flipped.
    json
        Print JSON: singleton_error, and irrelevant_bits, those of all samples that the learner holds about
        positions which are not fixed.
    """
    error = exact_error(samples, dimension, rho, stored, flip)
    bits = leaked_bits(flip, samples, dimension if stored is None else stored, rho)
    show({"singleton_error": error, "irrelevant_bits": float(bits)}, json)
