"""Features: the same alone and in a batch, whatever the padding, and the same bytes twice."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memgen.engine.features import POOLINGS, TAIL, Features, extract, pool
from memgen.engine.loading import load
from memgen.errors import BadInput
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.language.stages.features import features


def pooled(states: np.ndarray) -> dict[str, np.ndarray]:
    return {"last": states[-1], "tail": states[-TAIL:].mean(0), "mean": states.mean(0)}


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.sampled_from(POOLINGS), st.integers(0, 99))
def test_pooling_reads_a_prompts_own_tokens_only(lengths, pooling, seed):
    generator = np.random.default_rng(seed)
    hidden = torch.full((len(lengths), max(lengths) + 2, 3), float("nan"), dtype=torch.float64)
    rows = [generator.normal(size=(length, 3)) for length in lengths]
    for row, (length, states) in enumerate(zip(lengths, rows, strict=True)):
        hidden[row, :length] = torch.from_numpy(states)
    expected = [pooled(states)[pooling] for states in rows]
    np.testing.assert_allclose(pool(hidden, torch.tensor(lengths), pooling), expected, rtol=1e-12, atol=1e-12)


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


def run(model: Path, lineup: Path, out: Path, first: int, last: int, **changed: object) -> Features:
    arguments = {"pooling": ["mean", "last"], "first_seed": first, "last_seed": last, **changed}
    features(model_directory=model, lineup=lineup, model="tiny", out=out, **arguments)
    return Features.read(out)


def test_stage_writes_every_seed_and_the_same_bytes_twice(tiny_model, inputs, tmp_path):
    names = ("a", "b", "c")
    starts = zip(names, (1, 1, 2), strict=True)
    block, _, alone = (run(tiny_model, inputs["lineup"], tmp_path / name, start, 2) for name, start in starts)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert block.about == {"model": "tiny", "items": "fake", "n": 5, "first_seed": 1}
    assert {name: array.shape for name, array in block.arrays.items()} == {
        "last": (2, 20, 32), "mean": (2, 20, 32),
    }  # fmt: skip
    for name, array in block.arrays.items():
        np.testing.assert_array_equal(array[1], alone.arrays[name][0])


def test_bad_input_is_refused(tiny_model, inputs, tmp_path):
    with pytest.raises(BadInput, match="allowed: last, tail, mean"):
        run(tiny_model, inputs["lineup"], tmp_path / "x", 0, 0, pooling=["first"])
    assert not (tmp_path / "x").exists()
    with pytest.raises(BadInput, match="allowed: 64"):
        extract(load(tiny_model), ["win " * 70], ["last"], batch=1)


def test_what_is_written_is_read_whatever_the_strides(tmp_path):
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1)
    Features({"n": 2}, {"last": array}).write(tmp_path / "f")
    block = Features.read(tmp_path / "f")
    assert block.about == {"n": 2}
    np.testing.assert_array_equal(block.arrays["last"], array)
    (tmp_path / "x").write_text("no")
    with pytest.raises(BadInput, match="not a file of features"):
        Features.read(tmp_path / "x")
