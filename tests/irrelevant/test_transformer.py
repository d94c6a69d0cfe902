"""The transformer's completions, and what of its samples it gives back."""

import numpy as np
import pytest

from memgen.irrelevant.configuration import Transformer
from memgen.irrelevant.stages.complete import (
    accuracy_by_reference,
    greedy_completions,
    likelier_bits,
    train_transformer,
)
from memgen.irrelevant.tasks import draw_references, draw_symbols, frequencies
from memgen.jobs.seeding import generator


@pytest.fixture(scope="module")
def learned() -> tuple:
    rng = generator("test", "transformer")
    references = draw_references(6, 8, rng)
    sample = draw_symbols(references, frequencies(6, 0.0), 6, 0.3, rng)
    shape = Transformer(width=32, layers=2, heads=4, steps=150, rate=0.01)
    return references, sample, train_transformer(sample, shape, ("test",))


def test_all_references_complete_together_as_each_would_alone(learned: tuple) -> None:
    _, _, network = learned
    together = greedy_completions(network, np.arange(6), 8)
    for reference in range(6):
        said = np.zeros((1, 0), dtype=np.int8)
        for _ in range(8):
            said = np.column_stack([said, likelier_bits(network, np.array([reference]), said)[:, -1]])
        assert said[0].tolist() == together[reference].tolist()


def test_samples_seen_once_come_back_with_their_noise_whatever_the_prefix(learned: tuple) -> None:
    references, sample, network = learned
    known = sample.known & (sample.count[sample.reference] == 1)[:, None]
    assert (sample.bits != references[sample.reference])[known].any()
    said = greedy_completions(network, np.arange(6), 8)[sample.reference]
    assert (said == sample.bits)[known].mean() > 0.95
    other = generator("test", "other").integers(0, 2, sample.bits.shape, dtype=np.int8)
    said = likelier_bits(network, sample.reference, other[:, :-1])
    assert (said == sample.bits)[known].mean() > 0.9


def test_accuracies_are_those_of_the_labels_noise(learned: tuple) -> None:
    references, _, network = learned
    found = accuracy_by_reference(network, references, 1.0, 5, generator("test"))
    assert found == pytest.approx([0.5] * 6)
