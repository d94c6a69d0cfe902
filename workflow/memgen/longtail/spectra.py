"""Tables of the closed forms: spectra, their scaling with the sample size, and what memorization is worth.

Knows which numbers go into which table; they come from `spectrum`, `learners` and `bounds`.
"""

import numpy as np
import polars as pl

from memgen.longtail.bounds import limited_memorization_cost, tau_lower_bound
from memgen.longtail.learners import Risk
from memgen.longtail.priors import Frequencies, domains
from memgen.longtail.priors import frequencies as named_frequencies
from memgen.longtail.specs import parse_prior
from memgen.longtail.spectrum import spectrum, zipf_asymptotics
from memgen.longtail.tables import COSTS, SCALING, SPECTRA
from memgen.stage import Inputs, Output, progress, stage


def spaced(largest: int) -> list[int]:
    """Multiplicities 0 to 20, and some 16 per decade beyond, up to `largest`."""
    beyond = np.unique(
        np.geomspace(21, max(largest, 21), 1 + max(1, int(16 * np.log10(max(largest, 21) / 21))))
    )
    return [
        *range(min(20, largest) + 1),
        *(int(count) for count in np.unique(beyond.astype(int)) if count <= largest),
    ]


@stage
def spectra(
    *,
    priors: list[str],
    frequencies: Inputs | None = None,
    domain: int,
    samples: int,
    out: Output,
) -> None:
    """Tabulate how many points, and what mass, a sample holds l times.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    frequencies
        Files of frequencies, a prior each, with their own domain.
    domain
        Number of points of the named priors.
    samples
        Sample size.
    out
        Spectra table.
    """
    parts = []
    for drawn in progress(domains(priors, frequencies, domain), "priors"):
        found = spectrum(drawn, samples, spaced(min(samples, _most_seen(drawn, samples))))
        parts.append(
            pl.DataFrame(
                {
                    "multiplicity": found.multiplicity,
                    "points": found.points,
                    "mass": found.mass,
                    "tau_n": found.tau * samples,
                }
            ).with_columns(
                prior=pl.lit(drawn.name),
                domain=pl.lit(drawn.domain, pl.Int64),
                samples=pl.lit(samples, pl.Int64),
            )
        )
    SPECTRA.write(pl.concat(parts), out)


def _most_seen(drawn: Frequencies, samples: int) -> int:
    """A multiplicity that the most frequent point hardly exceeds."""
    mean = samples * float(np.exp(drawn.log_frequency[0]))
    return int(mean + 6 * np.sqrt(mean) + 12)


@stage
def scaling(
    *, priors: list[str], domain: int, samples: list[int], multiplicities: list[int], out: Output
) -> None:
    """Tabulate n tau_l against the sample size, with its asymptotics and its lower bound.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    domain
        Number of points.
    samples
        Sample sizes.
    multiplicities
        Multiplicities l, at least 1 and at most the smallest sample size.
    out
        Scaling table.
    """
    rows = []
    for name in progress(priors, "priors"):
        drawn = named_frequencies(name, domain)
        spec = parse_prior(name)
        for size in samples:
            found = spectrum(drawn, size, multiplicities)
            zipf = spec.kind == "zipf" and spec.parameter == 1
            limit = zipf_asymptotics(domain, size)[1] if zipf else None
            bound = tau_lower_bound(drawn, size) * size if size >= 3 else None
            for count, tau in zip(multiplicities, found.tau, strict=True):
                once = count == 1
                rows.append(
                    (name, domain, size, count, tau * size, limit if once else None, bound if once else None)
                )
    SCALING.write(pl.DataFrame(rows, schema=SCALING.schema, orient="row"), out)


@stage
def costs(
    *,
    prior: str,
    domain: list[int],
    samples: list[int],
    labels: int,
    memorization_limit: float,
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
        risk = Risk(named_frequencies(prior, points), size, labels)
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
