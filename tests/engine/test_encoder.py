"""Encoders with a head of their own: blocks of runs against one at a time, written out plainly."""

from pathlib import Path

import numpy as np
import pytest
import torch

from memgen.engine.encoder import Classifier
from memgen.engine.loading import is_causal, load
from memgen.errors import BadInput
from memgen.language.items import sample
from memgen.language.prompts import prompts
from tiny_models import differences, finetuned, trained_plainly


def plain(folder: Path, seed: int, reverse: bool) -> np.ndarray:
    """Everything trained: mean of the states, two logits, cross-entropy."""
    model = load(folder, "float64")
    key = ("language", "finetune", "fake", 5, seed, int(reverse))
    head = Classifier(model.network, [key]).heads
    texts = prompts(sample("fake", 5, seed), reverse, shots=False)
    assert all(text.startswith("Q: Will the ") and text.count("?") == 1 for text in texts)

    def logits(text: str) -> torch.Tensor:
        states = model.network(**model.tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
        return head.weight[0] @ states + head.bias[0, 0]

    return trained_plainly(texts, logits, (0, 1), [*model.network.parameters(), *head.parameters()])


def test_full_finetuning_is_that_of_one_prompt_at_a_time(tmp_path, tiny_model, inputs):
    found, runs = finetuned(tmp_path, tiny_model, inputs, batch=100)
    assert found["phase"].unique().to_list() == ["post"], "without a head there are no answers before"
    assert not runs["diverged"].any()
    for seed, reverse in ((0, False), (1, True)):
        answers = differences(found, seed=seed, reverse=reverse)
        np.testing.assert_allclose(answers, plain(tiny_model, seed, reverse), rtol=0, atol=1e-8)


def test_adapters_of_a_block_are_those_of_one_run_at_a_time(tmp_path, tiny_model, inputs):
    options = {"kind": "lora", "lora_rank": [4], "epochs": 8, "batch": 100}
    both = [
        finetuned(tmp_path / str(size), tiny_model, inputs, runs_per_pass=size, **options)[0]
        for size in (1, 4)
    ]
    np.testing.assert_allclose(*(frame["logit_difference"] for frame in both), rtol=0, atol=1e-8)
    assert np.ptp(differences(both[0], seed=0, reverse=False)) > 1e-3
    assert len(set(both[0]["logit_difference"])) == both[0].height, "every run has its own head"


def test_the_configuration_tells_causal_models(tiny_model, tiny_causal, tmp_path, inputs):
    assert not is_causal(tiny_model)
    assert all(is_causal(folder) for folder in tiny_causal.values())
    with pytest.raises(BadInput, match="not a model"):
        is_causal(tmp_path)
    with pytest.raises(BadInput, match="has no language head; allowed with kind head: causal models"):
        finetuned(tmp_path, tiny_model, inputs, kind="head", l2=[1.0])
