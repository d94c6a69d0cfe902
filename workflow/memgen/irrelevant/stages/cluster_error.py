"""What a fresh example of a singleton's cluster costs the nearest neighbour, as a calculator."""

from typing import Annotated

from memgen.arguments import Count, CountOrNone, Range, Share
from memgen.irrelevant.answers import show
from memgen.irrelevant.bounds import cluster_error as exact_error
from memgen.stage import command


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
    """Print the nearest neighbour's exact error on clusters seen once.

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
        Print JSON: singleton_error.
    """
    show({"singleton_error": exact_error(samples, dimension, rho, stored, flip)}, json)
