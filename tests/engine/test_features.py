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
from memgen.language.items import Sample, sample
from memgen.language.prompts import prompts
from memgen.language.stages.features import features
from memgen.language.stages.lineups import lineups
from memgen.relational.hierarchy import ordered_pairs


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.sampled_from(POOLINGS), st.integers(0, 99))
def test_pooling_reads_a_prompts_own_tokens_only(lengths: list[int], pooling: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    hidden = torch.full((len(lengths), max(lengths) + 2, 3), float("nan"), dtype=torch.float64)
    rows = [generator.normal(size=(length, 3)) for length in lengths]
    for row, (length, states) in enumerate(zip(lengths, rows, strict=True)):
        hidden[row, :length] = torch.from_numpy(states)
    expected = {
        "last": [states[-1] for states in rows],
        "tail": [states[-TAIL:].mean(0) for states in rows],
        "mean": [states.mean(0) for states in rows],
    }[pooling]
    np.testing.assert_allclose(pool(hidden, torch.tensor(lengths), pooling), expected, rtol=1e-12, atol=1e-12)


def test_features_do_not_depend_on_the_batch(tiny_model: Path) -> None:
    model = load(tiny_model)
    drawn = sample("real", 5, 0)
    texts = prompts(drawn)
    lengths = {len(model.tokenizer(text)["input_ids"]) for text in texts}
    assert len(lengths) > 1, "prompts of one length would test no padding"
    alone = extract(model, texts, POOLINGS, batch=1)
    for size in (3, 7, len(texts)):
        together = extract(model, texts, POOLINGS, batch=size)
        for name in POOLINGS:
            np.testing.assert_allclose(together[name], alone[name], rtol=0, atol=1e-5)


def test_features_are_the_networks_own(tiny_model: Path) -> None:
    model = load(tiny_model)
    text = prompts(Sample(("Amber Foxes", "Jade Otters"), ("W", "L")))[0]
    with torch.inference_mode():
        hidden = model.network(**model.tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()
    found = extract(model, [text], POOLINGS, batch=4)
    for name, value in {"last": hidden[-1], "tail": hidden[-6:].mean(0), "mean": hidden.mean(0)}.items():
        np.testing.assert_allclose(found[name][0], value, rtol=0, atol=1e-6)


@pytest.mark.parametrize("key", [("llama", True), ("qwen3", False)])
def test_trees_give_the_features_of_one_prompt_at_a_time(tiny_causal: dict, key: tuple) -> None:
    model = load(tiny_causal[key], "float64")
    texts = prompts(sample("real", 6, 0))
    expected: dict[str, list] = {name: [] for name in POOLINGS}
    with torch.inference_mode():
        for text in texts:
            hidden = model.network(**model.tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()
            for name, value in zip(
                POOLINGS, (hidden[-1], hidden[-TAIL:].mean(0), hidden.mean(0)), strict=True
            ):
                expected[name].append(value)
    for batch in (1, 4, 100):
        for poolings in (["last"], POOLINGS):
            found = extract(model, texts, poolings, batch)
            assert set(found) == set(poolings)
            for name in poolings:
                np.testing.assert_allclose(found[name], np.stack(expected[name]), rtol=0, atol=1e-6)


def run(tiny_model: Path, out: Path, first: int, last: int, **changed: object) -> Features:
    lineup = out.with_suffix(".lineup.parquet")
    lineups(items="fake", n=4, first_seed=0, last_seed=2, out=lineup)
    arguments = {"pooling": ["mean", "last"], "first_seed": first, "last_seed": last, **changed}
    features(model_directory=tiny_model, lineup=lineup, model="tiny", out=out, **arguments)
    return Features.read(out)


def test_stage_writes_every_seed_and_the_same_bytes_twice(tiny_model: Path, tmp_path: Path) -> None:
    block = run(tiny_model, tmp_path / "a.safetensors", 1, 2)
    run(tiny_model, tmp_path / "b.safetensors", 1, 2)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert (block.model, block.items, block.n, block.first_seed) == ("tiny", "fake", 4, 1)
    assert {name: array.shape for name, array in block.arrays.items()} == {
        "last": (2, len(ordered_pairs(4)), 32),
        "mean": (2, len(ordered_pairs(4)), 32),
    }
    alone = run(tiny_model, tmp_path / "c.safetensors", 2, 2)
    for name, array in block.arrays.items():
        np.testing.assert_array_equal(array[1], alone.arrays[name][0])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pooling": ["first"]}, "allowed: last, tail, mean"),
        ({"first_seed": 2, "last_seed": 1}, "allowed: 0 <= first <= last"),
        ({"last_seed": 3}, "no items of seed 3; allowed: 0 to 2"),
    ],
)
def test_bad_input_is_refused(tiny_model: Path, tmp_path: Path, changed: dict, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        run(tiny_model, tmp_path / "x.safetensors", 0, 0, **changed)
    assert not (tmp_path / "x.safetensors").exists()


def test_a_prompt_longer_than_the_model_takes_is_refused(tiny_model: Path) -> None:
    with pytest.raises(BadInput, match="allowed: 64"):
        extract(load(tiny_model), ["win " * 70], ["last"], batch=1)


def test_what_is_written_is_read_whatever_the_strides(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1)
    Features("m", "fake", 2, 7, {"last": array}).write(tmp_path / "f")
    block = Features.read(tmp_path / "f")
    assert (block.model, block.items, block.n, block.first_seed) == ("m", "fake", 2, 7)
    np.testing.assert_array_equal(block.arrays["last"], array)


def test_another_file_is_no_file_of_features(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no")
    with pytest.raises(BadInput, match="not a file of features"):
        Features.read(tmp_path / "x")
