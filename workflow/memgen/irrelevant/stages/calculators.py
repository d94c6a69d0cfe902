"""Exact errors of the learners that store their sample, on the command line."""

import json as json_format
from collections.abc import Mapping, Sequence
from typing import Annotated

from memgen.irrelevant import bounds
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
    """Print the nearest neighbour's exact error on clusters seen once, and its irrelevant bits.

    Parameters
    ----------
    samples
        Sample size, up to 10^8.
    dimension
        Positions of an example, up to 10^6.
    rho
        Probability that a position is fixed in a cluster, in [0, 1): the share of useful bits. The paper
        takes 0.1739 for 500 samples of 1000 bits, at which clusters can just be told apart.
    stored
        Positions that are stored of every sample; all by default.
    flip
        Probability that a stored bit is flipped.
    json
        Print JSON: singleton_error, and irrelevant_bits, those of all samples that the learner holds about
        positions which are not fixed.
    """
    error = bounds.cluster_error(samples, dimension, rho, stored, flip)
    bits = bounds.leaked_bits(flip, samples, dimension if stored is None else stored, rho)
    answer = {"singleton_error": error, "irrelevant_bits": float(bits)}
    _show(answer, ("error on clusters seen once (probability)", "irrelevant information (bits)"), json)


@command
def symbol_error(
    *,
    references: Count,
    samples: Count,
    dimension: Count,
    noise: Share,
    stored_fraction: Share = 1.0,
    json: bool = False,
) -> None:
    """Print the lookup learner's exact error in next-symbol prediction.

    Parameters
    ----------
    references
        Number of reference strings, up to 10^8.
    samples
        Sample size, up to 10^7.
    dimension
        Length of a reference string, up to 10^5.
    noise
        The paper's delta in [0, 1]: each bit is flipped with probability delta / 2.
    stored_fraction
        Share of the bits of singletons that are stored, in [0, 1].
    json
        Print JSON: error.
    """
    error = bounds.symbol_error(references, samples, dimension, noise, stored_fraction)
    _show({"error": error}, ("expected error (probability)",), json)


def _show(answer: Mapping[str, float], words: Sequence[str], json: bool) -> None:
    if json:
        print(json_format.dumps(answer, allow_nan=False))
        return
    for text, value in zip(words, answer.values(), strict=True):
        print(f"{text:<44}{value:.9g}")
