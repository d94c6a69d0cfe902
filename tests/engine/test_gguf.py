"""A GGUF file becomes an ordinary model: its weights by the format's own rule; broken files are refused."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from memgen.engine.loading import is_causal, load
from memgen.engine.prompts import answer_tokens
from memgen.errors import BadInput
from memgen.language.stages.weights import dequantize

WIDTH, LAYERS, HEADS, WITHIN = 64, 2, 4, 96


@pytest.fixture(scope="module")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory, tiny_causal: dict) -> tuple[Path, dict]:
    """A tied Llama of random weights in four bits (Q4_1) as llama.cpp writes it, and its weights."""
    import gguf

    folder = tmp_path_factory.mktemp("gguf") / "quantized"
    folder.mkdir()
    tokenizer = load(tiny_causal["llama", True], causal=True).tokenizer
    tokens = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer = gguf.GGUFWriter(folder / "model.gguf", "llama")
    for name, value in {
        "block_count": LAYERS, "context_length": 256, "embedding_length": WIDTH, "head_count": HEADS,
        "feed_forward_length": WITHIN, "head_count_kv": HEADS, "rope_freq_base": 10000.0,
        "layer_norm_rms_eps": 1e-5, "vocab_size": len(tokens), "tokenizer_model": "gpt2",
        "tokenizer_pre": "default", "token_list": tokens, "token_types": [1] * len(tokens),
        "token_merges": [" ".join(pair) for pair in merges], "bos_token_id": 0, "eos_token_id": 0,
    }.items():  # fmt: skip
        getattr(writer, f"add_{name}")(value)
    random = np.random.default_rng(0)
    weights = {}

    def add(name: str, *shape: int) -> None:
        weights[name] = random.normal(0, 0.2, shape).astype(np.float32)
        if len(shape) == 1:
            writer.add_tensor(name, weights[name])
            return
        kind = gguf.GGMLQuantizationType.Q4_1
        packed = gguf.quants.quantize(weights[name], kind)
        writer.add_tensor(name, packed, raw_dtype=kind)
        weights[name] = gguf.quants.dequantize(packed, kind)

    shapes = {
        **dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), (WIDTH, WIDTH)),
        **dict.fromkeys(("ffn_gate", "ffn_up"), (WITHIN, WIDTH)), "ffn_down": (WIDTH, WITHIN),
        **dict.fromkeys(("attn_norm", "ffn_norm"), (WIDTH,)),
    }  # fmt: skip
    add("token_embd.weight", len(tokens), WIDTH)
    add("output_norm.weight", WIDTH)
    for layer in range(LAYERS):
        for name, shape in shapes.items():
            add(f"blk.{layer}.{name}.weight", *shape)
    _write(writer)
    return folder, weights


def _write(writer: object) -> None:
    for part in ("header", "kv_data", "tensors"):
        getattr(writer, f"write_{part}_to_file")()
    writer.close()


def test_what_is_written_is_an_ordinary_model(tmp_path, tiny_gguf, tiny_causal):
    folder, weights = tiny_gguf
    dequantize(quantized=folder, out=tmp_path / "model")
    assert is_causal(tmp_path / "model")
    assert not list((tmp_path / "model").glob("*.gguf"))
    model = load(tmp_path / "model", causal=True)
    network = model.network
    assert network.dtype == torch.float32 and not hasattr(network.config, "quantization_config")
    assert network.get_output_embeddings().weight is network.get_input_embeddings().weight
    plain = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "model.layers.1.mlp.down_proj.weight": "blk.1.ffn_down.weight",
        "model.layers.0.self_attn.v_proj.weight": "blk.0.attn_v.weight",
        "model.layers.0.self_attn.o_proj.weight": "blk.0.attn_output.weight",
    }
    for name, source in plain.items():
        np.testing.assert_array_equal(network.state_dict()[name].numpy(), weights[source])
    # The file holds the two halves of each head in alternation, transformers one after the other.
    expected = weights["blk.1.attn_q.weight"].reshape(HEADS, -1, 2, WIDTH).swapaxes(1, 2)
    found = network.state_dict()["model.layers.1.self_attn.q_proj.weight"].numpy()
    np.testing.assert_array_equal(found, expected.reshape(WIDTH, WIDTH))
    other = load(tiny_causal["llama", True], causal=True).tokenizer
    text = "Q: Will the Amber Foxes win against the Jade Otters? A:"
    assert model.tokenizer(text)["input_ids"] == other(text)["input_ids"]
    assert answer_tokens(model.tokenizer) == answer_tokens(other)


SPOILED = {
    "magic": lambda whole: b"GGML" + whole[4:],
    "version": lambda whole: whole[:4] + struct.pack("<I", 9) + whole[8:],
    "counts": lambda whole: whole[:8] + struct.pack("<QQ", 1 << 40, 1 << 40) + whole[24:],
    "empty": lambda whole: whole[:8] + struct.pack("<QQ", 0, 0),
    "name": lambda whole: whole[:24] + struct.pack("<Q", 1 << 62) + whole[32:],
}


@pytest.mark.parametrize("fault", [0, 6, 3000, -1, *SPOILED])
def test_a_file_cut_short_or_damaged_is_one_line(tmp_path, tiny_gguf, fault):
    whole = (tiny_gguf[0] / "model.gguf").read_bytes()
    spoiled = whole[:fault] if isinstance(fault, int) else SPOILED[fault](whole)
    (tmp_path / "model.gguf").write_bytes(spoiled)
    with pytest.raises(BadInput, match="allowed: a whole GGUF file") as error:
        dequantize(quantized=tmp_path, out=tmp_path / "out")
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()


def test_another_architecture_and_a_missing_file_are_one_line(tmp_path):
    import gguf

    with pytest.raises(BadInput, match=r"missing; allowed: a folder with model\.gguf"):
        dequantize(quantized=tmp_path, out=tmp_path / "out")
    writer = gguf.GGUFWriter(tmp_path / "model.gguf", "nonesuch")
    writer.add_tensor("a", np.zeros((2, 2), np.float32))
    _write(writer)
    with pytest.raises(BadInput, match=r"unknown .*nonesuch") as error:
        dequantize(quantized=tmp_path, out=tmp_path / "out")
    assert "\n" not in str(error.value)
