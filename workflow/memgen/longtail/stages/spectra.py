"""How much of each domain is seen once, twice, and so on."""

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.stage import Inputs, Output, progress, stage
from memgen.longtail.configuration import Prior, Spectra
from memgen.longtail.priors import Frequencies, domains
from memgen.longtail.spectrum import spectrum
from memgen.longtail.tables import SPECTRA


@stage
@flat
def spectra(
    *,
    priors: list[Prior],
    frequencies: Inputs | None = None,
    size: Spectra,
    out: Output,
) -> None:
    """Tabulate how many points, and what mass, a sample holds l times.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    frequencies
        Files of frequencies, a prior each, with their own domain.
    out
        Spectra table.
    """
    parts = []
    for drawn in progress(domains(priors, frequencies, size.domain), "priors"):
        found = spectrum(drawn, size.samples, spaced(min(size.samples, _most_seen(drawn, size.samples))))
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


def spaced(largest: int) -> list[int]:
    """Multiplicities 0 to 20, and some 16 per decade beyond, up to `largest`."""
    beyond = np.unique(
        np.geomspace(21, max(largest, 21), 1 + max(1, int(16 * np.log10(max(largest, 21) / 21))))
    )
    return [
        *range(min(20, largest) + 1),
        *(int(count) for count in np.unique(beyond.astype(int)) if count <= largest),
    ]


def _most_seen(drawn: Frequencies, samples: int) -> int:
    """A multiplicity that the most frequent point hardly exceeds."""
    mean = samples * float(np.exp(drawn.log_frequency[0]))
    return int(mean + 6 * np.sqrt(mean) + 12)
