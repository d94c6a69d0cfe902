"""Slow and exact references: 50-digit sums, and learners run example by example with explicit labels."""

import mpmath
import numpy as np

PRIORS = ("zipf", "zipf:1.7", "uniform", "geometric:0.9", "lognormal:2")
LEARNERS = (
    "optimal", "ignore:1", "ignore:3", "flip:0.3", "flip:0.97", "limited:0.25", "exponential:0.4",
    "exponential:2", "randomized_response:1", "majority:0.8", "majority:0", "majority_ignore:0.8",
)  # fmt: skip


def precise_list(prior: str, domain: int) -> list[mpmath.mpf]:
    """Frequencies of a prior to 50 digits."""
    kind, _, parameter = prior.partition(":")
    value = mpmath.mpf(parameter or 1)
    ranks = range(domain)
    if kind == "zipf":
        weights = [mpmath.mpf(rank + 1) ** -value for rank in ranks]
    elif kind == "uniform":
        weights = [mpmath.mpf(1) for _ in ranks]
    elif kind == "geometric":
        weights = [value**rank for rank in ranks]
    else:
        places = [(mpmath.mpf(rank) + mpmath.mpf(1) / 2) / domain for rank in ranks]
        weights = [mpmath.exp(value * mpmath.sqrt(2) * mpmath.erfinv(2 * place - 1)) for place in places]
    total = mpmath.fsum(weights)
    return sorted((weight / total for weight in weights), reverse=True)


def precise_sums(
    frequencies: list[mpmath.mpf], samples: int, multiplicity: int
) -> tuple[mpmath.mpf, mpmath.mpf]:
    """K_l and M_l to 50 digits."""
    choose = mpmath.binomial(samples, multiplicity)
    chances = [choose * a**multiplicity * (1 - a) ** (samples - multiplicity) for a in frequencies]
    return mpmath.fsum(chances), mpmath.fsum(a * b for a, b in zip(frequencies, chances, strict=True))


def explicit_errors(
    frequency: np.ndarray, samples: int, labels: int, learner: str, repeats: int, rng: np.random.Generator
) -> np.ndarray:
    """Error in each repeat of a learner that sees explicit labels and answers point by point.

    Written apart from the package: labels of points are drawn, examples are drawn one by one by searching
    the cumulated frequencies, mechanisms work on label counts by adding Gumbel noise or drawing anew.
    """
    kind, _, text = learner.partition(":")
    value = float(text or 0)
    cumulated = np.cumsum(frequency)
    domain = len(frequency)
    errors = np.empty(repeats)
    for repeat in range(repeats):
        truth = rng.integers(0, labels, domain)
        points = np.searchsorted(cumulated, rng.random(samples) * cumulated[-1], side="right")
        observed = truth[points]
        if kind.startswith("majority"):
            kept = rng.random(samples) < value
            observed = np.where(kept, observed, rng.integers(0, labels, samples))
        counts = np.zeros((domain, labels))
        np.add.at(counts, (points, observed), 1)
        seen = counts.sum(axis=1)
        guess = rng.integers(0, labels, domain)
        own = np.argmax(counts + 0.5 * rng.random(counts.shape), axis=1)
        other = (own + rng.integers(1, labels, domain)) % labels
        chance = rng.random(domain)
        answer = np.where(seen == 0, guess, own)
        if kind == "ignore":
            answer = np.where(seen <= value, guess, own)
        elif kind == "flip":
            answer = np.where(seen == 0, guess, np.where(chance < value, other, own))
        elif kind == "limited":
            forget = (seen == 1) & (chance >= value * labels / (labels - 1))
            answer = np.where((seen == 0) | forget, guess, own)
        elif kind == "exponential":
            answer = np.argmax(value / 2 * counts + rng.gumbel(size=counts.shape), axis=1)
        elif kind == "randomized_response":
            keep = np.exp(value) / (np.exp(value) + labels - 1)
            answer = np.where(seen == 0, guess, np.where((seen == 1) & (chance >= keep), other, own))
        elif kind == "majority_ignore":
            answer = np.where(seen <= 1, guess, own)
        errors[repeat] = frequency[answer != truth].sum()
    return errors
