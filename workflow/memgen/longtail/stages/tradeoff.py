"""Excess error against the share of singletons that a learner fits."""

import polars as pl

from memgen.arguments import Repeats, Seed, Share
from memgen.longtail.bounds import limited_memorization_cost
from memgen.longtail.comparison import Comparison
from memgen.longtail.specs import Labels, Points
from memgen.longtail.tables import TRADEOFF
from memgen.stage import Output, stage
from memgen.statistics import means_with_errors


@stage
def tradeoff(
    *,
    priors: list[str],
    domain: Points,
    samples: Points,
    repeats: Repeats,
    labels: Labels,
    memorization_limits: list[Share],
    seed: Seed = 0,
    out: Output,
) -> None:
    """Tabulate excess error against the share of singletons that a learner fits.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    domain, samples, repeats
        Number of points, sample size and number of samples.
    labels
        Number of labels.
    memorization_limits
        Largest memorization scores of singletons, each 0 to 1 - 1/labels.
    seed
        Seed of the samples.
    out
        Trade-off table.
    """
    comparison = Comparison(domain, samples, repeats, labels, seed)
    names = ["optimal", *(f"limited:{limit!r}" for limit in memorization_limits)]
    rows = []
    for prior in priors:
        risk, found = comparison.run("tradeoff", prior, names)
        means, errors = means_with_errors(found.error[:, 1:] - found.error[:, :1])
        fitted = found.fitted_singletons[:, 1:].mean(axis=0)
        rows += [
            comparison.row(prior)
            | {
                "memorization_limit": limit,
                "fitted_closed": 1 / labels + limit,
                "fitted_simulated": fitted[index],
                "excess_closed": limited_memorization_cost(risk, limit),
                "excess_simulated": means[index],
                "standard_error": errors[index],
                "slope": risk.mass(1),
            }
            for index, limit in enumerate(memorization_limits)
        ]
    TRADEOFF.write(pl.DataFrame(rows, schema=TRADEOFF.schema), out)
