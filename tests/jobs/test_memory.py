"""Memory that is left, by what the system's files say, and the refusal of more."""

from pathlib import Path

import pytest

from memgen.errors import BadInput
from memgen.jobs import memory

GIB = 1 << 30


def write(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


def test_what_the_machine_has_free_and_the_limit_of_a_group_above(tmp_path):
    """Of either version of control groups."""
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    assert memory.available_memory(proc, groups) is None
    write(proc, meminfo=f"MemTotal: {16 << 20} kB\nMemAvailable: {8 << 20} kB")
    assert memory.available_memory(proc, groups) == 8 * GIB
    write(proc / "self", cgroup="0::/batch/job")
    write(groups / "batch", memory__max=4 * GIB, memory__current=3 * GIB, memory__stat=f"inactive_file {GIB}")
    write(groups / "batch/job", memory__max="max", memory__current=GIB)
    assert memory.available_memory(proc, groups) == 2 * GIB
    write(proc / "self", cgroup="4:memory:/job\n3:cpuset:/")
    write(groups / "memory/job", memory__limit_in_bytes=4 * GIB, memory__usage_in_bytes=3 * GIB)
    assert memory.available_memory(proc, groups) == GIB


def test_refusal_says_both_sizes(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 3 * GIB)
    memory.refuse_beyond_memory(3 * GIB, "--n 9")
    message = "--n 90: would take about 4.5 TiB of memory, and 3 GiB are free"
    with pytest.raises(BadInput, match=f"^{message}$"):
        memory.refuse_beyond_memory(4.5 * 1024 * GIB, "--n 90")
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    memory.refuse_beyond_memory(float("inf"), "--n 90")
