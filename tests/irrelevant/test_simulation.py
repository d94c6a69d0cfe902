"""Stored samples answer as often as the closed forms say."""

import math

import numpy as np
import pytest

from memgen.errors import BadInput
from memgen.irrelevant.bounds import cluster_error, symbol_error
from memgen.irrelevant.simulation import Memory, simulate_lookup, simulate_nearest
from memgen.jobs.seeding import generator


def within_four(values: np.ndarray, expected: float) -> bool:
    return abs(values.mean() - expected) <= 1e-12 + 4 * values.std(ddof=1) / math.sqrt(len(values))


def test_nearest_neighbour_against_its_closed_form() -> None:
    memories = [Memory(80), Memory(40), Memory(0), Memory(80, 0.2), Memory(80, 0.5)]
    found = simulate_nearest(60, 60, 80, 0.4, memories, 400, generator("test", "nearest"))
    for index, memory in enumerate(memories):
        expected = cluster_error(60, 80, 0.4, memory.stored, memory.flip)
        assert within_four(found[:, index], expected), memory


@pytest.mark.parametrize(("references", "samples", "noise"), [(40, 40, 0.1), (10, 60, 0.4), (30, 5, 0.0)])
def test_lookup_learner_against_its_closed_form(references: int, samples: int, noise: float) -> None:
    fractions = [0.0, 0.5, 1.0]
    rng = generator("test", "lookup", references)
    found = simulate_lookup(references, samples, 25, noise, fractions, 1500, rng)
    for index, fraction in enumerate(fractions):
        expected = symbol_error(references, samples, 25, noise, fraction)
        assert within_four(found[:, index], expected), fraction


def test_too_few_repeats_and_no_singletons_are_refused() -> None:
    with pytest.raises(BadInput, match="repeats"):
        simulate_lookup(5, 5, 5, 0.1, [1.0], 1, generator("test"))
    with pytest.raises(BadInput, match="seen once"):
        simulate_nearest(1, 50, 5, 0.1, [Memory(5)], 2, generator("test"))
