"""What memorization is worth on a domain, on the command line."""

import json as json_format
import math
from typing import Annotated

import cyclopts

from memgen.errors import BadInput
from memgen.jobs.arguments import Range, Share
from memgen.jobs.stage import Input, command
from memgen.longtail import priors
from memgen.longtail.bounds import limited_memorization_cost
from memgen.longtail.learners import Risk
from memgen.longtail.specs import check_memorization_limit


@command
def error(
    *,
    prior: str | None = None,
    frequencies: Input | None = None,
    domain: Annotated[int, Range(1, priors.LARGEST)] | None = None,
    samples: Annotated[int, Range(1, priors.LARGEST)],
    labels: Annotated[int, Range(2, 1_000_000)] = 10,
    memorization_limit: Share = 0.5,
    learner: Annotated[list[str] | None, cyclopts.Parameter(name="--learner")] = None,
    json: bool = False,
) -> None:
    """Print the exact value of fitting singletons, for up to 10^8 points and samples.

    Parameters
    ----------
    prior
        zipf, zipf:EXPONENT, uniform, geometric:RATIO or lognormal:SIGMA.
    frequencies
        Instead of a prior: a text file with one positive number a line, any unit.
    domain
        Number of points of the prior.
    samples
        Sample size.
    labels
        Number of labels, uniform, at least 2.
    memorization_limit
        Largest memorization score that singletons may have, 0 to 1 - 1/labels.
    learner
        A learner whose exact expected error is wanted as well, such as exponential:1; may be repeated.
        One of optimal, ignore:TIMES, flip:PROBABILITY, limited:LIMIT, exponential:EPSILON,
        randomized_response:EPSILON, majority:LABEL_KEEP, majority_ignore:LABEL_KEEP.
    json
        Print JSON: tau_1_n (null where no point can be seen once), singleton_fraction, optimal_error,
        ignore_singletons_cost, gamma_cost, and learners where some were asked for.
    """
    check_memorization_limit(memorization_limit, labels, "--memorization-limit")
    if (prior is None) == (frequencies is None):
        raise BadInput("prior: give exactly one of --prior and --frequencies")
    if frequencies is not None:
        drawn = priors.from_file(frequencies)
    elif domain is None:
        raise BadInput(f"domain: missing; a prior needs one, 1 to {priors.LARGEST} points")
    else:
        drawn = priors.frequencies(str(prior), domain)
    risk = Risk(drawn, samples, labels)
    once = risk.singletons()
    answer: dict[str, float | None] = {
        # A domain of one point is never seen once.
        "tau_1_n": float(once.tau[0]) * samples if once.log_points[0] > -math.inf else None,
        "singleton_fraction": float(once.points[0]) / samples,
        "optimal_error": risk.optimum,
        "ignore_singletons_cost": (1 - 1 / labels) * float(once.mass[0]),
        "gamma_cost": limited_memorization_cost(risk, memorization_limit),
    }
    errors = {name: risk.error(name) for name in learner or []}
    if json:
        extra = {"learners": errors} if errors else {}
        print(json_format.dumps({**answer, **extra}, allow_nan=False))
        return
    words = (
        "cost of misfitting one singleton (error x samples)",
        "singletons (share of the sample)",
        "optimal error (probability)",
        "excess error of ignoring singletons",
        f"excess error at memorization limit {memorization_limit:g}",
        *(f"error of {name} (probability)" for name in errors),
    )
    for text, value in zip(words, [*answer.values(), *errors.values()], strict=True):
        print(f"{text:<52}{'none' if value is None else f'{value:.9g}'}")
