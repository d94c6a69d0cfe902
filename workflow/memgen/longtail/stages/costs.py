"""What fitting singletons is worth: the numbers that the paper states."""

from typing import Annotated

import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.arguments import AsManyAs
from memgen.jobs.stage import Output, stage
from memgen.longtail.bounds import limited_memorization_cost
from memgen.longtail.configuration import Labels, Limit, Longtail, Points, Prior, Samples
from memgen.longtail.learners import Risk
from memgen.longtail.priors import frequencies
from memgen.longtail.tables import COSTS


@stage
@flat
def costs(
    *,
    prior: Prior,
    domain: list[Points],
    samples: Annotated[list[Samples], AsManyAs("domain")],
    labels: Labels = Longtail.labels,
    memorization_limit: Limit = Longtail.memorization_limit,
    out: Output,
) -> None:
    """Tabulate what fitting singletons is worth, the numbers that the paper states.

    Parameters
    ----------
    prior
        Prior of the frequencies.
    domain, samples
        Number of points and sample size, one of each per row.
    out
        Costs table.
    """
    rows = []
    for points, size in zip(domain, samples, strict=True):
        risk = Risk(frequencies(prior, points), size, labels)
        once = risk.singletons()
        rows.append(
            (
                prior,
                points,
                size,
                labels,
                memorization_limit,
                float(once.tau[0]) * size,
                float(once.points[0]) / size,
                risk.optimum,
                (1 - 1 / labels) * float(once.mass[0]),
                limited_memorization_cost(risk, memorization_limit),
            )
        )
    COSTS.write(pl.DataFrame(rows, schema=COSTS.schema, orient="row"), out)
