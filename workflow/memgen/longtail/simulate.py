"""Tables of simulated learners beside their closed forms.

Knows which learners run on which samples and how the two sides are put together; the simulation is
`simulation`, the closed forms are `learners` and `bounds`, and neither knows the other.
"""

from dataclasses import dataclass

import polars as pl

from memgen.errors import BadInput
from memgen.longtail.bounds import (
    limited_memorization_cost,
    noisy_singleton_excess,
    private_excess_bound,
    private_excess_optimum,
)
from memgen.longtail.learners import Risk
from memgen.longtail.priors import domains
from memgen.longtail.priors import frequencies as named_frequencies
from memgen.longtail.simulation import Simulation, mean_and_error
from memgen.longtail.simulation import simulate as run
from memgen.longtail.specs import parse_learner
from memgen.longtail.tables import NOISE, PRIVACY, SIMULATION, TRADEOFF
from memgen.seeding import generator
from memgen.stage import Inputs, Output, stage


@stage
def simulate(
    *,
    priors: list[str],
    frequencies: Inputs | None = None,
    domain: list[int],
    samples: list[int],
    repeats: list[int],
    labels: int,
    learners: list[str],
    seed: int = 0,
    out: Output,
) -> None:
    """Run every learner on drawn samples, beside its exact expected error.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    frequencies
        Files of frequencies, a prior each, with their own domain; run at every sample size.
    domain, samples, repeats
        Number of points, sample size and number of samples, one of each per size of simulation.
    labels
        Number of labels.
    learners
        Learners, such as ignore:1, flip:0.1 or majority:0.8.
    seed
        Seed of the samples.
    out
        Simulation table.
    """
    if not len(domain) == len(samples) == len(repeats):
        raise BadInput(
            f"sizes: {len(domain)} domains, {len(samples)} samples, {len(repeats)} repeats; "
            "allowed: as many of each"
        )
    rows = []
    for points, size, times in zip(domain, samples, repeats, strict=True):
        for drawn in domains(priors, frequencies, points):
            rng = generator("longtail", "simulate", drawn.name, drawn.domain, size, seed)
            risk = Risk(drawn, size, labels)
            means, errors = mean_and_error(run(drawn, size, labels, learners, times, rng).error)
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


@dataclass(frozen=True)
class _Size:
    """What the tables of excess error have in common."""

    domain: int
    samples: int
    repeats: int
    labels: int
    seed: int

    def run(self, table: str, prior: str, names: list[str]) -> tuple[Risk, Simulation]:
        """Closed forms and simulation of some learners on one prior."""
        drawn = named_frequencies(prior, self.domain)
        rng = generator("longtail", table, prior, self.domain, self.samples, self.seed)
        found = run(drawn, self.samples, self.labels, names, self.repeats, rng)
        return Risk(drawn, self.samples, self.labels), found

    def row(self, prior: str) -> dict[str, object]:
        """Columns that name a row's domain and size."""
        return {
            "prior": prior,
            "domain": self.domain,
            "samples": self.samples,
            "labels": self.labels,
            "repeats": self.repeats,
        }


@stage
def tradeoff(
    *,
    priors: list[str],
    domain: int,
    samples: int,
    repeats: int,
    labels: int,
    memorization_limits: list[float],
    seed: int = 0,
    out: Output,
) -> None:
    """Tabulate excess error against the share of singletons that a learner fits.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    domain, samples, repeats
        Number of points, sample size and number of samples.
    labels
        Number of labels.
    memorization_limits
        Largest memorization scores of singletons, each 0 to 1 - 1/labels.
    seed
        Seed of the samples.
    out
        Trade-off table.
    """
    size = _Size(domain, samples, repeats, labels, seed)
    names = ["optimal", *(f"limited:{limit!r}" for limit in memorization_limits)]
    rows = []
    for prior in priors:
        risk, found = size.run("tradeoff", prior, names)
        means, errors = mean_and_error(found.error[:, 1:] - found.error[:, :1])
        fitted = found.fitted_singletons[:, 1:].mean(axis=0)
        rows += [
            size.row(prior)
            | {
                "memorization_limit": limit,
                "fitted_closed": 1 / labels + limit,
                "fitted_simulated": fitted[index],
                "excess_closed": limited_memorization_cost(risk, limit),
                "excess_simulated": means[index],
                "standard_error": errors[index],
                "slope": risk.mass(1),
            }
            for index, limit in enumerate(memorization_limits)
        ]
    TRADEOFF.write(pl.DataFrame(rows, schema=TRADEOFF.schema), out)


@stage
def privacy(
    *,
    priors: list[str],
    domain: int,
    samples: int,
    repeats: int,
    labels: int,
    epsilons: list[float],
    seed: int = 0,
    out: Output,
) -> None:
    """Tabulate what label differential privacy costs, beside what it must cost.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    domain, samples, repeats
        Number of points, sample size and number of samples.
    labels
        Number of labels.
    epsilons
        Privacy parameters, each 0 or at least 0.001.
    seed
        Seed of the samples.
    out
        Privacy table.
    """
    size = _Size(domain, samples, repeats, labels, seed)
    chosen = [(kind, epsilon) for kind in ("exponential", "randomized_response") for epsilon in epsilons]
    names = ["optimal", *(f"{kind}:{epsilon!r}" for kind, epsilon in chosen)]
    rows = []
    for prior in priors:
        risk, found = size.run("privacy", prior, names)
        means, errors = mean_and_error(found.error[:, 1:] - found.error[:, :1])
        rows += [
            size.row(prior)
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
def noise(
    *,
    priors: list[str],
    domain: int,
    samples: int,
    repeats: int,
    labels: int,
    label_keep: list[float],
    seed: int = 0,
    out: Output,
) -> None:
    """Tabulate what is lost by not fitting singletons whose labels are noisy.

    Parameters
    ----------
    priors
        Priors, such as zipf or geometric:0.99.
    domain, samples, repeats
        Number of points, sample size and number of samples.
    labels
        Number of labels.
    label_keep
        Probabilities that a training label is kept, each 0 or 0.1 to 1.
    seed
        Seed of the samples.
    out
        Noise table.
    """
    size = _Size(domain, samples, repeats, labels, seed)
    names = [f"{kind}:{keep!r}" for keep in label_keep for kind in ("majority", "majority_ignore")]
    rows = []
    for prior in priors:
        risk, found = size.run("noise", prior, names)
        means, errors = mean_and_error(found.error[:, 1::2] - found.error[:, ::2])
        rows += [
            size.row(prior)
            | {
                "label_keep": keep,
                "excess_closed": noisy_singleton_excess(risk, keep),
                "excess_simulated": mean,
                "standard_error": error,
            }
            for keep, mean, error in zip(label_keep, means, errors, strict=True)
        ]
    NOISE.write(pl.DataFrame(rows, schema=NOISE.schema), out)
