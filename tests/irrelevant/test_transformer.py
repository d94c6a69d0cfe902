"""The transformer's completions, and what of its samples it gives back."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from memgen.irrelevant.configuration import Transformer
from memgen.irrelevant.stages.complete import (
    accuracy_by_reference,
    complete,
    greedy_completions,
    likelier_bits,
    train_transformer,
)
from memgen.irrelevant.tables import RUNS
from memgen.irrelevant.tasks import draw_references, draw_symbols, frequencies
from memgen.jobs.seeding import generator

OPTIONS: dict[str, Any] = {
    "run": "transformer", "references": 8, "samples": 8, "length": 6, "noise": 0.3, "tail": 0.0, "seed": 0,
    "width": 16, "layers": 1, "heads": 2, "steps": 4, "redrawn": 0.5, "rate": 0.003,
    "most_seen": 2, "tests": 3,
}  # fmt: skip


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


def test_its_table_repeats_byte_for_byte(tmp_path: Path) -> None:
    for name in ("one", "two"):
        complete(**OPTIONS, out=tmp_path / f"{name}.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    table = RUNS.read(tmp_path / "one.parquet")
    assert set(table["task"]) == {"next_symbol"} and {0, 1} <= set(table["multiplicity"])
    pair = table.filter(pl.col("multiplicity") <= 1)
    assert pair["targets"].n_unique() == 1 and pair["queries"].n_unique() == 1
