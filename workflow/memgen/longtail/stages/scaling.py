"""What a point seen l times is worth, against the sample size."""

import polars as pl

from memgen.arguments import Count
from memgen.longtail.bounds import tau_lower_bound
from memgen.longtail.priors import frequencies
from memgen.longtail.specs import Points, parse_prior
from memgen.longtail.spectrum import spectrum, zipf_asymptotics
from memgen.longtail.tables import SCALING
from memgen.stage import Output, progress, stage


@stage
def scaling(
    *, priors: list[str], domain: Points, samples: list[Points], multiplicities: list[Count], out: Output
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
        drawn = frequencies(name, domain)
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
