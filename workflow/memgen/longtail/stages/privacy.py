"""What label differential privacy costs, beside what it must cost."""

import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.arguments import Seed
from memgen.jobs.stage import Output, stage
from memgen.longtail.bounds import private_excess_bound, private_excess_optimum
from memgen.longtail.comparison import Comparison
from memgen.longtail.configuration import Labels, Longtail, Prior, Privacy
from memgen.longtail.tables import PRIVACY
from memgen.tables.statistics import means_with_errors


@stage
@flat
def privacy(
    *,
    priors: list[Prior],
    compared: Privacy,
    labels: Labels = Longtail.labels,
    seed: Seed = 0,
    out: Output,
) -> None:
    """Tabulate what label differential privacy costs, beside what it must cost.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    seed
        Seed of the samples.
    out
        Privacy table.
    """
    comparison = Comparison(compared.domain, compared.samples, compared.repeats, labels, seed)
    chosen = [
        (kind, epsilon) for kind in ("exponential", "randomized_response") for epsilon in compared.epsilons
    ]
    names = ["optimal", *(f"{kind}:{epsilon!r}" for kind, epsilon in chosen)]
    rows = []
    for prior in priors:
        risk, found = comparison.run("privacy", prior, names)
        means, errors = means_with_errors(found.error[:, 1:] - found.error[:, :1])
        rows += [
            comparison.row(prior)
            | {
                "learner": kind,
                "epsilon": epsilon,
                "excess_closed": risk.error(names[1 + index]) - risk.optimum,
                "excess_simulated": means[index],
                "standard_error": errors[index],
                "bound": private_excess_bound(risk, epsilon),
                "optimum": private_excess_optimum(risk, epsilon),
            }
            for index, (kind, epsilon) in enumerate(chosen)
        ]
    PRIVACY.write(pl.DataFrame(rows, schema=PRIVACY.schema), out)
