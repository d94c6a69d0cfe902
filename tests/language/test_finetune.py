"""Finetuning: answers of every method against the protocol written out, and divergence."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from memgen.engine import training
from memgen.engine.encoder import Classifier
from memgen.engine.loading import is_causal, load
from memgen.engine.prompts import answer_tokens, tokenize
from memgen.errors import BadInput
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.relational.hierarchy import ordered_pairs
from tiny_models import differences, trained_plainly
from tiny_models import finetuned as run


def plain(folder: Path, reverse: bool, trained: str, l2: float = 0.0) -> np.ndarray:
    """Answers of the run of seed 0, trained as the protocol reads; "detached" is a head of its own."""
    model = load(folder, "float64", causal=True)
    network, texts = model.network, prompts(sample("fake", 5, 0), reverse)
    if trained == "detached":
        network.lm_head.weight = torch.nn.Parameter(network.lm_head.weight.detach().clone())
    head = network.get_output_embeddings().weight
    start = head.detach().clone()
    last = [*network.model.layers[1].parameters(), network.model.norm.weight]
    if head is not network.get_input_embeddings().weight:
        last.append(head)
    chosen = {"all": list(network.parameters()), "last layer": last}.get(trained, [head])

    def logits(text: str) -> torch.Tensor:
        return network(**model.tokenizer(text, return_tensors="pt")).logits[0, -1]

    def pull() -> torch.Tensor:
        return l2 * ((head - start) ** 2).sum()

    return trained_plainly(texts, logits, answer_tokens(model.tokenizer), chosen, pull)


@pytest.mark.parametrize("trained", ["all", "last layer"])
@pytest.mark.parametrize("tied", [False, True])
def test_full_finetuning_is_the_protocols(tmp_path, tiny_causal, inputs, tied, trained):
    folder = tiny_causal["llama", tied]
    found, runs = run(tmp_path, folder, inputs, batch=100, **({} if trained == "all" else {"layers": 1}))
    assert runs.height == 4 and not runs["diverged"].any() and (runs["train_loss"] > 0).all()
    assert found.height == 4 * 2 * 20 and found["hyperparameter"].null_count() == found.height
    for reverse in (False, True):
        answers = differences(found, seed=0, reverse=reverse, phase="post")
        np.testing.assert_allclose(answers, plain(folder, reverse, trained), rtol=0, atol=1e-7)
        before = differences(found, seed=0, reverse=reverse, phase="pre")
        assert np.abs(answers - before).max() > 1e-3


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("head", ["detached", "authors"])
def test_head_is_the_protocols_probe(tmp_path, tiny_causal, inputs, tied, head):
    """With tied embeddings the two are different methods."""
    folder = tiny_causal["llama", tied]
    found, runs = run(tmp_path, folder, inputs, kind="head", head=head, l2=[0.0, 2.0], batch=100, last_seed=0)
    assert runs["hyperparameter"].to_list() == [0.0, 0.0, 2.0, 2.0]
    for l2 in (0.0, 2.0):
        answers = differences(found, hyperparameter=l2, reverse=True, phase="post")
        np.testing.assert_allclose(answers, plain(folder, True, head, l2), rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("model", "kind", "options"),
    [
        (("llama", False), "lora", {"lora_rank": [2, 8]}),
        ("bert", "lora", {"lora_rank": [4], "epochs": 8}),
        (("llama", False), "head", {"l2": [1.0]}),
        (("llama", False), "full", {"weight_decay": 0.1}),
        (("qwen3", True), "full", {}),
        (("qwen3", False), "lora", {"layers": 1, "lora_rank": [2], "micro_batch": 3}),
    ],
)
def test_blocks_of_any_size_give_the_same_answers(
    tmp_path, tiny_model, tiny_causal, inputs, model, kind, options
):
    folder = tiny_model if model == "bert" else tiny_causal[model]
    found = [
        run(tmp_path / str(size), folder, inputs, kind=kind, runs_per_pass=size, **options)[0]
        for size in (1, 3)
    ]
    one, other = (frame.drop("logit_difference", "p_yes") for frame in found)
    assert one.equals(other)
    np.testing.assert_allclose(*(frame["logit_difference"] for frame in found), rtol=0, atol=1e-8)


def test_sequential_training_never_shuffles(tmp_path, tiny_causal, inputs, monkeypatch):
    seen = []
    original = training.run_losses

    def spy(network, given, answers):
        seen.append(given[0].queries)
        return original(network, given, answers)

    monkeypatch.setattr(training, "run_losses", spy)
    run(tmp_path, tiny_causal["llama", False], inputs, order="hierarchy", batch=2, last_seed=0)
    model = load(tiny_causal["llama", False], causal=True)
    asked = tokenize(model.tokenizer, prompts(sample("fake", 5, 0)), model.longest_prompt)
    query = dict(zip(ordered_pairs(5), asked.queries, strict=True))
    # Each batch holds the two directions of one pair, pairs in the order of the hierarchy.
    pairs = [(0, 1), (1, 2), (1, 3), (2, 3), (3, 4)]
    assert seen[:15] == [(query[high, low], query[low, high]) for high, low in pairs] * 3
    assert len(seen) == 2 * 15 and seen[15:20] != seen[:5]


def test_a_diverged_run_is_recorded_as_such(tmp_path, tiny_causal, inputs, caplog):
    # Each step multiplies the weights by -9, until they overflow.
    exploding = {"optimizer": "sgd", "rate": 1, "weight_decay": 10, "batch": 1, "epochs": 6}
    options = {**exploding, "dtype": "float32", "last_seed": 0}
    found, runs = run(tmp_path, tiny_causal["llama", False], inputs, **options)
    assert runs["diverged"].all() and runs["train_loss"].null_count() == runs.height
    post = found.filter(pl.col("phase") == "post")
    assert post["logit_difference"].is_nan().all()
    assert post["correct"].null_count() == post["paired_correct"].null_count() == post.height
    assert found.filter(pl.col("phase") == "pre")["logit_difference"].is_finite().all()
    assert "2 of 2 runs diverged" in caplog.text


def plain_encoder(folder: Path, seed: int, reverse: bool) -> np.ndarray:
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


def test_encoders_are_finetuned_as_one_prompt_at_a_time(tmp_path, tiny_model, inputs):
    found, runs = run(tmp_path, tiny_model, inputs, batch=100)
    assert found["phase"].unique().to_list() == ["post"], "without a head there are no answers before"
    assert not runs["diverged"].any()
    for seed, reverse in ((0, False), (1, True)):
        answers = differences(found, seed=seed, reverse=reverse)
        np.testing.assert_allclose(answers, plain_encoder(tiny_model, seed, reverse), rtol=0, atol=1e-8)


def test_the_configuration_tells_causal_models(tiny_model, tiny_causal, tmp_path, inputs):
    assert not is_causal(tiny_model) and all(map(is_causal, tiny_causal.values()))
    with pytest.raises(BadInput, match="has no language head; allowed with kind head: causal models"):
        run(tmp_path, tiny_model, inputs, kind="head", l2=[1.0])
