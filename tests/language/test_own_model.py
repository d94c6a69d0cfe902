"""A model of one's own: taken from its folder, recorded file by file, and refused in one line."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from memgen.configuration.layers import load
from memgen.engine.loading import load as load_model
from memgen.errors import BadInput
from memgen.jobs.digests import file_digest, files_of
from memgen.language.settings import is_causal
from memgen.language.stages.fetch import adopt
from memgen.language.work import billions
from repository import ROOT, called

FETCHED = Path("results/language/models/mine")
RECORD = Path("results/provenance/jobs/language_adopt/model=mine.json")


@pytest.fixture
def own(tiny_causal, tmp_path: Path) -> Path:
    """A folder with a model, code, pickled weights and a checkpoint, its name with a blank."""
    folder = tmp_path / "my model"
    shutil.copytree(tiny_causal["llama", False], folder)
    (folder / "modeling_evil.py").write_text("raise SystemExit('ran')")
    (folder / "pytorch_model.bin").write_bytes(b"pickled")
    (folder / "checkpoint-1").mkdir()
    return folder


def overlay(folder: Path, named: object, **more: object) -> Path:
    path = folder / "overlay.yaml"
    models = {"mine": {"source": "folder", "folder": str(named), **more}}
    path.write_text(yaml.safe_dump({"language": {"models": models}}))
    return path


def configured(path: Path) -> dict:
    return load([ROOT / "config.yaml", path])


def snakemake(folder: Path, *arguments: str) -> str:
    options = ("--cores", "1", "--configfile", "overlay.yaml", *arguments)
    done = called("snakemake", *options, "--", str(FETCHED), folder=folder, package=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_it_is_copied_and_recorded_and_an_edit_takes_it_anew(own, repository):
    overlay(repository, "models/my model")
    original = shutil.copytree(own, repository / "models/my model") / "model.safetensors"
    snakemake(repository)
    taken = files_of(repository / FETCHED)
    assert {Path(name).suffix for name in taken} <= {".json", ".safetensors", ".txt"}
    assert load_model(repository / FETCHED, causal=True).causal
    recorded = json.loads((repository / RECORD).read_bytes())["recipe"]["inputs"]["files"]
    assert {"path": "models/my model/model.safetensors", "sha256": file_digest(original)} in recorded
    assert [Path(part["path"]).name for part in recorded] == list(taken)
    assert "Nothing to be done" in snakemake(repository, "--dry-run")
    content = bytearray(original.read_bytes())
    content[-1] ^= 1
    original.write_bytes(content)
    assert taken["model.safetensors"].read_bytes() != content, "what was taken is no link to it"
    planned = snakemake(repository, "--dry-run")
    assert "language_adopt" in planned and "Nothing to be done" not in planned


def test_the_configuration_says_whether_it_has_a_language_head(own, tiny_model, tmp_path):
    config = configured(overlay(tmp_path, own))
    models = {**config["language"]["models"], "like": {"source": "random", "like": "mine", "seed": 0}}
    assert is_causal(models, "mine") and is_causal(models, "like")
    assert billions(config, "mine") == 1
    encoder = configured(overlay(tmp_path, tiny_model, parameters=7))
    assert not is_causal(encoder["language"]["models"], "mine")
    assert billions(encoder, "mine") == 0.007


BROKEN = {
    "no such folder; allowed: a folder with a model": shutil.rmtree,
    "no config.json; allowed: a folder as save_pretrained writes it": lambda own: (
        own / "config.json"
    ).unlink(),
    "only pickled weights (pytorch_model.bin)": lambda own: (own / "model.safetensors").unlink(),
    "no tokenizer; allowed: one of tokenizer.json": lambda own: (own / "tokenizer.json").unlink(),
    "is a folder; allowed: a file": lambda own: (own / "added.json").mkdir(),
    "config.json: not the configuration of a model": lambda own: (own / "config.json").write_text("["),
}


@pytest.mark.parametrize("message", BROKEN)
def test_what_is_no_model_is_refused_in_one_line(own, tmp_path, message):
    BROKEN[message](own)
    with pytest.raises(BadInput) as error:
        configured(overlay(tmp_path, own))
    text = str(error.value)
    assert f"language.models.mine.folder: {own}" in text and message in text and "\n" not in text


def test_by_hand_it_takes_the_files_of_one_model_only(own, tmp_path):
    files = [*sorted(own.glob("*.json")), own / "model.safetensors"]
    for given, message in (
        ([*files, own / "pytorch_model.bin"], "not a file of a model; allowed: .safetensors"),
        ([*files, Path(shutil.copy(own / "config.json", tmp_path))], "two files have one name"),
        (files[:-1], "--files: no weights; allowed weights: .safetensors"),
    ):
        with pytest.raises(BadInput, match=message):
            adopt(files=given, out=tmp_path / "out")
        assert not (tmp_path / "out").exists()
