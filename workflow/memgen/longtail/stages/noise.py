"""What is lost by not fitting singletons whose labels are noisy."""

import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.arguments import Seed
from memgen.jobs.stage import Output, stage
from memgen.longtail.bounds import noisy_singleton_excess
from memgen.longtail.comparison import Comparison
from memgen.longtail.configuration import Labels, Longtail, Noise, Prior
from memgen.longtail.tables import NOISE
from memgen.tables.statistics import means_with_errors


@stage
@flat
def noise(
    *,
    priors: list[Prior],
    compared: Noise,
    labels: Labels = Longtail.labels,
    seed: Seed = 0,
    out: Output,
) -> None:
    """Tabulate what is lost by not fitting singletons whose labels are noisy.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    seed
        Seed of the samples.
    out
        Noise table.
    """
    comparison = Comparison(compared.domain, compared.samples, compared.repeats, labels, seed)
    names = [f"{kind}:{keep!r}" for keep in compared.label_keep for kind in ("majority", "majority_ignore")]
    rows = []
    for prior in priors:
        risk, found = comparison.run("noise", prior, names)
        means, errors = means_with_errors(found.error[:, 1::2] - found.error[:, ::2])
        rows += [
            comparison.row(prior)
            | {
                "label_keep": keep,
                "excess_closed": noisy_singleton_excess(risk, keep),
                "excess_simulated": mean,
                "standard_error": error,
            }
            for keep, mean, error in zip(compared.label_keep, means, errors, strict=True)
        ]
    NOISE.write(pl.DataFrame(rows, schema=NOISE.schema), out)
