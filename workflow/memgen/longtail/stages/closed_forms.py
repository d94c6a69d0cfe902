"""How much of a domain is seen once, twice, and so on, and what fitting singletons is worth."""

from typing import Annotated

import numpy as np
import polars as pl

from memgen.configuration.options import About, flat
from memgen.jobs.arguments import AsManyAs
from memgen.jobs.stage import Output, progress, stage
from memgen.longtail import configuration as options
from memgen.longtail.bounds import limited_memorization_cost, tau_lower_bound
from memgen.longtail.learners import Risk
from memgen.longtail.priors import Frequencies, domains, frequencies
from memgen.longtail.specs import parse_prior
from memgen.longtail.spectrum import spectrum, zipf_asymptotics
from memgen.longtail.tables import COSTS, SCALING, SPECTRA


@stage
@flat
def spectra(
    *,
    priors: Annotated[list[options.Prior], About("priors, such as zipf or geometric:0.99")],
    frequencies: options.Files | None = None,
    size: options.Spectra,
    out: Annotated[Output, About("spectra table")],
) -> None:
    """Tabulate the number and the mass of points that a sample holds l times."""
    parts = []
    for drawn in progress(domains(priors, frequencies, size.domain), "priors"):
        found = spectrum(drawn, size.samples, _spaced(min(size.samples, _most_seen(drawn, size.samples))))
        parts.append(
            pl.DataFrame(
                {
                    "multiplicity": found.multiplicity,
                    "points": found.points,
                    "mass": found.mass,
                    "tau_n": found.tau * size.samples,
                }
            ).with_columns(
                prior=pl.lit(drawn.name),
                domain=pl.lit(drawn.domain, pl.Int64),
                samples=pl.lit(size.samples, pl.Int64),
            )
        )
    SPECTRA.write(pl.concat(parts), out)


def _spaced(largest: int) -> list[int]:
    """Multiplicities 0 to 20, and some 16 per decade beyond, up to `largest`."""
    end = max(largest, 21)
    beyond = np.unique(np.geomspace(21, end, 1 + max(1, int(16 * np.log10(end / 21)))).astype(int))
    return [*range(min(20, largest) + 1), *(int(count) for count in beyond if count <= largest)]


def _most_seen(drawn: Frequencies, samples: int) -> int:
    """A multiplicity that the most frequent point hardly exceeds."""
    mean = samples * float(np.exp(drawn.log_frequency[0]))
    return int(mean + 6 * np.sqrt(mean) + 12)


@stage
@flat
def scaling(*, grid: options.Scaling, out: Annotated[Output, About("scaling table")]) -> None:
    """Tabulate n tau_l against the sample size, with its asymptotics and its lower bound."""
    rows = []
    for name in progress(grid.priors, "priors"):
        drawn, spec = frequencies(name, grid.domain), parse_prior(name)
        is_zipf = spec.kind == "zipf" and spec.parameter == 1
        for size in grid.samples:
            found = spectrum(drawn, size, grid.multiplicities)
            limit = zipf_asymptotics(grid.domain, size) if is_zipf else None
            bound = tau_lower_bound(drawn, size) * size
            for count, tau in zip(grid.multiplicities, found.tau, strict=True):
                only_once = (limit, bound) if count == 1 else (None, None)
                rows.append((name, grid.domain, size, count, tau * size, *only_once))
    SCALING.write(pl.DataFrame(rows, schema=SCALING.schema, orient="row"), out)


@stage
@flat
def costs(
    *,
    prior: options.Prior,
    domain: list[options.Points],
    samples: Annotated[list[options.Samples], AsManyAs("domain")],
    labels: options.Labels = options.Longtail.labels,
    memorization_limit: options.Limit = options.Longtail.memorization_limit,
    out: Annotated[Output, About("costs table")],
) -> None:
    """Tabulate the value of fitting singletons, with the numbers that the paper states.

    Parameters
    ----------
    domain, samples
        Number of points and sample size, one of each per row.
    """
    rows = []
    for points, size in zip(domain, samples, strict=True):
        risk = Risk(frequencies(prior, points), size, labels)
        once = risk.singletons()
        rows.append(
            {
                "prior": prior,
                "domain": points,
                "samples": size,
                "labels": labels,
                "memorization_limit": memorization_limit,
                "tau_1_n": float(once.tau[0]) * size,
                "singleton_fraction": float(once.points[0]) / size,
                "optimal_error": risk.optimum,
                "ignore_singletons_cost": (1 - 1 / labels) * float(once.mass[0]),
                "limited_cost": limited_memorization_cost(risk, memorization_limit),
            }
        )
    COSTS.write(pl.DataFrame(rows, schema=COSTS.schema), out)
