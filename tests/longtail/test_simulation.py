"""Simulated learners against closed forms, and against learners run on explicit labels."""

import numpy as np
import pytest
from tests.longtail.reference import LEARNERS, explicit_errors

from memgen.jobs.seeding import generator
from memgen.longtail.learners import Risk, profile
from memgen.longtail.priors import frequencies, joined
from memgen.longtail.sampling import Sampler
from memgen.longtail.simulation import simulate
from memgen.longtail.spectrum import spectrum
from memgen.tables.statistics import means_with_errors

PRIORS = ("zipf", "uniform", "geometric:0.9", "lognormal:2")
SIZES = [(60, 40, 2), (300, 500, 10)]


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize(("domain", "samples", "labels"), SIZES)
def test_every_error_is_within_four_standard_errors(
    prior: str, domain: int, samples: int, labels: int
) -> None:
    drawn = frequencies(prior, domain)
    learners = [
        "limited:0.3" if name.startswith("limited") else name for name in LEARNERS if name != "flip:0.97"
    ]
    found = simulate(drawn, samples, labels, learners, 2000, generator("test", prior, domain))
    risk = Risk(drawn, samples, labels)
    means, errors = means_with_errors(found.error)
    for name, mean, error in zip(learners, means, errors, strict=True):
        assert abs(mean - risk.error(name)) < 4 * error, name


@pytest.mark.parametrize("learner", LEARNERS)
def test_mechanisms_do_what_explicit_learners_do(learner: str) -> None:
    """Labels drawn, examples drawn one by one, Gumbel noise for the exponential mechanism."""
    drawn, samples, labels = frequencies("zipf", 50), 70, 4
    if learner == "limited:0.25":
        learner = "limited:0.6"
    ours = simulate(drawn, samples, labels, [learner], 4000, generator("test", learner)).error[:, 0]
    explicit = explicit_errors(
        drawn.expanded(), samples, labels, learner, 4000, generator("explicit", learner)
    )
    difference = ours.mean() - explicit.mean()
    error = np.hypot(ours.std(), explicit.std()) / np.sqrt(4000)
    assert abs(difference) < 4 * error
    # Not the mean alone: the spread of the error over samples is the same too.
    assert ours.std() == pytest.approx(explicit.std(), rel=4 / np.sqrt(4000))


@pytest.mark.parametrize("prior", ["zipf", "uniform", "geometric:0.5"])
def test_counts_are_multinomial(prior: str) -> None:
    samples, repeats = 400, 3000
    frequency = frequencies(prior, 30).expanded()
    sampler = Sampler(frequency, samples)
    rng = generator("test", "counts", prior)
    counts = np.stack([sampler.counts(rng) for _ in range(repeats)]).astype(float)
    assert (counts.sum(axis=1) == samples).all()
    expected = samples * frequency
    spread = np.sqrt(samples * frequency * (1 - frequency) / repeats)
    assert (np.abs(counts.mean(axis=0) - expected) < 4.5 * spread + 1e-9).all()
    # Covariance of a multinomial: -n a b, diagonal n a (1 - a).
    covariance = np.cov(counts.T)
    exact = np.diag(expected) - samples * np.outer(frequency, frequency)
    noise = np.sqrt((np.outer(np.diag(exact), np.diag(exact)) + exact**2) / repeats)
    assert (np.abs(covariance - exact) < 5 * noise + 1e-3).all()


def test_share_of_singletons_fitted() -> None:
    drawn = frequencies("zipf", 300)
    names = ["optimal", "limited:0.35", "ignore:1", "randomized_response:2"]
    found = simulate(drawn, 300, 10, names, 2000, generator("fitted"))
    means, errors = means_with_errors(found.fitted_singletons)
    expected = np.array([1 - profile(name, 10).at(1) for name in names])
    assert (np.abs(means - expected) <= 4 * errors).all()
    singletons = spectrum(drawn, 300, [1]).points[0]
    mean, error = means_with_errors(found.singletons.astype(float))
    assert abs(mean - singletons) < 4 * error


def test_subgroups_add_up_and_share_samples() -> None:
    one, other = frequencies("zipf", 40), frequencies("uniform", 25)
    mixture, parts = joined("both", [one, other], [2, 1])
    names = ["optimal", "limited:0.5", "majority:0.8"]
    whole = simulate(mixture, 90, 10, names, 50, generator("parts"))
    split = simulate(mixture, 90, 10, names, 50, generator("parts"), groups=parts)
    assert split.errors.shape == (50, 3, 2)
    assert np.allclose(split.error, whole.error, rtol=0, atol=1e-12)
    assert (split.misfits == whole.misfits).all()
