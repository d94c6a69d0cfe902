"""The house: one stage a file, rooms that use only what stands below them, closures without prose."""

import ast
import re
from pathlib import Path

import pytest

from memgen.jobs import closure
from repository import ROOT

PACKAGE = closure.ROOT / "memgen"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
#: Stages whose numbers take long: better words anywhere must not run them again.
EXPENSIVE = [
    *(f"language.stages.{name}" for name in ("pretrain", "features", "probe", "finetune")),
    *(f"longtail.stages.{name}" for name in ("classify", "memorize")),
    *(f"irrelevant.stages.{name}" for name in ("attack", "complete", "extract")),
    "relational.stages.finite_width",
]


def module(path: Path) -> str:
    return ".".join(path.relative_to(closure.ROOT).with_suffix("").parts)


def marked(path: Path) -> list[str]:
    """Names of the stages and commands that a file defines."""
    return [
        node.name
        for node in closure.syntax_tree(path).body
        if isinstance(node, ast.FunctionDef)
        and any(
            isinstance(mark, ast.Name) and mark.id in ("stage", "figure", "command")
            for mark in node.decorator_list
        )
    ]


def imported(path: Path) -> set[Path]:
    """First-party files that a file imports itself."""
    names = closure._imported_names(module(path), path)
    files = {closure.module_file(name) for name in names if name.split(".")[0] == "memgen"}
    return {file for file in files if file is not None and file.name != "__init__.py"} - {path}


def test_a_file_with_a_stage_bears_its_name_and_nothing_imports_it() -> None:
    stages = {path: names for path in FILES if (names := marked(path))}
    assert len(stages) > 80
    assert {path: names for path, names in stages.items() if names != [path.stem]} == {}
    assert {path: file for path in FILES for file in imported(path) & set(stages)} == {}


def test_stages_stand_in_their_folders_and_no_folder_is_crowded() -> None:
    for path in FILES:
        drawn = path.is_relative_to(PACKAGE / "figures")
        if marked(path) and not drawn:
            assert path.parent.name == "stages", path
        assert path.parent.name != "stages" or marked(path), path
    for folder in {path.parent for path in FILES}:
        assert len([path for path in FILES if path.parent == folder]) <= 25, folder


def rooms() -> dict[str, tuple[set[str], str]]:
    """Room -> what it may use, from the map in docs/how-it-is-built.md."""
    text = (ROOT / "docs/how-it-is-built.md").read_text()
    rows = re.findall(r"^\| `([\w./]+)` \|([^|]*)\|([^|]*)\|$", text, re.MULTILINE)
    return {room: (set(re.findall(r"`([\w./*]+)`", uses)), holds) for room, uses, holds in rows}


def room_of(path: Path, known: dict[str, tuple[set[str], str]]) -> str:
    folder = path.relative_to(PACKAGE).parent.as_posix()
    folder = folder.removesuffix("/stages") if folder != "stages" else "."
    while folder not in known:
        assert "/" in folder, f"{path}: no room of the map"
        folder = folder.rpartition("/")[0]
    return folder


def test_the_map_names_every_room_and_imports_follow_it() -> None:
    known = rooms()
    assert {room_of(path, known) for path in FILES} == set(known)
    for path in FILES:
        room = room_of(path, known)
        uses = known[room][0]
        for file in imported(path):
            other = room_of(file, known)
            if other in (room, "."):
                continue
            single = f"{other}/{file.stem}"
            anywhere = {use.removeprefix("*/") for use in uses if use.startswith("*/")}
            assert other in uses or single in uses or file.stem in anywhere, f"{path} imports {file}"


@pytest.mark.parametrize("stage", EXPENSIVE)
def test_no_prose_is_in_the_closure_of_an_expensive_stage(stage: str) -> None:
    names = {path.name for path in closure.closure(f"memgen.{stage}")}
    assert names.isdisjoint({"claims.py", "style.py", "settings.py"})
    written = {path for path in closure.closure(f"memgen.{stage}") if path.name == "tables.py"}
    assert written <= {PACKAGE / "tables.py"}


def test_no_study_imports_snakemake() -> None:
    for path in FILES:
        names = {name.split(".")[0] for name in closure._imported_names(module(path), path)}
        assert "snakemake" not in names, path
