"""Loading: offline, safetensors only, complete; and the untrained control."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from memgen.errors import BadInput
from memgen.language.download import sha256
from memgen.language.models import initialize, load


def test_loading_gives_the_saved_weights_in_the_asked_precision(tiny_model: Path) -> None:
    from safetensors.torch import load_file

    saved = load_file(tiny_model / "model.safetensors")
    for dtype in ("float32", "float64"):
        network = load(tiny_model, dtype).network
        assert not network.training
        state = network.state_dict()
        for name, value in saved.items():
            assert state[name].dtype == getattr(torch, dtype)
            assert torch.equal(state[name].float(), value)


def copy(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "copy"))


def test_only_pickled_weights_are_refused_unread(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy(tiny_model, tmp_path)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"not even a pickle")
    with pytest.raises(BadInput, match="only pickled weights"):
        load(folder)


def test_missing_weights_are_refused_not_drawn_at_random(tiny_model: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = copy(tiny_model, tmp_path)
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadInput, match=r"1 weights missing .*encoder\.layer\.1\.output\.dense\.weight"):
        load(folder)


def test_code_that_comes_with_a_model_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy(tiny_model, tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "other", "auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.M"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    with pytest.raises(BadInput, match="cannot be loaded"):
        load(folder)


def test_other_bad_input_is_refused_in_one_line(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a model"):
        load(tmp_path)
    with pytest.raises(BadInput, match="allowed: float32"):
        load(tiny_model, "int4")
    if not torch.cuda.is_available():
        with pytest.raises(BadInput, match="no GPU"):
            load(tiny_model, device="cuda")


def test_control_has_the_architecture_and_tokenizer_but_no_weight(tiny_model: Path, tmp_path: Path) -> None:
    before = torch.random.get_rng_state()
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        initialize(like=tiny_model, seed=seed, out=tmp_path / name)
    assert torch.equal(torch.random.get_rng_state(), before)
    digests = [sha256(tmp_path / name / "model.safetensors") for name in "abc"]
    assert digests[0] == digests[1] != digests[2]
    trained, control = load(tiny_model), load(tmp_path / "a")
    assert control.tokenizer("Q: the A win?") == trained.tokenizer("Q: the A win?")
    shapes = {name: value.shape for name, value in trained.network.state_dict().items()}
    drawn = control.network.state_dict()
    assert {name: value.shape for name, value in drawn.items()} == shapes
    for name, value in trained.network.state_dict().items():
        if value.dim() == 2:
            assert not torch.isclose(value, drawn[name]).all()


def test_control_never_reads_the_weights(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy(tiny_model, tmp_path)
    (folder / "model.safetensors").unlink()
    initialize(like=folder, seed=0, out=tmp_path / "a")
    initialize(like=tiny_model, seed=0, out=tmp_path / "b")
    assert sha256(tmp_path / "a" / "model.safetensors") == sha256(tmp_path / "b" / "model.safetensors")
