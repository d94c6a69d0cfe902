"""The package as a person installs it: what it declares, what it offers, and what it loads."""

import importlib
import importlib.metadata
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

import memgen
from memgen import __main__ as cli
from repository import ROOT, ran

#: The calculators that the help names, and some more.
CALCULATORS = [
    *re.findall(r"^  memgen ((?:relational|longtail|irrelevant) .*?)  ", cli.HELP, re.MULTILINE),
    "relational memorization --n 9 --exception 5:3 --alpha 0.3",
    "relational mechanism --n 9 --exception 5:3 --alpha 0.3",
    "relational phase --n 9 --exception 5:3 --alpha 0.3",
    "irrelevant symbol-error --references 5 --samples 9 --dimension 9 --noise 0.1",
]
#: Packages that a calculator needs not, and that take long to load.
HEAVY = {"polars", "numba", "pydantic", "jsonschema", "yaml", "matplotlib", "torch", "snakemake"}
LOADED = """
import sys
from memgen.__main__ import main
for call in sys.argv[1:]:
    sys.argv[1:] = call.split()
    try:
        main()
    except SystemExit as end:
        assert not end.code, call
print("loaded", *sys.modules)
"""


def python(*arguments: str, path: Path = ROOT / "workflow") -> str:
    """What a program prints, with the modules in a folder and, where `-S` is not given, what is installed."""
    variables = {"PYTHONPATH": str(path), "PATH": "/usr/bin:/bin"}
    return subprocess.check_output([sys.executable, "-B", *arguments], env=variables, cwd="/", text=True)


def test_every_name_that_is_offered_is_the_one_of_its_module():
    assert set(memgen.__all__) <= set(dir(memgen))
    for name in memgen.__all__:
        offered = getattr(memgen, name)
        assert getattr(importlib.import_module(offered.__module__), name) is offered
    with pytest.raises(AttributeError, match="nothing"):
        _ = memgen.nothing


def test_exceptions_are_pairs_or_texts():
    pairs = [(5, 3), (8, 6)]
    for function in (memgen.ranks, memgen.dual_weights, memgen.memorization_scores):
        for given in (["5:3", (8, 6)], "5:3 8:6"):
            assert np.array_equal(function(9, given, alpha=0.3), function(9, pairs, alpha=0.3))
    assert memgen.critical(9, ["5:3"]) == memgen.critical(9, [(5, 3)])
    with pytest.raises(memgen.BadInput, match="WINNER:LOSER"):
        memgen.ranks([9, 11], ["5-3"])


def test_the_package_loads_nothing_and_a_calculator_little():
    alone = python("-c", "import memgen, sys; print(*sys.modules)").split()
    assert {name for name in alone if name.startswith("memgen")} == {"memgen"} and "numpy" not in alone
    told = python("-c", LOADED, "--help").splitlines()[-1].split()
    assert {"numpy", "cyclopts", *HEAVY}.isdisjoint(told)
    *printed, loaded = python("-c", LOADED, *CALCULATORS).splitlines()
    assert len(printed) >= len(CALCULATORS) >= 10 and HEAVY.isdisjoint(loaded.split())


def test_a_wheel_brings_its_data_and_declares_what_the_calculators_need(repository, tmp_path):
    wheel = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir"]
    subprocess.run([sys.executable, "-m", "pip", *wheel, tmp_path, repository], check=True)
    path = tmp_path / "installed"
    (archive,) = tmp_path.glob("memgen-*.whl")
    zipfile.ZipFile(archive).extractall(path)
    package = repository / "workflow/memgen"
    files = {file.relative_to(package) for file in package.rglob("*") if file.is_file()}
    assert {file for file in files if not (path / "memgen" / file).is_file()} == set()
    (about,) = importlib.metadata.distributions(path=[str(path)])
    needed = [Requirement(text) for text in about.requires or []]
    study = {part.name for part in needed if part.marker and part.marker.evaluate({"extra": "study"})}
    assert {"torch", "snakemake"} <= study
    # The packages that are declared, those that they need, and no other of those that are installed here.
    while needed:
        part = needed.pop()
        if part.marker is not None and not part.marker.evaluate({"extra": ""}):
            continue
        distribution = importlib.metadata.distribution(part.name)
        tops = {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}
        new = [top for top in tops if not (path / top).exists()]
        needed += [Requirement(text) for text in distribution.requires or []] if new else []
        for top in new:
            (path / top).symlink_to(distribution.locate_file(top))
    assert python("-S", "-c", LOADED, *CALCULATORS, path=path)
    python("-S", "-c", "from memgen import *", path=path)
    status, said = ran([sys.executable, "-BS", "-m", "memgen", "doctor"], tmp_path, {"PYTHONPATH": str(path)})
    assert status == 2 and "pip install '.[study]'" in said.splitlines()[-1]
