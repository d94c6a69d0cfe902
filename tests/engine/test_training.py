"""Weights of many runs at once, and the last layers alone: what one run computes is what it does alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from memgen.engine import training
from memgen.engine.causal import logit_differences
from memgen.engine.decoder import can_pack
from memgen.engine.layers import FrozenLayers, TrainedLayers, frozen_layers, last_layers, weights_in
from memgen.engine.learning import learn
from memgen.engine.loading import Model, load
from memgen.engine.methods import Full, Lora, TrainingOptions
from memgen.engine.per_run import TARGETS, adapted, per_run_weights
from memgen.engine.prompts import answer_tokens, tokenize
from memgen.engine.training import Run, run_losses, train
from memgen.errors import BadInput
from memgen.language.items import sample
from memgen.language.prompts import prompts
from tiny_models import asked_and_runs

OPTIONS = TrainingOptions(epochs=12, batch=5, rate=5e-3)


def trained(model, asked: list, runs: list[Run], options: TrainingOptions = OPTIONS) -> tuple:
    with adapted(model.network, [run.key for run in runs], 4, 2.0) as layers:
        found = train(model.network, runs, options, [p for layer in layers for p in (layer.down, layer.up)])
        return found, logit_differences(model.network, asked, answer_tokens(model.tokenizer), 1000)


@pytest.fixture
def model(tiny_causal: dict) -> Model:
    return load(tiny_causal["llama", False], "float64", causal=True)


def test_agrees_with_peft(model, tiny_causal):
    """The same first matrices and two steps: the answers of the reference code."""
    import peft

    asked, runs = asked_and_runs(model, 2)
    expected = []
    for run, one in zip(runs, asked, strict=True):
        fresh = load(tiny_causal["llama", False], "float64", causal=True)
        config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=list(TARGETS), lora_dropout=0.0)
        network = peft.get_peft_model(fresh.network, config, autocast_adapter_dtype=False)
        with adapted(model.network, [run.key], 4, 2.0) as layers:
            firsts = [layer.down[0].detach().clone() for layer in layers]
        downs = [p for name, p in network.named_parameters() if "lora_A" in name]
        for parameter, value in zip(downs, firsts, strict=True):
            assert parameter.shape == value.shape
            parameter.data.copy_(value)
        weights = [p for p in network.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(weights, 0.01, weight_decay=0)
        rows = [torch.tensor([run.prompts.prefix + query]) for query in run.prompts.queries]
        for _ in range(2):
            optimizer.zero_grad()
            logits = torch.stack([network(input_ids=ids).logits[0, -1] for ids in rows])
            torch.nn.functional.cross_entropy(logits, torch.tensor(run.answers)).backward()
            optimizer.step()
        expected.append(logit_differences(fresh.network, [one], answer_tokens(model.tokenizer), 100)[0])
    _, found = trained(model, asked, runs, TrainingOptions(epochs=2, batch=100, rate=0.01))
    np.testing.assert_allclose(found, np.stack(expected), rtol=0, atol=1e-8)


def test_one_diverging_run_leaves_the_others_alone(model, monkeypatch):
    asked, runs = asked_and_runs(model, 3)
    _, expected = trained(model, asked, runs)
    broken = torch.tensor([1.0, float("nan"), 1.0], dtype=torch.float64)
    original = training.run_losses
    monkeypatch.setattr(training, "run_losses", lambda *given: original(*given) * broken)
    found, answers = trained(model, asked, runs)
    assert np.isnan(found[1]) and np.isfinite(found[[0, 2]]).all()
    np.testing.assert_allclose(answers[[0, 2]], expected[[0, 2]], rtol=0, atol=1e-10)


def test_out_of_memory_halves_the_micro_batch_and_changes_nothing(model, monkeypatch, caplog):
    asked, runs = asked_and_runs(model, 2)
    _, expected = trained(model, asked, runs)
    original = training.run_losses
    most = 2

    def small(network, given, answers):
        if len(answers[0]) > most:
            raise torch.cuda.OutOfMemoryError
        return original(network, given, answers)

    monkeypatch.setattr(training, "run_losses", small)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    _, found = trained(model, asked, runs)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
    assert "micro-batch halved to 2" in caplog.text
    most = 0
    with pytest.raises(BadInput, match="allowed: a smaller block"):
        trained(model, asked, runs)


def test_padding_gets_no_gradient():
    config = transformers.LlamaConfig(
        vocab_size=11, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
        pad_token_id=3,
    )  # fmt: skip
    network = transformers.AutoModelForCausalLM.from_config(config)
    ids = torch.tensor([[1, 3, 5], [3, 2, 1]])
    with per_run_weights(network, 2) as weights:
        network(input_ids=ids).logits.sum().backward()
        gradient = weights[0].grad
    assert gradient.shape[1:] == (11, 8) and (gradient[:, 3] == 0).all()
    assert (gradient[0, 5] != 0).any() and (gradient[1, 5] == 0).all()


def test_other_layers_are_refused(tiny_model):
    network = load(tiny_model).network
    message = "is a LayerNorm; allowed with several runs: Linear"
    with pytest.raises(BadInput, match=message), per_run_weights(network, 2):
        pass
    assert isinstance(network.embeddings.word_embeddings, torch.nn.Embedding)
    with (
        pytest.raises(BadInput, match="allowed: dense, key, query, value"),
        adapted(network, [("a",)], 4, 2.0),
    ):
        pass


KINDS = [(kind, tied) for kind in ("llama", "qwen3") for tied in (False, True)]


def losses(network: Any, runs: list[Run]) -> torch.Tensor:
    return run_losses(network, [run.prompts for run in runs], [run.answers for run in runs])


@pytest.mark.parametrize("key", KINDS)
@pytest.mark.parametrize("count", [1, 3])
def test_first_gradients_of_all_weights(deep_causal, key, count):
    model = load(deep_causal[key], "float64", causal=True)
    network = model.network.requires_grad_(False)
    asked, runs = asked_and_runs(model, 3)
    names = last_layers(network, count)
    assert ("lm_head" in names) is not key[1], "a tied head is the embeddings, which stand below"
    upper = TrainedLayers(network, FrozenLayers(network, count), asked)
    with per_run_weights(network, len(runs), names) as weights:
        losses(upper, runs).sum().backward()
        together = [part.grad.clone() for part in weights]
    trained = weights_in(network, names)
    assert len(together) == len(trained) and len(trained) < len(list(network.parameters()))
    for index, run in enumerate(runs):
        network.zero_grad()
        for part in trained:
            part.requires_grad_(True)
        losses(network, [replace(run, prompts=run.prompts.whole())]).sum().backward()
        for many, alone in zip(together, trained, strict=True):
            assert alone.grad.abs().max() > 0
            torch.testing.assert_close(many[index], alone.grad, rtol=0, atol=1e-10)


def test_other_architectures_are_frozen_and_passed_whole(tiny_model):
    model = load(tiny_model, "float64")
    model.network.requires_grad_(False)
    assert not can_pack(model.network) and frozen_layers(model.network, 1) is None
    asked = [tokenize(model.tokenizer, prompts(sample("real", 4, 0), shots=False), 64)]
    runs = [Run(("e", 0), asked[0], tuple(row % 2 for row in range(12)))]
    before = {name: part.clone() for name, part in model.network.state_dict().items()}
    seen = {}
    for count in (None, 1):
        options = {"epochs": 2, "batch": 100, "rate": 1e-2, "layers": count}
        for method, rank in ((Full(**options), None), (Lora(**options, lora_rank=(2,)), 2)):
            seen[count, method.kind] = learn(model, asked, runs, method, rank, batch=100).after
    assert last_layers(model.network, 1) == ("encoder.layer.1",)
    for kind in ("full", "lora"):
        assert np.abs(seen[None, kind] - seen[1, kind]).max() > 1e-4
    for name, part in model.network.state_dict().items():
        torch.testing.assert_close(part, before[name], rtol=0, atol=0)


def test_more_layers_than_there_are_is_refused(deep_causal):
    with pytest.raises(BadInput, match="layers: 5, but the model has 4; allowed: 1 to 4"):
        last_layers(load(deep_causal["llama", True], causal=True).network, 5)
