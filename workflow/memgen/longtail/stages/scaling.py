"""What a point seen l times is worth, against the sample size."""

import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.stage import Output, progress, stage
from memgen.longtail.bounds import tau_lower_bound
from memgen.longtail.configuration import Scaling
from memgen.longtail.priors import frequencies
from memgen.longtail.specs import parse_prior
from memgen.longtail.spectrum import spectrum, zipf_asymptotics
from memgen.longtail.tables import SCALING


@stage
@flat
def scaling(*, grid: Scaling, out: Output) -> None:
    """Tabulate n tau_l against the sample size, with its asymptotics and its lower bound.

    Parameters
    ----------
    out
        Scaling table.
    """
    rows = []
    for name in progress(grid.priors, "priors"):
        drawn = frequencies(name, grid.domain)
        spec = parse_prior(name)
        for size in grid.samples:
            found = spectrum(drawn, size, grid.multiplicities)
            zipf = spec.kind == "zipf" and spec.parameter == 1
            limit = zipf_asymptotics(grid.domain, size)[1] if zipf else None
            bound = tau_lower_bound(drawn, size) * size if size >= 3 else None
            for count, tau in zip(grid.multiplicities, found.tau, strict=True):
                once = count == 1
                rows.append(
                    (
                        name,
                        grid.domain,
                        size,
                        count,
                        tau * size,
                        limit if once else None,
                        bound if once else None,
                    )
                )
    SCALING.write(pl.DataFrame(rows, schema=SCALING.schema, orient="row"), out)
