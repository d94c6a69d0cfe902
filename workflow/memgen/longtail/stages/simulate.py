"""Every learner on drawn samples, beside its exact expected error."""

from typing import Annotated

import polars as pl

from memgen.configuration.options import Several, flat
from memgen.jobs.arguments import AsManyAs, Seed
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Inputs, Output, stage
from memgen.longtail import simulation
from memgen.longtail.configuration import Labels, Learner, Longtail, Points, Prior, Repeats, Samples
from memgen.longtail.learners import Risk
from memgen.longtail.priors import domains
from memgen.longtail.specs import parse_learner
from memgen.longtail.tables import SIMULATION
from memgen.tables.statistics import means_with_errors


@stage
@flat
def simulate(
    *,
    priors: list[Prior],
    frequencies: Inputs | None = None,
    domain: list[Points],
    samples: Annotated[list[Samples], AsManyAs("domain")],
    repeats: Annotated[list[Repeats], AsManyAs("domain")],
    labels: Labels = Longtail.labels,
    learners: Annotated[list[Learner], Several(1, 64)],
    seed: Seed = 0,
    out: Output,
) -> None:
    """Run every learner on drawn samples, beside its exact expected error.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    frequencies
        Files of frequencies, a prior each, with their own domain; run at every sample size.
    domain, samples, repeats
        Number of points, sample size and number of samples, one of each per size of simulation.
    learners
        Learners, such as ignore:1, flip:0.1 or majority:0.8.
    seed
        Seed of the samples.
    out
        Simulation table.
    """
    rows = []
    for points, size, times in zip(domain, samples, repeats, strict=True):
        for drawn in domains(priors, frequencies, points):
            rng = generator("longtail", "simulate", drawn.name, drawn.domain, size, seed)
            risk = Risk(drawn, size, labels)
            found = simulation.simulate(drawn, size, labels, learners, times, rng)
            means, errors = means_with_errors(found.error)
            for name, mean, error in zip(learners, means, errors, strict=True):
                spec = parse_learner(name, labels)
                rows.append(
                    {
                        "prior": drawn.name,
                        "domain": drawn.domain,
                        "samples": size,
                        "learner": spec.kind,
                        "parameter": spec.parameter,
                        "error_closed": risk.error(name),
                        "error_simulated": mean,
                        "standard_error": error,
                        "repeats": times,
                    }
                )
    SIMULATION.write(pl.DataFrame(rows, schema=SIMULATION.schema), out)
