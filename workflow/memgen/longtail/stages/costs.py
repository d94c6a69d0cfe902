"""What fitting singletons is worth: the numbers that the paper states."""

from typing import Annotated

import polars as pl

from memgen.arguments import AsManyAs, Share
from memgen.longtail.bounds import limited_memorization_cost
from memgen.longtail.learners import Risk
from memgen.longtail.priors import frequencies
from memgen.longtail.specs import Labels, Points
from memgen.longtail.tables import COSTS
from memgen.stage import Output, stage


@stage
def costs(
    *,
    prior: str,
    domain: list[Points],
    samples: Annotated[list[Points], AsManyAs("domain")],
    labels: Labels,
    memorization_limit: Share,
    out: Output,
) -> None:
    """Tabulate what fitting singletons is worth, the numbers that the paper states.

    Parameters
    ----------
    prior
        Prior of the frequencies.
    domain, samples
        Number of points and sample size, one of each per row.
    labels
        Number of labels.
    memorization_limit
        Largest memorization score of singletons, 0 to 1 - 1/labels.
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
