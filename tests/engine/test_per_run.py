"""Adapters and copies of weights of many runs at once: gradients and answers are those of each run alone."""

import numpy as np
import pytest
import torch
import transformers

from memgen.engine import training
from memgen.engine.causal import logit_differences
from memgen.engine.loading import load
from memgen.engine.methods import TrainingOptions
from memgen.engine.per_run import TARGETS, adapted, per_run_weights
from memgen.engine.prompts import answer_tokens
from memgen.engine.training import Run, train
from memgen.errors import BadInput
from tiny_models import asked_and_runs

OPTIONS = TrainingOptions(epochs=12, batch=5, rate=5e-3)


def trained(model, asked: list, runs: list[Run], options: TrainingOptions = OPTIONS) -> tuple:
    with adapted(model.network, [run.key for run in runs], 4, 2.0) as layers:
        found = train(model.network, runs, options, [p for layer in layers for p in (layer.down, layer.up)])
        return found, logit_differences(model.network, asked, answer_tokens(model.tokenizer), 1000)


def test_agrees_with_peft(tiny_causal):
    """The same first matrices and two steps: the answers of the reference code."""
    import peft

    model = load(tiny_causal["llama", False], "float64", causal=True)
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


def test_one_diverging_run_leaves_the_others_alone(tiny_causal, monkeypatch):
    model = load(tiny_causal["llama", False], "float64", causal=True)
    asked, runs = asked_and_runs(model, 3)
    _, expected = trained(model, asked, runs)
    broken = torch.tensor([1.0, float("nan"), 1.0], dtype=torch.float64)
    original = training.run_losses
    monkeypatch.setattr(training, "run_losses", lambda *given: original(*given) * broken)
    found, answers = trained(model, asked, runs)
    assert np.isnan(found[1]) and np.isfinite(found[[0, 2]]).all()
    np.testing.assert_allclose(answers[[0, 2]], expected[[0, 2]], rtol=0, atol=1e-10)


def test_out_of_memory_halves_the_micro_batch_and_changes_nothing(tiny_causal, monkeypatch, caplog):
    model = load(tiny_causal["llama", False], "float64", causal=True)
    asked, runs = asked_and_runs(model, 2)
    _, expected = trained(model, asked, runs)
    original = training.run_losses
    sizes, most = [], 2

    def small(network, given, answers):
        if len(answers[0]) > most:
            raise torch.cuda.OutOfMemoryError
        sizes.append(len(answers[0]))
        return original(network, given, answers)

    monkeypatch.setattr(training, "run_losses", small)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    _, found = trained(model, asked, runs)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
    assert max(sizes) == 2 and "micro-batch halved to 2" in caplog.text
    most = 0
    with pytest.raises(BadInput, match="allowed: a smaller block"):
        trained(model, asked, runs)


def test_the_network_comes_back_also_after_an_error(tiny_causal):
    model = load(tiny_causal["llama", False], causal=True)
    network, (asked, _) = model.network, asked_and_runs(model, 2, 4)
    answers = answer_tokens(model.tokenizer)
    before = logit_differences(network, asked, answers, 100)
    names = [name for name, _ in network.named_parameters()]

    def spoil() -> None:
        with per_run_weights(network, 2) as weights, torch.no_grad():
            for part in weights:
                part.mul_(0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spoil()
    assert [name for name, _ in network.named_parameters()] == names
    assert (logit_differences(network, asked, answers, 100) == before).all()


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
