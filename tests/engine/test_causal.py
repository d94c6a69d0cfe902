"""Answers and features: packed as prefix trees or padded, and one prompt at a time, the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from memgen.engine import causal
from memgen.engine.causal import check_head, hidden_states, last_hidden, logit_differences
from memgen.engine.decoder import can_pack
from memgen.engine.features import POOLINGS, TAIL, Features, extract
from memgen.engine.loading import load
from memgen.engine.prompts import Prompts, answer_tokens, prefix_tree, tokenize
from memgen.errors import BadInput
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.language.stages.features import features

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
    for runs_asked, batch in ((asked, 1), (asked, 7), (asked, 1000), ([run.whole() for run in asked], 64)):
        found = logit_differences(model.network, runs_asked, answers, batch)
        np.testing.assert_allclose(found, expected, atol=1e-10)


def test_windows_are_not_packed(tiny_causal):
    config = transformers.Qwen3Config(
        vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, use_sliding_window=True,
        sliding_window=4, max_window_layers=0, intermediate_size=16, num_key_value_heads=2, head_dim=8,
    )  # fmt: skip
    assert not can_pack(transformers.AutoModelForCausalLM.from_config(config))
    assert can_pack(load(tiny_causal["qwen3", True], causal=True).network)


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


ROWS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6).map(tuple), min_size=1, max_size=8)
PREFIX = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple)
PROMPTS = st.builds(Prompts, PREFIX, ROWS.map(tuple))


@given(PROMPTS)
def test_every_prompt_is_a_path(prompts):
    tree, rows = prefix_tree(prompts), prompts.whole().queries
    sees, positions = tree.sees(), tree.positions()
    for row in rows:
        path = tree.path(row)
        assert tuple(tree.tokens[node] for node in path) == row
        assert positions[path].tolist() == list(range(len(row)))
        for place, node in enumerate(path):
            assert np.flatnonzero(sees[node]).tolist() == sorted(path[: place + 1])
    beginnings = {row[:end] for row in rows for end in range(1, len(row) + 1)}
    assert len(tree.tokens) == len(beginnings), "every common beginning stands once"


def pooled(states: np.ndarray) -> dict[str, np.ndarray]:
    return {"last": states[-1], "tail": states[-TAIL:].mean(0), "mean": states.mean(0)}


@pytest.mark.parametrize("key", ["bert", ("llama", True), ("qwen3", False)])
def test_features_are_those_of_one_prompt_at_a_time(tiny_model, tiny_causal, key):
    """Of an encoder by padded batches, of decoders by prefix trees; a batch of one pads nothing."""
    model = load(tiny_model if key == "bert" else tiny_causal[key], "float64")
    texts = prompts(sample("real", 5, 0))
    tokens = [model.tokenizer(text, return_tensors="pt") for text in texts]
    assert len({one["input_ids"].shape for one in tokens}) > 1, "prompts of one length would test no padding"
    with torch.inference_mode():
        expected = [pooled(model.network(**one).last_hidden_state[0].numpy()) for one in tokens]
    for batch in (1, 3, 100):
        for poolings in (["last"], POOLINGS):
            found = extract(model, texts, poolings, batch)
            assert set(found) == set(poolings)
            for name in poolings:
                one = np.stack([row[name] for row in expected])
                np.testing.assert_allclose(found[name], one, rtol=0, atol=1e-6)


def written(model: Path, lineup: Path, out: Path, first: int, last: int, **changed: object) -> Features:
    arguments = {"pooling": ["mean", "last"], "first_seed": first, "last_seed": last, **changed}
    features(model_directory=model, lineup=lineup, model="tiny", out=out, **arguments)
    return Features.read(out)


def test_stage_writes_every_seed_and_the_same_bytes_twice(tiny_model, inputs, tmp_path):
    names = ("a", "b", "c")
    starts = zip(names, (1, 1, 2), strict=True)
    block, _, alone = (
        written(tiny_model, inputs["lineup"], tmp_path / name, start, 2) for name, start in starts
    )
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert block.about == {"model": "tiny", "items": "fake", "n": 5, "first_seed": 1}
    assert {name: array.shape for name, array in block.arrays.items()} == {
        "last": (2, 20, 32), "mean": (2, 20, 32),
    }  # fmt: skip
    for name, array in block.arrays.items():
        np.testing.assert_array_equal(array[1], alone.arrays[name][0])


def test_bad_input_is_refused(tiny_model, inputs, tmp_path):
    with pytest.raises(BadInput, match="allowed: last, tail, mean"):
        written(tiny_model, inputs["lineup"], tmp_path / "x", 0, 0, pooling=["first"])
    assert not (tmp_path / "x").exists()
    (tmp_path / "y").write_text("no")
    with pytest.raises(BadInput, match="not a file of features"):
        Features.read(tmp_path / "y")
    with pytest.raises(BadInput, match="allowed: 64"):
        extract(load(tiny_model), ["win " * 70], ["last"], batch=1)
