"""What provenance writes appears whole or not at all, and in the place of nothing that is not its own."""

import errno
import os

import pytest

from memgen.errors import BadInput
from memgen.jobs.whole_file import whole_file


def test_a_file_takes_the_place_of_the_one_before(tmp_path):
    path = tmp_path / "lock"
    path.write_text("before")
    with whole_file(path) as beside:
        beside.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after" and [*tmp_path.iterdir()] == [path]


def test_a_full_disk_leaves_what_was_there(tmp_path):
    path = tmp_path / "lock"
    path.write_text("before")
    message = r"lock: cannot be written \(No space left on device\)$"
    with pytest.raises(BadInput, match=message), whole_file(path) as beside:
        beside.write_text("aft")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert path.read_text() == "before" and [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("place", ["none/lock", "file/lock"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="cannot be written"), whole_file(tmp_path / place) as beside:
        beside.write_text("x")
