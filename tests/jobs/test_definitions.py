"""What a stage depends on: the files that Python imports for it, and exactly the definitions it reaches."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from memgen.jobs import closure
from memgen.jobs.definitions import Package

MODULES = sorted(
    closure.module_of(path)
    for path in (closure.ROOT / "memgen").rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)
# One interpreter loads the heavy packages once; each module is then imported in a fork of it.
PROGRAM = """
import importlib, json, multiprocessing, sys
import matplotlib.figure, numba, numpy, polars, scipy.stats, torch, transformers
def loaded(module):
    importlib.import_module(module)
    ours = [part for name, part in sys.modules.items() if name.split(".")[0] == "memgen"]
    return [part.__file__ for part in ours if part.__file__]
with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
    print(json.dumps(pool.map(loaded, sys.argv[1:], chunksize=1)))
"""


@pytest.mark.full
def test_the_closure_holds_everything_that_an_import_loads():
    answer = subprocess.check_output(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, *MODULES],
        env={**os.environ, "PYTHONPATH": str(closure.ROOT), "OMP_NUM_THREADS": "1"},
    )
    for module, files in zip(MODULES, json.loads(answer), strict=True):
        assert {closure.module_file(module)} <= set(map(Path, files)) <= set(closure.closure(module)), module


FILES = {
    "__init__.py": "",
    "room/__init__.py": "",
    "room/one.py": '''"""A stage."""
from __future__ import annotations
import json
import memgen.room.parts
from memgen import keep
from memgen.room.learner import fit, Learner as Base
from memgen.tables.schema import Column, RATE

STEPS = 10
"""How many steps."""
UNUSED = 1

def one(path):
    from memgen.late import answer
    rows = {"a": Column(int, "a number", nullable=True)}
    return fit(STEPS), answer, json, RATE, memgen.room.parts.PART

def unused():
    return UNUSED
''',
    "room/two.py": """from . import parts
from .sub import Ridge

def two(parts):
    return Ridge().fit([UNUSED for UNUSED in ()])

@stage
def three(name):
    return getattr(parts, name)
""",
    "room/learner.py": """from memgen.keep import kept, memo
from functools import cache

class Learner:
    def fit(self, steps):
        return self.penalty() * steps

    def penalty(self):
        return 0

@cache
def fit(steps):
    return Learner().fit(steps)

@kept
def registered():
    return 1

@cache
def plain():
    return 1
""",
    "room/sub.py": """from memgen.room.learner import Learner

class Ridge(Learner):
    def penalty(self):
        return 1
""",
    "room/parts.py": "PART = 1\nOTHER = 2\n",
    "keep.py": "KEPT = []\nmemo = {}\n\ndef kept(one):\n    KEPT.append(one)\n    return one\n",
    "late.py": "import os\nif os.name:\n    answer = 42\nmood = 1\nos.environ['A'] = 'b'\n",
    "tables/__init__.py": "",
    "tables/schema.py": "def Column(kind, description, nullable=False): ...\nRATE: float = 0.5\n",
    "jobs/__init__.py": "",
    "jobs/kernels.py": "def choose():\n    return 1\n\ndef other():\n    return 2\n",
    "../own/__init__.py": "",
    "../own/stage.py": "from memgen.room import two\nimport numpy\n",
}
STAGES = {"one": ("room.one", "one"), "two": ("room.two", "two"), "three": ("room.two", "three")}


def digests(root: Path) -> dict[str, str]:
    package = Package(root)
    return {name: package.digest(f"memgen.{module}", stage) for name, (module, stage) in STAGES.items()}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "memgen" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_closure_follows_relative_and_late_imports(package, monkeypatch):
    monkeypatch.setattr(closure, "ROOT", package)
    monkeypatch.chdir(package)
    closure.closure.cache_clear()
    found, outside = ({*closure.closure(name)} for name in ("memgen.room.one", "own.stage"))
    closure.closure.cache_clear()
    both = {"__init__", "keep", "room/__init__", "room/learner", "room/parts"}
    one = both | {"room/one", "late", "tables/__init__", "tables/schema"}
    assert found == {package / f"memgen/{name}.py" for name in one}
    two = {package / f"memgen/{name}.py" for name in both | {"room/two", "room/sub"}}
    assert outside == two | {package / "own/__init__.py", package / "own/stage.py"}


def test_an_edit_changes_the_stages_that_reach_it(package):
    before = digests(package)
    for file, old, new, changed in (
        # Prose.
        ("room/one.py", '"""How many steps."""', '"""Steps."""', ""),
        ("room/one.py", '"a number"', 'f"better {STEPS}"', ""),
        # What a stage does not use.
        ("room/one.py", "UNUSED = 1", "UNUSED = 2", ""),
        ("room/two.py", "return getattr", "return 1 + getattr", "three"),
        ("jobs/kernels.py", "return 2", "return 3", ""),
        # What it uses.
        ("room/one.py", '"a": Column(int', '"a": Column(str', "one"),
        ("tables/schema.py", "RATE: float = 0.5", "RATE: float = 0.25", "one"),
        ("late.py", "42", "43", "one"),
        ("room/sub.py", "return 1", "return 2", "two"),
        ("room/learner.py", "def penalty(self):\n        return 0", "pass", "one two"),
        ("jobs/kernels.py", "return 1", "return 3", "one two three"),
        # Imports.
        ("room/one.py", "import json\n", "import json\nimport csv\nfrom memgen.room import sub\n", ""),
        ("room/one.py", "import json\n", "import json\nimport torch\n", "one"),
        ("room/one.py", "learner import fit,", "learner import plain as fit,", "one"),
        ("room/sub.py", "from memgen.room.learner import", "from memgen.late import", "two three"),
        # Decorators of the package, and statements that bind no name.
        ("room/learner.py", "registered():\n    return 1", "registered():\n    return 2", "one two three"),
        ("keep.py", "memo = {}", "memo = {}\nmemo[1] = 2", "one two three"),
        ("late.py", "'b'", "'c'", "one"),
        # A module that is passed on counts whole; one whose name an argument hides does not count.
        ("room/parts.py", "OTHER = 2", "OTHER = 3", "three"),
        ("room/parts.py", "PART = 1", "PART = 2", "one three"),
    ):
        path = package / "memgen" / file
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
        after = digests(package)
        assert [name for name in STAGES if before[name] != after[name]] == changed.split(), (file, new)
        path.write_text(text)


@pytest.mark.parametrize("word", ["globals()['PART']", "eval('PART')"])
def test_all_of_a_module_counts_where_names_are_computed(package, word):
    path = package / "memgen/room/one.py"
    path.write_text(path.read_text().replace("return fit(STEPS),", f"return fit(STEPS), {word},"))
    before = digests(package)
    path.write_text(path.read_text().replace("UNUSED = 1", "UNUSED = 2"))
    assert [name for name in STAGES if before[name] != digests(package)[name]] == ["one"]
    with pytest.raises(ModuleNotFoundError, match=r"memgen\.nowhere"):
        Package(package).digest("memgen.nowhere")
