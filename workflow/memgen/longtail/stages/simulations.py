"""Learners on drawn samples, beside what the closed forms expect of them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import polars as pl

from memgen.configuration.options import About, Several, flat
from memgen.jobs.arguments import AsManyAs
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Output, stage
from memgen.longtail import simulation
from memgen.longtail.bounds import (
    limited_memorization_cost,
    noisy_singleton_excess,
    private_excess_bound,
    private_excess_optimum,
)
from memgen.longtail.configuration import (
    Files,
    Labels,
    Learner,
    Limit,
    Longtail,
    Mixture,
    Noise,
    Points,
    Prior,
    Priors,
    Privacy,
    Repeats,
    Samples,
    SampleSeed,
    SimulationSize,
    Tradeoff,
    Weight,
)
from memgen.longtail.learners import Risk
from memgen.longtail.priors import Frequencies, domains, frequencies, joined
from memgen.longtail.specs import check_memorization_limit, parse_learner
from memgen.longtail.spectrum import spectrum
from memgen.longtail.tables import NOISE, PRIVACY, SIMULATION, SUBGROUPS, TRADEOFF
from memgen.tables.statistics import means_with_errors


@stage
@flat
def simulate(
    *,
    priors: Priors,
    frequencies: Files | None = None,
    domain: list[Points],
    samples: Annotated[list[Samples], AsManyAs("domain")],
    repeats: Annotated[list[Repeats], AsManyAs("domain")],
    labels: Labels = Longtail.labels,
    learners: Annotated[
        list[Learner], Several(1, 64), About("learners, such as ignore:1, flip:0.1 or majority:0.8")
    ],
    seed: SampleSeed = 0,
    out: Output,
) -> None:
    """Run every learner on drawn samples, beside its exact expected error.

    Parameters
    ----------
    domain, samples, repeats
        Number of points, sample size and number of samples, one of each per size of simulation.
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


def _compared(
    table: str, priors: Sequence[str], size: SimulationSize, labels: int, seed: int, names: Sequence[str]
) -> Iterator[tuple[Risk, simulation.Simulation, dict[str, Any]]]:
    """Of each prior: closed forms and a simulation of some learners, and the columns that name its size."""
    for prior in priors:
        drawn = frequencies(prior, size.domain)
        rng = generator("longtail", table, prior, size.domain, size.samples, seed)
        found = simulation.simulate(drawn, size.samples, labels, names, size.repeats, rng)
        sizes = {"domain": size.domain, "samples": size.samples, "repeats": size.repeats}
        yield Risk(drawn, size.samples, labels), found, {"prior": prior, "labels": labels, **sizes}


@stage
@flat
def tradeoff(
    *, priors: Priors, size: Tradeoff, labels: Labels = Longtail.labels, seed: SampleSeed = 0, out: Output
) -> None:
    """Tabulate excess error against the share of singletons that a learner fits.

    Parameters
    ----------
    out
        Trade-off table.
    """
    names = ["optimal", *(f"limited:{limit!r}" for limit in size.memorization_limits)]
    rows = []
    for risk, found, named in _compared("tradeoff", priors, size, labels, seed, names):
        means, errors = means_with_errors(found.error[:, 1:] - found.error[:, :1])
        fitted = found.fitted_singletons[:, 1:].mean(axis=0)
        rows += [
            named
            | {
                "memorization_limit": limit,
                "fitted_closed": 1 / labels + limit,
                "fitted_simulated": fitted[index],
                "excess_closed": limited_memorization_cost(risk, limit),
                "excess_simulated": means[index],
                "standard_error": errors[index],
                "slope": risk.mass(1),
            }
            for index, limit in enumerate(size.memorization_limits)
        ]
    TRADEOFF.write(pl.DataFrame(rows, schema=TRADEOFF.schema), out)


@stage
@flat
def privacy(
    *, priors: Priors, size: Privacy, labels: Labels = Longtail.labels, seed: SampleSeed = 0, out: Output
) -> None:
    """Tabulate what label differential privacy costs, beside what it must cost.

    Parameters
    ----------
    out
        Privacy table.
    """
    kinds = ("exponential", "randomized_response")
    chosen = [(kind, epsilon) for kind in kinds for epsilon in size.epsilons]
    names = ["optimal", *(f"{kind}:{epsilon!r}" for kind, epsilon in chosen)]
    rows = []
    for risk, found, named in _compared("privacy", priors, size, labels, seed, names):
        means, errors = means_with_errors(found.error[:, 1:] - found.error[:, :1])
        rows += [
            named
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


@stage
@flat
def noise(
    *, priors: Priors, size: Noise, labels: Labels = Longtail.labels, seed: SampleSeed = 0, out: Output
) -> None:
    """Tabulate what is lost by not fitting singletons whose labels are noisy.

    Parameters
    ----------
    out
        Noise table.
    """
    names = [f"{kind}:{keep!r}" for keep in size.label_keep for kind in ("majority", "majority_ignore")]
    rows = []
    for risk, found, named in _compared("noise", priors, size, labels, seed, names):
        means, errors = means_with_errors(found.error[:, 1::2] - found.error[:, ::2])
        rows += [
            named
            | {
                "label_keep": keep,
                "excess_closed": noisy_singleton_excess(risk, keep),
                "excess_simulated": mean,
                "standard_error": error,
            }
            for keep, mean, error in zip(size.label_keep, means, errors, strict=True)
        ]
    NOISE.write(pl.DataFrame(rows, schema=NOISE.schema), out)


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
    seed: SampleSeed = 0,
    out: Output,
) -> None:
    """Tabulate what limited memorization costs each subgroup of a mixture.

    Parameters
    ----------
    mixture
        Name of the mixture.
    groups, priors, domains, weights
        Name, prior, number of points and weight of each subgroup; weights are divided by their sum.
    out
        Subgroups table.
    """
    check_memorization_limit(memorization_limit, labels, f"mixture {mixture}: memorization limit")
    parts = [frequencies(prior, points) for prior, points in zip(priors, domains, strict=True)]
    shares = np.array(weights) / math.fsum(weights)
    drawn, slices = joined(mixture, parts, weights)
    rng = generator("longtail", "subgroups", mixture, samples, seed)
    names = ["optimal", f"limited:{memorization_limit!r}"]
    found = simulation.simulate(drawn, samples, labels, names, repeats, rng, groups=slices)
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


def group_masses(group: Frequencies, weight: float, samples: int) -> tuple[float, float]:
    """Mass, within a subgroup, of its points that a sample of n of the mixture holds never and once.

    That is sum alpha b_l(w alpha) for l = 0 and 1, the subgroup's frequencies alpha summing to 1 and w its
    probability in the mixture. Source: memorization, part A, "Disparate effect".
    """
    shrunk = replace(group, log_frequency=group.log_frequency + math.log(weight))
    unseen, once = spectrum(shrunk, samples, [0, 1]).mass / weight
    return float(unseen), float(once)
