"""Models of a hub: from a cache laid out as the hub's, offline, safetensors only."""

import shutil
from pathlib import Path

import pytest

from memgen.engine.causal import check_head
from memgen.engine.loading import load
from memgen.errors import BadInput
from memgen.jobs.digests import file_digest, files_of
from memgen.language.stages.fetch import snapshot

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def put(cache: Path, model: Path) -> Path:
    folder = cache / "models--someone--tiny/snapshots" / REVISION
    shutil.copytree(model, folder)
    (folder / "modeling_evil.py").write_text("raise SystemExit('ran')")
    (folder / "pytorch_model.bin").write_bytes(b"pickled")
    return folder


@pytest.mark.parametrize(("kind", "tied"), [("llama", False), ("qwen3", True)])
def test_cached_model_is_taken_without_code_or_pickles(cache, tiny_causal, tmp_path, kind, tied):
    put(cache, tiny_causal[kind, tied])
    snapshot(repository="someone/tiny", revision=REVISION, out=tmp_path / "model")
    assert {Path(name).suffix for name in files_of(tmp_path / "model")} <= {".json", ".safetensors", ".txt"}
    both = (folder / "model.safetensors" for folder in (tmp_path / "model", tiny_causal[kind, tied]))
    assert len(set(map(file_digest, both))) == 1
    model = load(tmp_path / "model", causal=True)
    check_head(model.network)
    shared = model.network.get_output_embeddings().weight is model.network.get_input_embeddings().weight
    assert shared == tied


def test_absent_model_says_how_to_fetch_it(cache, tmp_path):
    with pytest.raises(BadInput) as error:
        snapshot(repository="someone/absent", revision=REVISION, out=tmp_path / "model")
    text = str(error.value)
    assert f"hf download someone/absent --revision {REVISION} --include '*.safetensors'" in text
    assert "\n" not in text and "the network is off" in text
    assert not (tmp_path / "model").exists()


def test_only_pickled_weights_are_refused(cache, tiny_causal, tmp_path):
    folder = put(cache, tiny_causal["llama", False])
    (folder / "model.safetensors").unlink()
    with pytest.raises(BadInput, match="no safetensors"):
        snapshot(repository="someone/tiny", revision=REVISION, out=tmp_path / "model")
