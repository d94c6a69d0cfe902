"""The transformer's prompts, its completions, and what of its samples it gives back."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from memgen.engine import training as loop
from memgen.engine.methods import TrainingOptions as Recipe
from memgen.errors import BadInput
from memgen.irrelevant.configuration import Transformer
from memgen.irrelevant.stages.complete import (
    accuracy_by_reference,
    chances,
    complete,
    greedy_completions,
    prompts_of,
    train_transformer,
)
from memgen.irrelevant.tables import RUNS
from memgen.irrelevant.tasks import draw_references, draw_symbols, frequencies
from memgen.jobs.seeding import generator

OPTIONS: dict[str, Any] = {
    "run": "transformer", "references": 8, "samples": 8, "length": 6, "noise": 0.3, "tail": 0.0, "seed": 0,
    "width": 16, "layers": 1, "heads": 2, "epochs": 2, "batch": 16, "rate": 0.003, "most_seen": 2, "tests": 3,
}  # fmt: skip
DEFENDED = {"defences": ["decay", "stop"], "kinds": ["weight_decay", "early_stopping"], "strengths": [50, 1]}


@pytest.fixture(scope="module")
def learned() -> tuple:
    rng = generator("test", "transformer")
    references = draw_references(6, 8, rng)
    sample = draw_symbols(references, frequencies(6, 0.0), 6, 0.3, rng)
    shape = Transformer(width=32, layers=2, heads=4)
    network = train_transformer(sample, shape, Recipe(150, 16, 3e-3), ("test",), 0)
    return references, sample, network


def test_a_sample_of_some_bits_is_as_many_prompts(learned: tuple) -> None:
    _, sample, _ = learned
    prompts, answers = prompts_of(sample)
    assert len(answers) == sample.length.sum() == len(prompts.queries)
    first = int(sample.length[0])
    assert prompts.queries[first - 1] == (2 + int(sample.reference[0]), *sample.bits[0, : first - 1].tolist())
    assert answers[:first] == tuple(sample.bits[0, :first].tolist())


def test_all_references_complete_together_as_each_would_alone(learned: tuple) -> None:
    _, _, network = learned
    together = greedy_completions(network, np.arange(6), 8)
    for reference in range(6):
        said: list[int] = []
        for _ in range(8):
            said.append(int(chances(network, [(2 + reference, *said)])[0] > 0.5))
        assert said == together[reference].tolist()


def test_samples_seen_once_come_back_with_their_noise(learned: tuple) -> None:
    references, sample, network = learned
    said = greedy_completions(network, np.arange(6), 8)
    known = sample.known & (sample.count[sample.reference] == 1)[:, None]
    assert (said[sample.reference] == sample.bits)[known].mean() > 0.95
    assert (sample.bits != references[sample.reference])[known].any()


def test_accuracies_are_those_of_the_labels_noise(learned: tuple) -> None:
    references, _, network = learned
    found = accuracy_by_reference(network, references, 1.0, 5, generator("test"))
    assert found == pytest.approx([0.5] * 6)


def test_a_defence_leaves_the_undefended_rows_as_they_are(tmp_path: Path) -> None:
    complete(**OPTIONS, out=tmp_path / "plain.parquet")
    complete(**OPTIONS, **DEFENDED, out=tmp_path / "defended.parquet")
    table, more = (RUNS.read(tmp_path / f"{name}.parquet") for name in ("plain", "defended"))
    assert more.filter(pl.col("defence") == "none").equals(table)
    assert set(more.filter(pl.col("kind") == "early_stopping")["step"]) == {1}
    assert set(more["strength"].drop_nulls()) == {50, 1}
    assert set(table["task"]) == {"next_symbol"} and {0, 1} <= set(table["multiplicity"])
    pair = table.filter(pl.col("multiplicity") <= 1)
    assert pair["targets"].n_unique() == 1 and pair["queries"].n_unique() == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [({"kinds": ["noise"], "strengths": [1.0]}, "transformer has no defence noise"), ({}, "as many names")],
)
def test_bad_defences_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        complete(**OPTIONS, defences=["loud"], **change, out=tmp_path / "x.parquet")


def test_a_killed_job_resumes_its_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the second training: the first, which had ended, takes no step again."""
    options = {
        **OPTIONS, "epochs": 3, "defences": ["decay"], "kinds": ["weight_decay"], "strengths": [50.0],
        "finished": tmp_path / "kept",
    }  # fmt: skip
    complete(**options, out=tmp_path / "whole.parquet")
    assert not (tmp_path / "kept").exists(), "a short training keeps nothing"
    original, taken, limit = loop._step, [0], [0]

    def step(*arguments: Any) -> Any:
        if taken[0] == limit[0]:
            raise KeyboardInterrupt
        taken[0] += 1
        return original(*arguments)

    monkeypatch.setattr(loop, "_step", step)
    for limit[0] in (2, 7):
        with pytest.raises(KeyboardInterrupt):
            complete(**options, keep_minutes=0, out=tmp_path / "cut.parquet")
        assert not (tmp_path / "cut.parquet").exists()
    limit[0] = -1
    complete(**options, keep_minutes=0, out=tmp_path / "cut.parquet")
    rng = generator("irrelevant", "symbols", 8, 8, 6, "0.3", "0.0", 0)
    sample = draw_symbols(draw_references(8, 6, rng), frequencies(8, 0.0), 8, 0.3, rng)
    prompts = int(sample.length.sum())
    assert taken[0] == 2 * 3 * -(-prompts // 16), "every step is taken once"
    assert (tmp_path / "cut.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert not list((tmp_path / "kept").iterdir())
