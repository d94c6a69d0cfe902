"""Mixtures of subgroups: limited memorization costs the rarer and longer-tailed group more."""

import math
from dataclasses import replace
from typing import Annotated

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.arguments import AsManyAs, Seed
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Output, stage
from memgen.longtail.configuration import (
    Labels,
    Limit,
    Longtail,
    Mixture,
    Points,
    Prior,
    Repeats,
    Samples,
    Weight,
)
from memgen.longtail.priors import Frequencies, frequencies, joined
from memgen.longtail.simulation import simulate
from memgen.longtail.specs import check_memorization_limit
from memgen.longtail.spectrum import spectrum
from memgen.longtail.tables import SUBGROUPS
from memgen.tables.statistics import means_with_errors


def group_masses(group: Frequencies, weight: float, samples: int) -> tuple[float, float]:
    """Mass, within a subgroup, of its points that a sample of the mixture holds never and once.

    Parameters
    ----------
    group : Frequencies
        Frequencies alpha within the subgroup, summing to 1.
    weight : float
        Probability w of the subgroup, above 0 and at most 1.
    samples : int
        Sample size n of the mixture.

    Returns
    -------
    unseen, once : float
        sum alpha b_l(w alpha) for l = 0 and 1.

    Notes
    -----
    Source: memorization, part A, "Disparate effect".
    """
    shrunk = replace(group, log_frequency=group.log_frequency + math.log(weight))
    unseen, once = spectrum(shrunk, samples, [0, 1]).mass / weight
    return float(unseen), float(once)


@stage
@flat
def subgroups(
    *,
    mixture: str,
    groups: list[str],
    priors: Annotated[list[Prior], AsManyAs("groups")],
    domains: Annotated[list[Points], AsManyAs("groups")],
    weights: Annotated[list[Weight], AsManyAs("groups")],
    samples: Samples,
    labels: Labels = Longtail.labels,
    memorization_limit: Limit = Longtail.memorization_limit,
    repeats: Repeats = Mixture.repeats,
    seed: Seed = 0,
    out: Output,
) -> None:
    """Tabulate what limited memorization costs each subgroup of a mixture.

    Parameters
    ----------
    mixture
        Name of the mixture.
    groups, priors, domains, weights
        Name, prior, number of points and weight of each subgroup; weights are divided by their sum.
    seed
        Seed of the samples.
    out
        Subgroups table.
    """
    check_memorization_limit(memorization_limit, labels, f"mixture {mixture}: memorization limit")
    parts = [frequencies(prior, points) for prior, points in zip(priors, domains, strict=True)]
    shares = np.array(weights) / math.fsum(weights)
    drawn, slices = joined(mixture, parts, weights)
    rng = generator("longtail", "subgroups", mixture, samples, seed)
    names = ["optimal", f"limited:{memorization_limit!r}"]
    found = simulate(drawn, samples, labels, names, repeats, rng, groups=slices)
    costs, errors = means_with_errors((found.errors[:, 1] - found.errors[:, 0]) / shares)
    rows = []
    for index, group in enumerate(groups):
        share = float(shares[index])
        unseen, once = group_masses(parts[index], share, samples)
        rows.append(
            {
                "mixture": mixture,
                "group": group,
                "prior": priors[index],
                "domain": domains[index],
                "weight": share,
                "samples": samples,
                "labels": labels,
                "memorization_limit": memorization_limit,
                "optimal_error": (1 - 1 / labels) * unseen,
                "cost_closed": (1 - 1 / labels - memorization_limit) * once,
                "cost_simulated": costs[index],
                "standard_error": errors[index],
                "repeats": repeats,
            }
        )
    SUBGROUPS.write(pl.DataFrame(rows, schema=SUBGROUPS.schema), out)
