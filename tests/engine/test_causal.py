"""Answers of causal models: packed with a shared prefix, and one prompt at a time, the same."""

import numpy as np
import pytest
import torch
import transformers

from memgen.engine import causal
from memgen.engine.causal import check_head, hidden_states, last_hidden, logit_differences
from memgen.engine.decoder import can_pack
from memgen.engine.loading import load
from memgen.engine.prompts import Prompts, answer_tokens, tokenize
from memgen.errors import BadInput
from memgen.language.items import sample
from memgen.language.prompts import prompts

KINDS = [(kind, tied) for kind in ("llama", "qwen3") for tied in (False, True)]


def plain(model, texts: list[str]) -> np.ndarray:
    """The protocol as it reads: one prompt at a time, logits of the whole network."""
    yes, no = answer_tokens(model.tokenizer)
    found = []
    with torch.inference_mode():
        for text in texts:
            logits = model.network(**model.tokenizer(text, return_tensors="pt")).logits[0, -1]
            found.append(float(logits[yes].double() - logits[no].double()))
    return np.array(found)


def runs(model) -> tuple[list[list[str]], list[Prompts]]:
    texts = [prompts(sample("real", 5, seed), bool(seed % 2)) for seed in range(3)]
    return texts, [tokenize(model.tokenizer, part, model.longest_prompt) for part in texts]


@pytest.mark.parametrize("key", KINDS)
def test_packed_answers_are_those_of_one_prompt_at_a_time(tiny_causal, key):
    model = load(tiny_causal[key], "float64", causal=True)
    check_head(model.network)
    texts, asked = runs(model)
    assert len({len(run.prefix) for run in asked}) > 1, "prefixes of one length would test no padding"
    assert all(len(run.prefix) > 20 for run in asked)
    assert len({len(query) for run in asked for query in run.queries}) > 1
    answers = answer_tokens(model.tokenizer)
    expected = np.stack([plain(model, part) for part in texts])
    assert expected.std() > 0.1
    for given, batch in ((asked, 1), (asked, 7), (asked, 1000), ([run.whole() for run in asked], 64)):
        found = logit_differences(model.network, given, answers, batch)
        np.testing.assert_allclose(found, expected, atol=1e-10)


def test_windows_get_whole_prompts(tiny_causal):
    config = transformers.Qwen3Config(
        vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, use_sliding_window=True,
        sliding_window=4, max_window_layers=0, intermediate_size=16, num_key_value_heads=2, head_dim=8,
    )  # fmt: skip
    network = transformers.AutoModelForCausalLM.from_config(config).double().eval()
    assert not can_pack(network)
    assert can_pack(load(tiny_causal["qwen3", True], causal=True).network)
    asked = [Prompts((1, 2, 3, 4, 5, 6), ((7, 8), (9, 10, 11)))]
    with torch.inference_mode():
        for row, query in zip(last_hidden(network, asked)[0], asked[0].whole().queries, strict=True):
            expected = network.model(input_ids=torch.tensor([query])).last_hidden_state[0, -1]
            torch.testing.assert_close(row, expected)


def test_logits_that_are_not_the_heads_are_refused():
    config = transformers.Gemma2Config(
        vocab_size=64, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2,
        head_dim=8, intermediate_size=16, final_logit_softcapping=0.5,
    )  # fmt: skip
    network = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        network.get_output_embeddings().weight.mul_(50)
    with pytest.raises(BadInput, match="its logits are not its head's"):
        check_head(network)


def test_answers_and_prompts_must_fit(tiny_causal, tiny_model):
    tokenizer = load(tiny_model).tokenizer
    with pytest.raises(BadInput, match="' Yes' is 3 tokens; allowed: a single"):
        answer_tokens(lambda text, add_special_tokens: {"input_ids": [1, 2, 3]})
    with pytest.raises(BadInput, match="allowed: 20, which the model takes"):
        tokenize(tokenizer, prompts(sample("fake", 3, 0)), 20)


def test_out_of_memory_halves_the_batch_and_changes_nothing(tiny_causal, monkeypatch, caplog):
    model = load(tiny_causal["llama", False], "float64", causal=True)
    _, asked = runs(model)
    expected = hidden_states(model.network, asked, 1000)
    most = 3

    def small(network, given):
        if len(given[0].queries) > most:
            raise torch.cuda.OutOfMemoryError
        return last_hidden(network, given)

    monkeypatch.setattr(causal, "last_hidden", small)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    torch.testing.assert_close(hidden_states(model.network, asked, 1000), expected, rtol=0, atol=1e-10)
    assert "2 prompts of each run are answered at once" in caplog.text
    most = 0
    with pytest.raises(BadInput, match="allowed: a smaller block"):
        hidden_states(model.network, asked, 1000)
