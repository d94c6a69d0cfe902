"""The last layers alone: first gradients and answers are those of the whole network, the rest frozen."""

from typing import Any

import numpy as np
import pytest
import torch

from memgen.engine import layers
from memgen.engine.decoder import can_pack
from memgen.engine.layers import FrozenLayers, TrainedLayers, frozen_layers, last_layers, weights_in
from memgen.engine.learning import learn
from memgen.engine.loading import load
from memgen.engine.methods import Full, Lora
from memgen.engine.per_run import per_run_weights
from memgen.engine.prompts import tokenize
from memgen.engine.training import Run, run_losses
from memgen.errors import BadInput
from memgen.language.items import sample
from memgen.language.prompts import prompts
from tiny_models import asked_and_runs

KINDS = [(kind, tied) for kind in ("llama", "qwen3") for tied in (False, True)]


def whole(run: Run) -> Run:
    """The same run, every prompt by itself."""
    return Run(run.key, run.prompts.whole(), run.answers)


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
        losses(network, [whole(run)]).sum().backward()
        for many, alone in zip(together, trained, strict=True):
            assert alone.grad.abs().max() > 0
            torch.testing.assert_close(many[index], alone.grad, rtol=0, atol=1e-10)


def test_a_run_and_its_reversal_share_what_stands_below(deep_causal, monkeypatch):
    model = load(deep_causal["llama", True], "float64", causal=True)
    asked, runs = asked_and_runs(model, 4)
    passes = []
    original = layers.run_layers

    def counted(network: Any, states: Any, packed: Any, first: int = 0, last: int = 4, **more: Any) -> Any:
        passes.append((first, last))
        return original(network, states, packed, first, last, **more)

    monkeypatch.setattr(layers, "run_layers", counted)
    method = Lora(epochs=3, batch=3, rate=1e-3, lora_rank=(2, 4), layers=1)
    below = frozen_layers(model.network, 1)
    for rank in (2, 4):
        learn(model, asked, runs, method, rank, below, 7)
    assert passes.count((0, 3)) == 2, "two seeds, two orders, two ranks: the layers below are passed twice"
    assert set(passes) == {(0, 3), (3, 4)}


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


@pytest.mark.parametrize("count", [0, 5])
def test_more_layers_than_there_are_is_refused(deep_causal, count):
    network = load(deep_causal["llama", True], causal=True).network
    with pytest.raises(BadInput, match=f"layers: {count}, but the model has 4; allowed: 1 to 4"):
        last_layers(network, count)
