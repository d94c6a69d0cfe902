"""Loading: offline, safetensors only, complete; the untrained control; a GGUF file as an ordinary model."""

import json
import os
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from memgen.engine.causal import check_head, hidden_states
from memgen.engine.decoder import can_pack
from memgen.engine.loading import is_causal, load
from memgen.engine.prompts import answer_tokens, tokenize
from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.language.stages.weights import dequantize, initialize
from toys import qwen


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of a model, to be spoiled."""
    return Path(shutil.copytree(tiny_model, tmp_path / "copy"))


def only_pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"not even a pickle")


def code(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "other", "auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.M"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("raise SystemExit('ran')")


def lacking(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    del weights[LACKED]
    save_file(weights, path, metadata={"format": "pt"})


LACKED = "encoder.layer.1.output.dense.weight"
SPOILED: dict[str, tuple[Callable[[Path], None], str]] = {
    "no model": (lambda folder: (folder / "config.json").unlink(), "not a model"),
    "only pickled weights": (only_pickled, "only pickled weights"),
    "code that comes with it": (code, "cannot be loaded"),
    "deep brackets": (lambda folder: (folder / "config.json").write_text("[" * 100_000), "cannot be loaded"),
    "a weight lacked": (lacking, rf"1 weights missing .*{re.escape(LACKED)}"),
    "empty": (lambda folder: os.truncate(folder / "model.safetensors", 0), "cannot be loaded"),
    "cut short": (lambda folder: os.truncate(folder / "model.safetensors", 40_000), "cannot be loaded"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_spoiled_model_is_refused_in_one_line(folder, what):
    spoil, message = SPOILED[what]
    spoil(folder)
    with pytest.raises(BadInput, match=message) as refused:
        load(folder)
    assert "\n" not in str(refused.value)


def test_control_has_the_architecture_and_tokenizer_but_no_weight(tiny_model, folder, tmp_path):
    (folder / "model.safetensors").unlink()
    before = torch.random.get_rng_state()
    for name, like, seed in (("a", tiny_model, 0), ("b", folder, 0), ("c", tiny_model, 1)):
        initialize(like=like, seed=seed, out=tmp_path / name)
    assert torch.equal(torch.random.get_rng_state(), before)
    (folder / "config.json").write_text("{")
    with pytest.raises(BadInput, match=r"config.json cannot be read"):
        initialize(like=folder, seed=0, out=tmp_path / "d")
    digests = [file_digest(tmp_path / name / "model.safetensors") for name in "abc"]
    assert digests[0] == digests[1] != digests[2], "the weights of the other model are never read"
    trained, control = load(tiny_model), load(tmp_path / "a")
    assert control.tokenizer("Q: the A win?") == trained.tokenizer("Q: the A win?")
    shapes = {name: value.shape for name, value in trained.network.state_dict().items()}
    drawn = control.network.state_dict()
    assert {name: value.shape for name, value in drawn.items()} == shapes
    for name, value in trained.network.state_dict().items():
        if value.dim() == 2:
            assert not torch.isclose(value, drawn[name]).all()


def test_of_a_model_of_text_and_pictures_the_text_is_read(tmp_path, tiny_causal):
    """Qwen3.5 comes as such a model: with or without its head, the decoder of text alone is loaded."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        whole = qwen(500)
    whole.save_pretrained(tmp_path / "model")
    for path in tiny_causal["qwen3", True].glob("tokenizer*"):
        shutil.copyfile(path, tmp_path / "model" / path.name)
    wanted = whole.model.language_model.state_dict()
    causal, frozen = (load(tmp_path / "model", causal=head) for head in (True, False))
    for network in (causal.network.get_decoder(), frozen.network):
        found = network.state_dict()
        assert set(found) == set(wanted)
        assert all(torch.equal(found[name], value) for name, value in wanted.items())
    assert causal.longest_prompt == frozen.longest_prompt == 256
    check_head(causal.network)
    assert not can_pack(causal.network), "its linear attention keeps a state, not keys"
    texts = prompts(sample("fake", 3, 0))
    (asked,) = [tokenize(causal.tokenizer, texts, 256)]
    batched = hidden_states(causal.network, [asked], 100)[0]
    with torch.inference_mode():
        for row, query in zip(batched, asked.queries, strict=True):
            ids = torch.tensor([asked.prefix + query])
            torch.testing.assert_close(row, frozen.network(input_ids=ids).last_hidden_state[0, -1])


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
    for part in ("header", "kv_data", "tensors"):
        getattr(writer, f"write_{part}_to_file")()
    writer.close()
    return folder, weights


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


CHANGED = {
    "magic": lambda whole: b"GGML" + whole[4:],
    "counts": lambda whole: whole[:8] + struct.pack("<QQ", 1 << 40, 1 << 40) + whole[24:],
    "name": lambda whole: whole[:24] + struct.pack("<Q", 1 << 62) + whole[32:],
}


@pytest.mark.parametrize("fault", [0, 6, 3000, -1, *CHANGED])
def test_a_file_cut_short_or_damaged_is_one_line(tmp_path, tiny_gguf, fault):
    whole = (tiny_gguf[0] / "model.gguf").read_bytes()
    spoiled = whole[:fault] if isinstance(fault, int) else CHANGED[fault](whole)
    with pytest.raises(BadInput, match=r"missing; allowed: a folder with model\.gguf"):
        dequantize(quantized=tmp_path, out=tmp_path / "out")
    (tmp_path / "model.gguf").write_bytes(spoiled)
    with pytest.raises(BadInput, match="allowed: a whole GGUF file") as error:
        dequantize(quantized=tmp_path, out=tmp_path / "out")
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()
