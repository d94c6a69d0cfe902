"""What the lookup learner gets wrong in next-symbol prediction, as a calculator."""

from memgen.irrelevant.answers import show
from memgen.irrelevant.bounds import symbol_error as exact_error
from memgen.jobs.arguments import Count, Share
from memgen.jobs.stage import command


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
    show({"error": exact_error(references, samples, dimension, noise, stored_fraction)}, json)
