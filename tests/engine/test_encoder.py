"""Encoders with a head of their own: blocks of runs against one at a time, written out plainly."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from memgen.engine.encoder import Classifier
from memgen.engine.loading import is_causal, load
from memgen.errors import BadInput
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.language.responses.rows import RESPONSES, RUNS
from memgen.language.stages.finetune import finetune
from memgen.language.stages.lineups import lineups
from memgen.relational.hierarchy import Hierarchy, ordered_pairs
from memgen.relational.stages.task import task

HIERARCHY = Hierarchy(5, ((3, 1),))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("inputs")
    lineups(items="fake", n=5, first_seed=0, last_seed=1, out=folder / "lineup.parquet")
    task(name="h", n=5, exceptions=["3:1"], out=folder / "task.parquet")
    return {"lineup": folder / "lineup.parquet", "task": folder / "task.parquet"}


def run(folder: Path, model: Path, inputs: dict[str, Path], **changed: Any) -> pl.DataFrame:
    paths = {name: folder / f"{name}.parquet" for name in ("out", "runs", "geometry")}
    arguments: dict[str, Any] = {
        **inputs, **paths, "epochs": 3, "batch": 100, "rate": 1e-3, "model_directory": model, "model": "tiny",
        "method": "m", "kind": "full", "first_seed": 0, "last_seed": 1, "dtype": "float64",
        "finished": folder / "finished", **changed,
    }  # fmt: skip
    finetune(**arguments)
    assert not RUNS.read(paths["runs"])["diverged"].any()
    return RESPONSES.read(paths["out"])


def answers(frame: pl.DataFrame, **where: Any) -> np.ndarray:
    return frame.filter(**where).sort("first", "second")["logit_difference"].to_numpy()


def plain(folder: Path, seed: int, reverse: bool) -> np.ndarray:
    """Everything trained, one prompt at a time: mean of the states, two logits, cross-entropy."""
    model = load(folder, "float64")
    key = ("language", "finetune", "fake", 5, seed, int(reverse))
    head = Classifier(model.network, [key]).heads
    texts = prompts(sample("fake", 5, seed), reverse, shots=False)
    assert all(text.startswith("Q: Will the ") and text.count("?") == 1 for text in texts)

    def logits(text: str) -> torch.Tensor:
        states = model.network(**model.tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
        return head.weight[0] @ states + head.bias[0, 0]

    pairs = ordered_pairs(5)
    chosen = [row for row, pair in enumerate(pairs) if HIERARCHY.trained(*pair)]
    parameters = [*model.network.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, 1e-3, weight_decay=0)
    for _ in range(3):
        optimizer.zero_grad()
        loss = torch.zeros((), dtype=torch.float64)
        for row in chosen:
            target = 0 if HIERARCHY.truth(*pairs[row]) == 1 else 1
            loss = loss + torch.nn.functional.cross_entropy(logits(texts[row]), torch.tensor(target))
        (loss / len(chosen)).backward()
        optimizer.step()
    with torch.inference_mode():
        return np.array([float(both[0] - both[1]) for both in map(logits, texts)])


def test_full_finetuning_is_that_of_one_prompt_at_a_time(
    tmp_path: Path, tiny_model: Path, inputs: dict
) -> None:
    found = run(tmp_path, tiny_model, inputs)
    assert found["phase"].unique().to_list() == ["post"], "without a head there are no answers before"
    for seed, reverse in ((0, False), (1, True)):
        expected = plain(tiny_model, seed, reverse)
        np.testing.assert_allclose(answers(found, seed=seed, reverse=reverse), expected, rtol=0, atol=1e-8)


def test_adapters_of_a_block_are_those_of_one_run_at_a_time(
    tmp_path: Path, tiny_model: Path, inputs: dict
) -> None:
    both = [
        run(tmp_path / str(size), tiny_model, inputs, kind="lora", rank=[4], epochs=8, runs_per_pass=size)
        for size in (1, 4)
    ]
    np.testing.assert_allclose(*(frame["logit_difference"] for frame in both), rtol=0, atol=1e-8)
    assert np.ptp(answers(both[0], seed=0, reverse=False)) > 1e-3
    assert len(set(both[0]["logit_difference"])) == both[0].height, "every run has its own head"


def test_a_head_alone_needs_a_language_model(tmp_path: Path, tiny_model: Path, inputs: dict) -> None:
    with pytest.raises(BadInput, match="has no language head; allowed with kind head: causal models"):
        run(tmp_path, tiny_model, inputs, kind="head", l2=[1.0])


def test_the_configuration_tells_causal_models(tiny_model: Path, tiny_causal: dict, tmp_path: Path) -> None:
    assert not is_causal(tiny_model)
    assert all(is_causal(folder) for folder in tiny_causal.values())
    with pytest.raises(BadInput, match="not a model"):
        is_causal(tmp_path)
