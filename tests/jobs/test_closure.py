"""The import closure against what Python really imports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from memgen.jobs import closure

MODULES = sorted(
    ".".join(path.relative_to(closure.ROOT).with_suffix("").parts)
    for path in (closure.ROOT / "memgen").rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)


# One interpreter loads the heavy packages once; each module is then imported in a fork of it.
PROGRAM = """
import json, os, sys
import matplotlib.figure, numba, numpy, polars, scipy.stats, torch, transformers
found = {}
for module in sys.argv[1:]:
    back, out = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(back)
        try:
            __import__(module)
            ours = [part for name, part in sys.modules.items() if name.split(".")[0] == "memgen"]
            files = [part.__file__ for part in ours if part.__file__]
        except BaseException as error:
            files = [f"{type(error).__name__}: {error}"]
        with os.fdopen(out, "w") as stream:
            json.dump(files, stream)
        os._exit(0)
    os.close(out)
    with os.fdopen(back) as stream:
        found[module] = json.load(stream)
    os.waitpid(child, 0)
print(json.dumps(found))
"""


@pytest.mark.full
def test_holds_everything_that_an_import_loads():
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, *MODULES],
        env={
            "PYTHONPATH": str(closure.ROOT),
            "PATH": "/usr/bin:/bin",
            "HOME": "/tmp",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name: {Path(file) for file in files} for name, files in json.loads(answer.stdout).items()}
    assert set(loaded) == set(MODULES)
    for module, files in loaded.items():
        assert closure.module_file(module) in files, files
        assert files <= set(closure.closure(module)), module


def test_follows_relative_and_late_imports(tmp_path, monkeypatch):
    room = tmp_path / "memgen" / "room"
    room.mkdir(parents=True)
    for folder in (tmp_path / "memgen", room):
        (folder / "__init__.py").write_text("")
    (room / "a.py").write_text("from . import b\ndef f():\n    import memgen.room.c\n")
    (room / "b.py").write_text("from ..top import name\n")
    (room / "c.py").write_text("import numpy\nfrom .a import f\n")
    (tmp_path / "memgen/top.py").write_text("name = 1\n")
    (room / "unused.py").write_text("")
    monkeypatch.setattr(closure, "ROOT", tmp_path)
    own = tmp_path / "own"
    own.mkdir()
    (own / "__init__.py").write_text("")
    (own / "d.py").write_text("from memgen.top import name\nimport numpy\n")
    monkeypatch.chdir(tmp_path)
    closure.closure.cache_clear()
    found = {path.relative_to(tmp_path).as_posix() for path in closure.closure("memgen.room.a")}
    outside = {path.relative_to(tmp_path).as_posix() for path in closure.closure("own.d")}
    closure.closure.cache_clear()
    assert outside == {"own/__init__.py", "own/d.py", "memgen/__init__.py", "memgen/top.py"}
    assert found == {
        "memgen/__init__.py",
        "memgen/room/__init__.py",
        "memgen/room/a.py",
        "memgen/room/b.py",
        "memgen/room/c.py",
        "memgen/top.py",
    }
