"""Excess error against the share of singletons that a learner fits."""

import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.arguments import Seed
from memgen.jobs.stage import Output, stage
from memgen.longtail.bounds import limited_memorization_cost
from memgen.longtail.comparison import Comparison
from memgen.longtail.configuration import Labels, Longtail, Prior, Tradeoff
from memgen.longtail.tables import TRADEOFF
from memgen.tables.statistics import means_with_errors


@stage
@flat
def tradeoff(
    *,
    priors: list[Prior],
    compared: Tradeoff,
    labels: Labels = Longtail.labels,
    seed: Seed = 0,
    out: Output,
) -> None:
    """Tabulate excess error against the share of singletons that a learner fits.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    seed
        Seed of the samples.
    out
        Trade-off table.
    """
    comparison = Comparison(compared.domain, compared.samples, compared.repeats, labels, seed)
    names = ["optimal", *(f"limited:{limit!r}" for limit in compared.memorization_limits)]
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
            for index, limit in enumerate(compared.memorization_limits)
        ]
    TRADEOFF.write(pl.DataFrame(rows, schema=TRADEOFF.schema), out)
