"""Copies of all weights: gradients of each run are those that it has alone, and the network comes back."""

import pytest
import torch
import transformers

from memgen.engine.causal import logit_differences
from memgen.engine.loading import load
from memgen.engine.per_run import per_run_weights as own_weights
from memgen.engine.prompts import answer_tokens, tokenize
from memgen.engine.training import Run, run_losses
from memgen.errors import BadInput
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.relational.hierarchy import ordered_pairs


def prepared(model, count: int) -> tuple[list, list[Run]]:
    yes, no = answer_tokens(model.tokenizer)
    chosen = [row for row, (a, b) in enumerate(ordered_pairs(4)) if abs(a - b) == 1]
    asked = [
        tokenize(model.tokenizer, prompts(sample("real", 4, seed)), model.longest_prompt)
        for seed in range(count)
    ]
    answers = tuple(yes if row % 2 else no for row in chosen)
    return asked, [Run(("t", i), one.select(chosen), answers) for i, one in enumerate(asked)]


@pytest.mark.parametrize("key", [("llama", False), ("llama", True), ("qwen3", False)])
def test_gradients_are_those_of_one_run_at_a_time(tiny_causal: dict, key: tuple) -> None:
    model = load(tiny_causal[key], "float64", causal=True)
    network, (_, runs) = model.network, prepared(model, 3)
    with own_weights(network, len(runs)) as weights:
        losses = run_losses(network, [run.prompts for run in runs], [run.answers for run in runs])
        losses.sum().backward()
        together = [part.grad.clone() for part in weights]
    assert len(together) == len(list(network.parameters())), "tied weights have one copy"
    for index, run in enumerate(runs):
        network.zero_grad()
        network.requires_grad_(True)
        run_losses(network, [run.prompts], [run.answers]).sum().backward()
        for many, alone in zip(together, network.parameters(), strict=True):
            assert alone.grad.abs().max() > 0
            torch.testing.assert_close(many[index], alone.grad, rtol=0, atol=1e-10)


def test_the_network_comes_back_also_after_an_error(tiny_causal: dict) -> None:
    model = load(tiny_causal["llama", False], causal=True)
    network, (asked, _) = model.network, prepared(model, 2)
    answers = answer_tokens(model.tokenizer)
    before = logit_differences(network, asked, answers, 100)
    names = [name for name, _ in network.named_parameters()]

    def spoil() -> None:
        with own_weights(network, 2) as weights, torch.no_grad():
            for part in weights:
                part.mul_(0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spoil()
    assert [name for name, _ in network.named_parameters()] == names
    assert (logit_differences(network, asked, answers, 100) == before).all()


def test_padding_gets_no_gradient() -> None:
    config = transformers.LlamaConfig(
        vocab_size=11, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
        pad_token_id=3,
    )  # fmt: skip
    network = transformers.AutoModelForCausalLM.from_config(config)
    ids = torch.tensor([[1, 3, 5], [3, 2, 1]])
    with own_weights(network, 2) as weights:
        network(input_ids=ids).logits.sum().backward()
        gradient = weights[0].grad
    assert gradient.shape[1:] == (11, 8) and (gradient[:, 3] == 0).all()
    assert (gradient[0, 5] != 0).any() and (gradient[1, 5] == 0).all()


def test_other_layers_are_refused(tiny_model) -> None:
    network = load(tiny_model).network
    with (
        pytest.raises(BadInput, match="is a LayerNorm; allowed with several runs: Linear"),
        own_weights(network, 2),
    ):
        pass
    assert isinstance(network.embeddings.word_embeddings, torch.nn.Embedding)
