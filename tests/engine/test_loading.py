"""Loading: offline, safetensors only, complete; and the untrained control."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from memgen.engine.causal import check_head, hidden_states
from memgen.engine.decoder import can_pack
from memgen.engine.loading import load
from memgen.engine.prompts import tokenize
from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.language.stages.weights import initialize
from toys import qwen


def test_loading_gives_the_saved_weights_in_the_asked_precision(tiny_model):
    saved = load_file(tiny_model / "model.safetensors")
    for dtype in ("float32", "float64"):
        network = load(tiny_model, dtype).network
        assert not network.training
        state = network.state_dict()
        for name, value in saved.items():
            assert state[name].dtype == getattr(torch, dtype)
            assert torch.equal(state[name].float(), value)


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


def changed(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Callable[[Path], None]:
    """Change the weights of a model."""

    def spoil(folder: Path) -> None:
        path = folder / "model.safetensors"
        save_file(change(load_file(path)), path, metadata={"format": "pt"})

    return spoil


def cut(most: int) -> Callable[[Path], None]:
    """Leave so many bytes of its weights."""
    return lambda folder: os.truncate(folder / "model.safetensors", most)


LACKED = "encoder.layer.1.output.dense.weight"
SPOILED: dict[str, tuple[Callable[[Path], None], str]] = {
    "only pickled weights": (only_pickled, "only pickled weights"),
    "code that comes with it": (code, "cannot be loaded"),
    "a weight lacked": (
        changed(lambda all_: {name: value for name, value in all_.items() if name != LACKED}),
        rf"1 weights missing .*{re.escape(LACKED)}",
    ),
    "misshapen": (
        changed(lambda all_: {name: value[:1].contiguous() for name, value in all_.items()}),
        "cannot be loaded",
    ),
    "empty": (cut(0), "cannot be loaded"),
    "cut in its header": (cut(20), "cannot be loaded"),
    "cut in its weights": (cut(40_000), "cannot be loaded"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_spoiled_model_is_refused_in_one_line(folder, what):
    spoil, message = SPOILED[what]
    spoil(folder)
    with pytest.raises(BadInput, match=message) as refused:
        load(folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "[" * 100_000, '{"model_type": "llama", "hidden_size": "x"}'])
def test_broken_configuration_is_refused_in_one_line(folder, tmp_path, text):
    (folder / "config.json").write_text(text)
    with pytest.raises(BadInput) as refused:
        load(folder)
    with pytest.raises(BadInput, match=r"config.json cannot be read") as like:
        initialize(like=folder, seed=0, out=tmp_path / "out")
    assert "\n" not in str(refused.value) + str(like.value) and not (tmp_path / "out").exists()


def test_other_bad_input_is_refused_in_one_line(tiny_model, tmp_path):
    with pytest.raises(BadInput, match="not a model"):
        load(tmp_path)
    if not torch.cuda.is_available():
        with pytest.raises(BadInput, match="no GPU"):
            load(tiny_model, device="cuda")


def test_control_has_the_architecture_and_tokenizer_but_no_weight(tiny_model, folder, tmp_path):
    (folder / "model.safetensors").unlink()
    before = torch.random.get_rng_state()
    for name, like, seed in (("a", tiny_model, 0), ("b", folder, 0), ("c", tiny_model, 1)):
        initialize(like=like, seed=seed, out=tmp_path / name)
    assert torch.equal(torch.random.get_rng_state(), before)
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
