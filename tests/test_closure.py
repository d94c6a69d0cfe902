"""The import closure against what Python really imports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from memgen import closure
from repository import ROOT

MODULES = sorted(
    ".".join(path.relative_to(closure.ROOT).with_suffix("").parts)
    for path in (closure.ROOT / "memgen").rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)


#: Imports each module in a fork of its own, the libraries loaded once before.
PROGRAM = """
import contextlib, importlib, json, os, sys
for library in ("numpy", "scipy.special", "polars", "matplotlib.pyplot", "torch", "transformers", "peft"):
    with contextlib.suppress(ImportError):
        importlib.import_module(library)
for module in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        importlib.import_module(module)
        files = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "memgen" and m.__file__]
        print(json.dumps([module, files]), flush=True)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, module
"""


def test_holds_everything_that_an_import_loads() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, *MODULES],
        env={
            "PYTHONPATH": str(closure.ROOT),
            "PATH": "/usr/bin:/bin",
            "HOME": "/tmp",
            "OMP_NUM_THREADS": "1",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    loaded = dict(json.loads(line) for line in answer.stdout.splitlines())
    assert sorted(loaded) == MODULES
    for module, files in loaded.items():
        assert set(map(Path, files)) <= set(closure.closure(module)), module


def test_initializers_are_empty() -> None:
    assert all(not path.read_text() for path in (ROOT / "workflow/memgen").rglob("__init__.py"))


def test_follows_relative_and_late_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    closure.closure.cache_clear()
    found = {path.relative_to(tmp_path).as_posix() for path in closure.closure("memgen.room.a")}
    closure.closure.cache_clear()
    assert found == {
        "memgen/__init__.py",
        "memgen/room/__init__.py",
        "memgen/room/a.py",
        "memgen/room/b.py",
        "memgen/room/c.py",
        "memgen/top.py",
    }


def test_refuses_an_unknown_module() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"memgen\.nowhere"):
        closure.closure("memgen.nowhere")


def test_no_study_imports_snakemake_and_rooms_stay_apart() -> None:
    """The house's rule on dependencies, read off the syntax trees."""
    allowed = {
        "language": {"language", "relational/hierarchy", "relational/kernels", "relational/ranks"},
        "irrelevant": {"irrelevant", "language/models"},
    }
    shared = {"provenance"}
    for path in (closure.ROOT / "memgen").glob("*/*.py"):
        room = path.parent.name
        imported = set(closure._imported_names(f"memgen.{room}.{path.stem}", path))
        assert not {name for name in imported if name.split(".")[0] == "snakemake"}, path
        for name in imported:
            parts = name.split(".")
            file = closure.module_file(name)
            if parts[0] != "memgen" or len(parts) < 3 or file is None or parts[1] in {room, *shared}:
                continue
            if room == "figures":
                assert parts[2].endswith("tables") or parts[2] == "hierarchy", f"{path} uses {name}"
                continue
            place = f"{parts[1]}/{parts[2]}"
            permitted = allowed.get(room, {room})
            extra = {"relational/tables"} if room == "language" else set()
            assert place in permitted | extra or parts[1] in permitted, f"{path} imports {name}"
