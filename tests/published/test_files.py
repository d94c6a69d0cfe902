"""The versions table, and which files a folder holds."""

import os

import pytest

from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.published.files import held_by, read_versions

HEADER = "file,sha256,url\n"
SHA = "0" * 64


def test_the_digests_are_those_of_the_reference_data(shared):
    found = held_by(shared / "published", read_versions())
    assert found and all(file_digest(shared / "published" / row.file) == row.sha256 for row in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,sha256\n", "columns are"),
        (f"{HEADER}../x__fake.parquet,{SHA},http://a\n", "file '../x__fake.parquet'"),
        (f"{HEADER}ti/x__fake.parquet,abc,http://a\n", "sha256 'abc'"),
        (f"{HEADER}ti/x__fake.parquet,{SHA},file:///etc/passwd\n", "url 'file:///etc/passwd'"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, text, message):
    path = tmp_path / "versions.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        read_versions(path)


def test_any_subset_is_taken_and_nothing_else(tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        held_by(tmp_path / "nothing", read_versions())
    with pytest.raises(BadInput, match="holds no published file"):
        held_by(tmp_path, read_versions())
    for file in ("exception/exc_mid_n9__real.parquet", "ti/ti_n9__poker.parquet"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"x")
    (tmp_path / "ti" / "notes.txt").write_text("not a parquet file")
    found = held_by(tmp_path, read_versions())
    assert [row.file for row in found] == ["ti/ti_n9__poker.parquet", "exception/exc_mid_n9__real.parquet"]
    (tmp_path / "ti" / "ti_n10__fake.parquet").write_bytes(b"x")
    with pytest.raises(BadInput, match=r"ti_n10__fake\.parquet: not a published file"):
        held_by(tmp_path, read_versions())


@pytest.mark.parametrize(
    ("put", "message"),
    [(lambda path: path.symlink_to(path.name), "is a loop of links"), (os.mkfifo, "is not a regular file")],
)
def test_what_is_no_file_is_refused_unopened(tmp_path, put, message):
    path = tmp_path / "ti/ti_n9__fake.parquet"
    path.parent.mkdir()
    put(path)
    with pytest.raises(BadInput, match=f"ti_n9__fake.parquet: {message}; allowed: a file that can be read$"):
        held_by(tmp_path, read_versions())
