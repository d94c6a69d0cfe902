"""Learners on drawn samples, beside what the closed forms expect of them."""

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import polars as pl

from memgen.configuration.options import About, Several, flat
from memgen.jobs.arguments import AsManyAs, Seed
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Output, stage
from memgen.longtail import configuration as options
from memgen.longtail import simulation
from memgen.longtail.bounds import (
    limited_memorization_cost,
    noisy_singleton_excess,
    private_excess_bound,
    private_excess_optimum,
)
from memgen.longtail.learners import Risk
from memgen.longtail.priors import domains, frequencies, joined
from memgen.longtail.specs import check_memorization_limit, parse_learner
from memgen.longtail.tables import NOISE, PRIVACY, SIMULATION, SUBGROUPS, TRADEOFF
from memgen.tables.statistics import means_with_errors


@stage
@flat
def simulate(
    *,
    draws: options.Draws,
    frequencies: options.Files | None = None,
    domain: list[options.Points],
    samples: Annotated[list[options.Samples], AsManyAs("domain")],
    repeats: Annotated[list[options.Repeats], AsManyAs("domain")],
    learners: Annotated[
        list[options.Learner], Several(1, 64), About("learners, such as ignore:1, flip:0.1 or majority:0.8")
    ],
    out: Annotated[Output, About("simulation table")],
) -> None:
    """Run every learner on drawn samples, beside its exact expected error.

    Parameters
    ----------
    domain, samples, repeats
        Number of points, sample size and number of samples, one of each per size of simulation.
    """
    rows = []
    for points, size, times in zip(domain, samples, repeats, strict=True):
        for drawn in domains(draws.priors, frequencies, points):
            rng = generator("longtail", "simulate", drawn.name, drawn.domain, size, draws.seed)
            risk = Risk(drawn, size, draws.labels)
            found = simulation.simulate(drawn, size, draws.labels, learners, times, rng)
            for name, mean, error in zip(learners, *means_with_errors(found.error), strict=True):
                spec = parse_learner(name, draws.labels)
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
    table: str, draws: options.Draws, size: options.SimulationSize, names: Sequence[str]
) -> Iterator[tuple[Risk, simulation.Simulation, dict[str, Any]]]:
    """Of each prior: closed forms and a simulation of some learners, and the columns that name its size."""
    for prior in draws.priors:
        drawn = frequencies(prior, size.domain)
        rng = generator("longtail", table, prior, size.domain, size.samples, draws.seed)
        found = simulation.simulate(drawn, size.samples, draws.labels, names, size.repeats, rng)
        sizes = {"domain": size.domain, "samples": size.samples, "repeats": size.repeats}
        risk = Risk(drawn, size.samples, draws.labels)
        yield risk, found, {"prior": prior, "labels": draws.labels, **sizes}


@stage
@flat
def tradeoff(
    *, draws: options.Draws, size: options.Tradeoff, out: Annotated[Output, About("trade-off table")]
) -> None:
    """Tabulate excess error against the share of singletons that a learner fits."""
    names = ["optimal", *(f"limited:{limit!r}" for limit in size.memorization_limits)]
    rows = []
    for risk, found, named in _compared("tradeoff", draws, size, names):
        means, errors = means_with_errors(found.error[:, 1:] - found.error[:, :1])
        fitted = found.fitted_singletons[:, 1:].mean(axis=0)
        rows += [
            named
            | {
                "memorization_limit": limit,
                "fitted_closed": 1 / draws.labels + limit,
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
    *, draws: options.Draws, size: options.Privacy, out: Annotated[Output, About("privacy table")]
) -> None:
    """Tabulate the cost of label differential privacy, beside its lower bound."""
    kinds = ("exponential", "randomized_response")
    chosen = [(kind, epsilon) for kind in kinds for epsilon in size.epsilons]
    names = ["optimal", *(f"{kind}:{epsilon!r}" for kind, epsilon in chosen)]
    rows = []
    for risk, found, named in _compared("privacy", draws, size, names):
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
def noise(*, draws: options.Draws, size: options.Noise, out: Annotated[Output, About("noise table")]) -> None:
    """Tabulate the cost of not fitting singletons whose labels are noisy."""
    names = [f"{kind}:{keep!r}" for keep in size.label_keep for kind in ("majority", "majority_ignore")]
    rows = []
    for risk, found, named in _compared("noise", draws, size, names):
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
    mixture: Annotated[str, About("name of the mixture")],
    groups: list[str],
    priors: Annotated[list[options.Prior], AsManyAs("groups")],
    domains: Annotated[list[options.Points], AsManyAs("groups")],
    weights: Annotated[list[options.Weight], AsManyAs("groups")],
    samples: options.Samples,
    labels: options.Labels = options.Longtail.labels,
    memorization_limit: options.Limit = options.Longtail.memorization_limit,
    learners: options.MixtureLearners = options.Mixture.learners,
    repeats: options.Repeats = options.Mixture.repeats,
    seed: Annotated[Seed, About("seed of the samples")] = 0,
    out: Annotated[Output, About("subgroups table")],
) -> None:
    """Tabulate what limits on memorization, privacy and forgetting cost each subgroup of a mixture.

    Parameters
    ----------
    groups, priors, domains, weights
        Name, prior, number of points and weight of each subgroup; weights are divided by their sum.
    """
    check_memorization_limit(memorization_limit, labels, f"mixture {mixture}: memorization limit")
    parts = [frequencies(prior, points) for prior, points in zip(priors, domains, strict=True)]
    shares = np.array(weights) / math.fsum(weights)
    drawn, slices = joined(mixture, parts, weights)
    rng = generator("longtail", "subgroups", mixture, samples, seed)
    names = list(dict.fromkeys(["optimal", f"limited:{memorization_limit!r}", *learners]))
    specs = [parse_learner(name, labels) for name in names[1:]]
    found = simulation.simulate(drawn, samples, labels, names, repeats, rng, groups=slices)
    costs, errors = means_with_errors((found.errors[:, 1:] - found.errors[:, :1]) / shares)
    rows = []
    for place, (group, part, share) in enumerate(zip(groups, parts, shares, strict=True)):
        risk = Risk(part, samples, labels, float(share))
        rows += [
            {
                "mixture": mixture,
                "group": group,
                "prior": priors[place],
                "domain": domains[place],
                "weight": share,
                "samples": samples,
                "labels": labels,
                "optimal_error": risk.optimum,
                "learner": spec.kind,
                "parameter": spec.parameter,
                "cost_closed": risk.error(name) - risk.optimum,
                "cost_simulated": costs[index, place],
                "standard_error": errors[index, place],
                "repeats": repeats,
            }
            for index, (name, spec) in enumerate(zip(names[1:], specs, strict=True))
        ]
    SUBGROUPS.write(pl.DataFrame(rows, schema=SUBGROUPS.schema), out)
